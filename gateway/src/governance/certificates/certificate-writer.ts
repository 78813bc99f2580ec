import type { CertificateAuthorities } from './certificate-authorities.ts'

/** How a protocol writes certificates. Pure; a protocol without certificates has none. */
export interface CertificateWriter {
  /** @throws UnusableKey */
  writeLogin(login: LoginCertificate, authorities: Pick<CertificateAuthorities, 'login'>): WrittenCertificate
  /** The public keys as clients and targets are told to trust them. */
  publicKeys(authorities: Pick<CertificateAuthorities, 'host' | 'target'>): PublicAuthorities
}

/** A certificate by which whoever holds a private key logs in as the holder of a session token. */
export interface LoginCertificate {
  /** The public key in the protocol's own notation, as its holder sent it. */
  readonly publicKey: string
  /** Id of the session token that it stands for. */
  readonly tokenId: string
  /** Names of the targets that it opens. */
  readonly targets: readonly string[]
  /** Unix milliseconds. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

export interface WrittenCertificate {
  /** In the protocol's own notation. */
  readonly certificate: string
  /** Digest of the public key, as the protocol shows it to people. */
  readonly fingerprint: string
}

/** Each in the protocol's own notation, one line. */
export interface PublicAuthorities {
  /** Signs the gateway's certificate as a host. */
  readonly host: string
  /** Signs the certificates with which the gateway logs in to targets. */
  readonly target: string
}

/** A public key that gets no certificate: malformed, too weak, or of a kind that is not taken. The words are fit for its sender. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey'
}
