import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { SamlEntry } from '../../governance/policy/saml-entry.ts'
import { LoginUnavailable } from '../../governance/web-sessions.ts'

/**
 * Our private key for one provider, PEM (PKCS 8); undefined when none is configured.
 * @throws LoginUnavailable when it cannot be had, or is not the certificate's
 */
export async function ownKey(entry: SamlEntry, secretOf: (reference: string) => Promise<string>): Promise<string | undefined> {
  if (entry.own === undefined) return undefined
  try {
    const key = createPrivateKey(await secretOf(entry.own.key))
    if (key.asymmetricKeyType === 'rsa' && new X509Certificate(entry.own.certificate).checkPrivateKey(key)) return key.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch {
    // The error may quote the key.
  }
  throw new LoginUnavailable(`the key for SAML provider "${entry.name}" cannot be used`, 'Have the operator check "own": an RSA private key in PEM, and its certificate.')
}
