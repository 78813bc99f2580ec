import type { Certificate } from './certificate.ts'
import type { PublicKey } from './public-key.ts'

/** What a certificate must be to be accepted. */
export interface ExpectedCertificate {
  readonly kind: 'user' | 'host'
  readonly authorities: readonly PublicKey[]
  /** One of the certificate's names must be this. A certificate without names is good for none. */
  readonly principal: string
  /** Unix seconds. */
  readonly now: number
  /** Critical options that the caller sees to itself; any other makes the certificate void. */
  readonly understood?: readonly string[]
}

/** Why a certificate is not accepted, in words that hold nothing of it; undefined where it is. */
export function certificateFault(certificate: Certificate, expected: ExpectedCertificate): string | undefined {
  if (certificate.kind !== expected.kind) return `the certificate is not one for a ${expected.kind}`
  if (!expected.authorities.some(({ blob }) => blob.equals(certificate.authority.blob))) {
    return 'the certificate is of an authority that is not trusted here'
  }
  const now = BigInt(Math.floor(expected.now))
  if (now < certificate.validAfter) return 'the certificate is not valid yet'
  if (now >= certificate.validBefore) return 'the certificate has expired'
  if (!certificate.principals.includes(expected.principal)) return 'the certificate is for another name'
  for (const name of certificate.criticalOptions.keys()) {
    if (!(expected.understood ?? []).includes(name)) return 'the certificate has a critical option that is not known here'
  }
  return undefined
}
