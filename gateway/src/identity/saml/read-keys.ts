import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readSamlCertificate } from '../../governance/policy/saml-certificate.ts'
import type { SamlEntry } from '../../governance/policy/saml-entry.ts'
import { LoginUnavailable } from '../../governance/web-sessions.ts'

type SecretOf = (reference: string) => Promise<string>

/** An entry whose certificates are read, PEM, wherever they stood. */
export type ReadEntry = SamlEntry & { readonly certificatesAreRead: true }

/** @throws LoginUnavailable when a certificate cannot be read */
export async function readCertificates(entry: SamlEntry, secretOf: SecretOf): Promise<ReadEntry> {
  const read = async (certificate: string): Promise<string> => {
    const found = readSamlCertificate(certificate.startsWith('file:') ? await secretOf(certificate).catch(() => '') : certificate)
    if ('pem' in found) return found.pem
    throw new LoginUnavailable(`a certificate for SAML provider "${entry.name}" cannot be read`, `Have the operator check the files under saml: ${found.problem}.`)
  }
  return {
    ...entry, certificatesAreRead: true,
    certificates: await Promise.all(entry.certificates.map(read)),
    ...(entry.own === undefined ? {} : { own: { ...entry.own, certificate: await read(entry.own.certificate) } }),
  }
}

/**
 * Our private key for one provider, PEM (PKCS 8); undefined when none is configured.
 * @throws LoginUnavailable when it cannot be had, or is not the certificate's
 */
export async function readOwnKey({ name, own }: ReadEntry, secretOf: SecretOf): Promise<string | undefined> {
  if (own === undefined) return undefined
  try {
    const key = createPrivateKey(await secretOf(own.key))
    if (key.asymmetricKeyType === 'rsa' && new X509Certificate(own.certificate).checkPrivateKey(key)) return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    // The error may quote the key.
  }
  throw new LoginUnavailable(`the key for SAML provider "${name}" cannot be used`, 'Have the operator check "own": an RSA private key in PEM, and its certificate.')
}
