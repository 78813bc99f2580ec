import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseSecretReference } from '../governance/policy/secret-reference.ts'
import { type MasterKeys, parseMasterKeys } from './master-key.ts'
import { ensureMasterKeyFile, readMasterKeyFile } from './master-key-file.ts'
import { SecretError } from './secret.ts'

export interface MasterKeyPlace {
  /** `file:PATH` or `env:NAME`; absent: `master.key` in the data folder. */
  readonly reference?: string
  readonly dataDir: string
  /** Nothing was kept here before, so one may be made there. A key that is lost must not be replaced by one that opens nothing. */
  readonly isNew: boolean
  /** Folder that a relative path in `reference` starts from. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** @throws SecretError */
export async function openMasterKey({ reference, dataDir, isNew, folder, environment }: MasterKeyPlace): Promise<MasterKeys> {
  if (reference === undefined) {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const path = join(dataDir, 'master.key')
    return isNew ? ensureMasterKeyFile(path) : readMasterKeyFile(path)
  }
  const parsed = parseSecretReference(reference)
  if (parsed?.kind === 'file') return readMasterKeyFile(resolve(folder, parsed.path))
  if (parsed?.kind === 'env') {
    const value = environment[parsed.variable]
    if (value === undefined) throw new SecretError(`the environment variable ${parsed.variable} is not set`)
    return parseMasterKeys(value, `the environment variable ${parsed.variable}`)
  }
  throw new SecretError('the master key is given as file:PATH or env:NAME')
}
