import type { CertificateAuthorities } from './certificate-authorities.ts'

/** How a protocol writes certificates. Pure; a protocol without certificates has none. */
export interface CertificateWriter {
  /** @returns digest of a public key, as the protocol shows it to people @throws UnusableKey */
  fingerprint(publicKey: string): string
  /** @returns the certificate in the protocol's own notation @throws UnusableKey */
  writeLogin(login: LoginCertificate, authorities: Pick<CertificateAuthorities, 'login'>): string
  publicKeys(authorities: Pick<CertificateAuthorities, 'hostKey' | 'host' | 'target'>): PublicAuthorities
}

/** A protocol's certificates with the keys of this installation. */
export interface Certification {
  fingerprint: CertificateWriter['fingerprint']
  writeLogin(login: LoginCertificate): string
  publicKeys(): PublicAuthorities
}

export function certification(writer: CertificateWriter, authorities: CertificateAuthorities): Certification {
  return {
    fingerprint: (publicKey) => writer.fingerprint(publicKey),
    writeLogin: (login) => writer.writeLogin(login, authorities),
    publicKeys: () => writer.publicKeys(authorities),
  }
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

/** As clients and targets are told to trust them: each in the protocol's own notation, one line. */
export interface PublicAuthorities {
  /** The gateway's own, for clients that know no certificates of hosts. */
  readonly hostKey: string
  /** Signs the gateway's certificate as a host. */
  readonly host: string
  /** Signs the certificates with which the gateway logs in to targets. */
  readonly target: string
}

/** A public key that gets no certificate: malformed, too weak, or of a kind that is not taken. The words are fit for its sender. */
export class UnusableKey extends Error {
  override readonly name = 'UnusableKey'
}
