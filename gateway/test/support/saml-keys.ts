import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** An RSA key and a certificate for it, PEM. */
export interface SamlKey {
  readonly key: string
  readonly certificate: string
}

export async function makeSamlKey(bits = 2048): Promise<SamlKey> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-saml-'))
  try {
    const [keyFile, certFile] = [join(folder, 'key'), join(folder, 'crt')]
    await promisify(execFile)('openssl', [
      'req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile, '-subj', '/CN=saml.test',
    ])
    return { key: readFileSync(keyFile, 'utf8'), certificate: readFileSync(certFile, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
