// Stub being filled in. Coming: readCertificate(blob), certificateFault(certificate, {...}), makeCertificate({...}, ca).
import type { PublicKey } from './public-key.ts'

/** An OpenSSH certificate (PROTOCOL.certkeys), its authority's signature already verified. */
export interface Certificate {
  readonly blob: Buffer
  /** Its key type, such as `ssh-ed25519-cert-v01@openssh.com`. */
  readonly algorithm: string
  readonly kind: 'user' | 'host'
  /** The certified key. */
  readonly key: PublicKey
  readonly authority: PublicKey
  readonly serial: bigint
  readonly keyId: string
  readonly principals: readonly string[]
  /** Unix seconds: valid from `validAfter` up to, not including, `validBefore`. */
  readonly validAfter: bigint
  readonly validBefore: bigint
  readonly criticalOptions: ReadonlyMap<string, string>
  readonly extensions: ReadonlyMap<string, string>
}
