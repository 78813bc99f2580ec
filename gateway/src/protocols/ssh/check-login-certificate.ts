import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import { AuthenticationError, type ProvedToken } from '../../governance/identity.ts'
import { certificateFault } from './wire/certificate-fault.ts'
import type { Certificate } from './wire/certificate.ts'
import { publicKeyOf } from './wire/public-key.ts'

const MAX_TOKEN_ID = 100

/**
 * Whether a certificate logs in here, on a target: made by this installation for a session token. What its holder may do is
 * then for the token, which may have been revoked. That they have its private key is for the caller to verify.
 *
 * No critical option is understood: this installation writes none, and what it did not write it does not take.
 *
 * @throws AuthenticationError with words fit for the client and for the record
 */
export function checkLoginCertificate(certificate: Certificate, target: string, authorities: Pick<CertificateAuthorities, 'login'>, nowMs: number): ProvedToken {
  const fault = certificateFault(certificate, { kind: 'user', authorities: [publicKeyOf(authorities.login)], principal: target, now: nowMs / 1_000 })
  if (fault !== undefined) throw new AuthenticationError(fault, RENEW)
  if (certificate.keyId === '' || certificate.keyId.length > MAX_TOKEN_ID) throw new AuthenticationError('the certificate names no session token', RENEW)
  return { tokenId: certificate.keyId }
}

const RENEW = 'Get a new one of this gateway: `sallyport ssh TARGET`, or POST /api/v1/ssh/certificates.'
