import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Config, type Problem, parseConfig, renderProblems, type StorageSettings } from './config/index.ts'
import { prepareFolder } from './prepare-folder.ts'
import { protocols } from './protocols.ts'
import { openStorage, type Storage, type StorageLocation } from './storage/open-storage.ts'
import { openMasterKey } from './vault/open-master-key.ts'
import { resolveSecret, type SecretSources } from './vault/resolve-secret.ts'
import { openRecordingKeys, type RecordingKeyVault } from './vault/recording-key-vault.ts'
import { openVault, type Vault } from './vault/vault.ts'

/** The configuration document is wrong; nothing was started or changed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(`the configuration document is wrong:\n${renderProblems('configuration', problems)}`)
    this.problems = problems
  }
}

/** @throws ConfigurationError */
export function readConfig(text: string): Config {
  const read = parseConfig(text, protocols)
  if ('problems' in read) throw new ConfigurationError(read.problems)
  return read.config
}

/** What a gateway keeps besides its ledger, and how it reads secrets. */
export interface State {
  readonly location: StorageLocation
  /** Tells this gateway from others that share its state, over restarts. */
  readonly gateway: string
  readonly storage: Storage
  readonly vault: Vault
  readonly recordingKeys: RecordingKeyVault
  /** Reads a reference at the moment of use. @throws SecretError */
  readonly secretOf: (reference: string) => Promise<string>
}

/**
 * Opens database and vault. Relative paths in the configuration start from the working directory.
 * @param warn told what an operator should mend
 * @param starts whether this is a gateway that starts: its sessions of before are over then
 * @throws SecretError; Error when the database cannot be opened
 */
export async function openState({ gateway }: Config, warn: (message: string) => void, starts = false): Promise<State> {
  const folder = process.cwd()
  const sources: SecretSources = { environment: process.env, folder, warn }
  const { masterKey: reference } = gateway.vault
  prepareFolder(gateway.dataDir, 'gateway.dataDir')
  const isNew = !existsSync(gatewayIdPath(gateway.dataDir))
  const masterKey = await openMasterKey({ dataDir: gateway.dataDir, isNew, folder, environment: process.env, ...(reference !== undefined && { reference }) })
  const location = await storageLocation(gateway.storage, folder, sources)
  const id = gatewayId(gateway.dataDir)
  const storage = await openStorage(location, { ...(starts && { gateway: id }), onError: (error, message) => warn(`${message}: ${error.message}`) })
  const vault = openVault({ masterKey, store: storage.vault })
  const recordingKeys = openRecordingKeys({ masterKey, store: storage.recordingKeys })
  return { location, gateway: id, storage, vault, recordingKeys, secretOf: async (reference) => (await resolveSecret(reference, { ...sources, vault })).expose() }
}

function gatewayIdPath(dataDir: string): string {
  return join(dataDir, 'gateway-id')
}

function gatewayId(dataDir: string): string {
  const path = gatewayIdPath(dataDir)
  const draft = `${path}.${randomUUID()}`
  // It has its name once it is whole: a disk that is full, or a crash, must not leave a gateway without one.
  try {
    writeFileSync(draft, randomUUID(), { flag: 'wx', mode: 0o600 })
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  const id = readFileSync(path, 'utf8')
  if (id === '') throw new Error(`${path} is empty: put the gateway's id there from a backup, or remove it, and this is another gateway from then on`)
  return id
}

async function storageLocation(settings: StorageSettings, folder: string, sources: SecretSources): Promise<StorageLocation> {
  if (settings.kind === 'sqlite') return settings
  const { host, port, database, user, tls } = settings
  // The vault is in this very database: the database's password cannot come from there.
  const password = settings.password === undefined ? undefined : (await resolveSecret(settings.password, sources)).expose()
  const ssl = tls.mode === 'disable' ? false : {
    rejectUnauthorized: tls.mode === 'verify-full',
    ...(tls.ca !== undefined && { ca: await readFile(resolve(folder, tls.ca.slice('file:'.length)), 'utf8') }),
    ...(tls.serverName !== undefined && { servername: tls.serverName }),
  }
  return { kind: 'postgres', client: { host, port, database, user, ssl, ...(password !== undefined && { password }) } }
}
