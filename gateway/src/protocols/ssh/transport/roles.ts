import type { Certificate } from '../wire/certificate.ts'
import type { PrivateKey } from '../wire/private-key.ts'
import type { PublicKey } from '../wire/public-key.ts'

interface AnyRole {
  /** New keys after so many bytes in one direction; 1 GiB unless said. */
  readonly rekeyBytes?: number
}

/** The gateway as SSH server, towards its clients. */
export interface ServerRole extends AnyRole {
  readonly role: 'server'
  readonly hostKey: PrivateKey
  /** A host certificate (its blob) for `hostKey`. Offered before the bare key. */
  readonly hostCertificate?: Buffer
}

/** The gateway as SSH client, towards a target. */
export interface ClientRole extends AnyRole {
  readonly role: 'client'
  /**
   * Says whether this is the target; rejects where it is not, and nothing more is sent to it. The proof that the host
   * holds the key is checked before. Asked once, at the first key exchange: later ones must show the same key.
   */
  readonly verifyHost: (host: HostIdentity) => Promise<void>
  /**
   * Host key algorithms in order of preference, where fewer than all are of use: for a pinned key those of its type,
   * for a trusted authority those of certificates.
   */
  readonly hostKeyAlgorithms?: readonly string[]
}

/** Who a host says it is, and has proved to be: the holder of this key. */
export interface HostIdentity {
  readonly key: PublicKey
  /**
   * Given where the host showed one for its key. Its authority's signature is verified; whether the authority is
   * trusted, the kind, time and names are for `verifyHost` to judge (`certificateFault`).
   */
  readonly certificate: Certificate | undefined
}

/** What both sides agreed on in the first key exchange. */
export interface Agreement {
  /** RFC 4253 section 7.2: what user authentication by key signs. */
  readonly sessionId: Buffer
  /** The peer's identification line, without CR LF: `SSH-2.0-OpenSSH_9.2p1`. */
  readonly peerVersion: string
  readonly keyExchange: string
  readonly hostKeyAlgorithm: string
  readonly cipherIn: string
  readonly cipherOut: string
}
