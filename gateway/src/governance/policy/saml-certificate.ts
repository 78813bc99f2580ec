import { X509Certificate } from 'node:crypto'

const MIN_RSA_BITS = 2_048

/**
 * Reads a certificate of a SAML provider: PEM, or the bare base64 of its metadata. Its dates are not looked at: it only
 * carries a key that was agreed on (SAML V2.0 Metadata Interoperability Profile 1.0 §2.6.1).
 *
 * @returns PEM, or what is wrong
 */
export function readSamlCertificate(text: string): { readonly pem: string } | { readonly problem: string } {
  const certificate = parse(text)
  if (certificate === undefined) return { problem: 'expected one certificate, PEM or base64' }
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS) return { pem: certificate.toString() }
  return { problem: `expected a certificate of an RSA key of at least ${MIN_RSA_BITS} bits` }
}

function parse(text: string): X509Certificate | undefined {
  try {
    const armoured = text.includes('-----BEGIN')
    if (armoured && text.split('-----BEGIN').length !== 2) return undefined
    return new X509Certificate(armoured ? text : Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}
