import { X509Certificate } from 'node:crypto'
import { readSamlCertificate } from '../../governance/policy/saml-certificate.ts'
import type { SamlEntry } from '../../governance/policy/saml-entry.ts'
import type { SamlCertificateState } from '../../governance/saml-login.ts'

/** A provider's certificates and our own for it, each as it can be read now: those in files may have changed. Never throws. */
export function certificateStates({ certificates, own }: SamlEntry, secretOf: (reference: string) => Promise<string>): Promise<readonly SamlCertificateState[]> {
  const all = [...certificates.map((text) => ({ use: 'provider' as const, text })), ...(own === undefined ? [] : [{ use: 'own' as const, text: own.certificate }])]
  return Promise.all(all.map(async ({ use, text }): Promise<SamlCertificateState> => {
    if (!text.startsWith('file:')) return { use, from: 'document', ...endOf(text) }
    const read = await secretOf(text).catch(() => undefined)
    return { use, from: text, ...(read === undefined ? { failure: 'the gateway cannot read the file' } : endOf(read)) }
  }))
}

function endOf(text: string): Pick<SamlCertificateState, 'endsAtMs' | 'failure'> {
  const read = readSamlCertificate(text)
  return 'pem' in read ? { endsAtMs: new X509Certificate(read.pem).validToDate.getTime() } : { failure: read.problem }
}
