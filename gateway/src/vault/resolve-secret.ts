import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseSecretReference } from '../governance/policy/secret-reference.ts'
import { Secret, SecretError } from './secret.ts'
import type { Vault } from './vault.ts'

export interface SecretSources {
  /** Absent while the vault's own master key is being read. */
  readonly vault?: Pick<Vault, 'reveal'>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Folder that relative paths start from: that of the configuration document. */
  readonly folder: string
  /** Told when a file can be read by others. */
  readonly warn: (message: string) => void
}

/** Beginning of the names of what the gateway makes for itself, such as its authorities. */
export const OWN_SECRETS = 'gateway.'
/** Keys and certificate chains fit many times over. */
const MAX_FILE_BYTES = 1024 * 1024

/**
 * Reads what a `vault:`, `env:` or `file:` reference names, at the moment of use.
 * @throws SecretError naming the reference
 */
export async function resolveSecret(reference: string, sources: SecretSources): Promise<Secret> {
  const parsed = parseSecretReference(reference)
  // Not repeated: it may be a secret that was written in the place of a reference.
  if (parsed === undefined) {
    throw new SecretError('not a reference to a secret: expected vault:NAME, env:NAME or file:PATH')
  }
  switch (parsed.kind) {
    case 'vault':
      if (sources.vault === undefined) throw new SecretError(`${reference} cannot be used here: the vault is not open`)
      // Whoever writes a target's entry would have them told to a server of their own.
      if (parsed.name.startsWith(OWN_SECRETS)) throw new SecretError(`${reference} is the gateway's own, and is told to nobody`)
      return sources.vault.reveal(parsed.name)
    case 'env': {
      const value = sources.environment[parsed.variable]
      if (value === undefined || value === '') {
        throw new SecretError(`the environment variable ${parsed.variable} is not set`)
      }
      return new Secret(value)
    }
    case 'file':
      return readSecretFile(resolve(sources.folder, parsed.path), sources.warn)
  }
}

async function readSecretFile(path: string, warn: (message: string) => void): Promise<Secret> {
  let text: string
  try {
    const file = await open(path, 'r')
    try {
      const status = await file.stat()
      // A pipe or a device could be waited for without end.
      if (!status.isFile()) throw new SecretError(`${path} is not a file`)
      if (status.size > MAX_FILE_BYTES) throw new SecretError(`${path} is larger than ${MAX_FILE_BYTES} bytes`)
      text = await file.readFile('utf8')
      if (process.platform !== 'win32' && (status.mode & 0o077) !== 0 && !isCertificate(text)) {
        warn(`${path} holds a secret and can be read by others; run: chmod 600 ${path}`)
      }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof SecretError) throw error
    throw new SecretError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`)
  }
  // Editors and `echo` end a file with a line break, which no password has.
  const secret = text.replace(/\r?\n$/, '')
  if (secret === '') throw new SecretError(`${path} is empty`)
  return new Secret(secret)
}

/** Certificates are given by reference too, and are public. */
function isCertificate(text: string): boolean {
  return text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY-----')
}
