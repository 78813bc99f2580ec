import { join } from 'node:path'
import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'
import { anchorList, type AnchorSettings } from './anchor-settings.ts'
import { consoleSection, type ConsoleSettings } from './console-settings.ts'
import type { Finding } from './problem.ts'
import { reviewSection, type ReviewSettings } from './review-settings.ts'
import { check, MAX_UNKNOWN_KEYS, unknownKey } from './schema-findings.ts'
import { duration, host, listenPort, port, referenceOf, words } from './value-schemas.ts'

/** The `gateway` section: what belongs to one running gateway and is no part of a policy version. */
export interface GatewaySettings {
  /** Folder for everything that the gateway keeps in files. */
  readonly dataDir: string
  readonly storage: StorageSettings
  readonly api: ListenAddress
  readonly console: ConsoleSettings
  /** Where each protocol listens, for every registered protocol. */
  readonly protocols: Readonly<Record<string, ProtocolAddress>>
  /** References to PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Reference to the master key; absent: a key file in `dataDir`, made at the first start. */
  readonly vault: { readonly masterKey?: string }
  readonly ledger: { readonly durability: 'batched' | 'strict'; readonly anchors: readonly AnchorSettings[] }
  readonly recording: RecordingPlace
  readonly reviews: ReviewSettings
  readonly limits: Limits
}

export type StorageSettings =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'postgres'
      readonly host: string
      readonly port: number
      readonly database: string
      readonly user: string
      /** Reference. */
      readonly password?: string
      readonly tls: {
        readonly mode: 'disable' | 'require' | 'verify-full'
        readonly ca?: string
        readonly serverName?: string
      }
    }

export interface RecordingPlace {
  /** Folder for sealed segments. */
  readonly directory: string
  /** What all sessions together may hold in memory until it is kept. */
  readonly memoryBytes: number
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export interface ProtocolAddress extends ListenAddress {
  /** Names and addresses by which clients reach the listener: certificates of its own vouch for these. */
  readonly names: readonly string[]
  /** The document says where: it listens even while there is no target of the protocol. */
  readonly isConfigured: boolean
}

export interface Limits {
  /** Clients at once, of each protocol. */
  readonly connections: number
  /** Longest statement that is analysed; longer ones are unknown. */
  readonly statementBytes: number
  /** From the connection to the end of the login. */
  readonly handshakeTimeoutMs: number
  /** How long a session token may be used to log in. */
  readonly tokenLifetimeMs: number
  /** How long a session may last, whatever happens in it. */
  readonly sessionLifetimeMs: number
}

const LOOPBACK = '127.0.0.1'
const API_PORT = 7400
/** A protocol listens at its targets' usual port plus this: unprivileged, and beside a server on the same machine. */
const PORT_OFFSET = 10_000
/** A certificate with more principals is taken by no client; OpenSSH's limit is 256. */
const MAX_NAMES = 100
/** Listens everywhere, and is nowhere. */
const WILDCARDS = ['0.0.0.0', '::', '*']

const tlsMode = z.enum(['disable', 'require', 'verify-full'])

const sectionSchema = z.strictObject({
  dataDir: words.default('sallyport-data'),
  storage: z
    .strictObject({
      sqlite: words.optional(),
      postgres: z.strictObject({
        host,
        port: port.default(5432),
        database: words,
        user: words,
        // The vault is kept in this very database.
        password: referenceOf('env', 'file').optional(),
        tls: z
          .strictObject({
            mode: tlsMode.default('verify-full'), ca: referenceOf('file').optional(), serverName: host.optional(),
          })
          .prefault({}),
      }).optional(),
    })
    .refine(({ sqlite, postgres }) => (sqlite === undefined) !== (postgres === undefined),
      'name either sqlite or postgres')
    .optional(),
  api: z.strictObject({ host: host.default(LOOPBACK), port: listenPort.default(API_PORT) }).prefault({}),
  console: consoleSection,
  protocols: z
    .record(z.string(), z.strictObject({ host: host.default(LOOPBACK), port: listenPort.optional(), names: z.array(host).max(MAX_NAMES, `at most ${MAX_NAMES} names`).default([]) }))
    .default({}),
  tls: z.strictObject({ cert: referenceOf('file'), key: referenceOf('file', 'env', 'vault') }).optional(),
  vault: z.strictObject({ masterKey: referenceOf('file', 'env').optional() }).prefault({}),
  ledger: z.strictObject({ durability: z.enum(['batched', 'strict']).default('batched'), anchors: anchorList }).prefault({}),
  recording: z
    .strictObject({
      directory: words.optional(),
      memoryBytes: z
        .int()
        .min(8 * 1024 * 1024, 'memoryBytes is 8388608 to 4294967296')
        .max(4 * 1024 * 1024 * 1024, 'memoryBytes is 8388608 to 4294967296')
        .default(64 * 1024 * 1024),
    })
    .prefault({}),
  reviews: reviewSection,
  limits: z
    .strictObject({
      connections: z
        .int()
        .min(1, 'connections is 1 to 100000')
        .max(100_000, 'connections is 1 to 100000')
        .default(1000),
      statementBytes: z
        .int()
        .min(1024, 'statementBytes is 1024 to 16777216')
        .max(16 * 1024 * 1024, 'statementBytes is 1024 to 16777216')
        .default(256 * 1024),
      handshakeTimeout: duration.refine((ms) => ms <= 300_000, 'at most 5m').default(10_000),
      tokenLifetime: duration.refine((ms) => ms <= 43_200_000, 'at most 12h').default(900_000),
      sessionLifetime: duration.refine((ms) => ms <= 604_800_000, 'at most 7d').default(43_200_000),
    })
    .prefault({}),
})

/** Every key of the section, for the test of the reference. */
export const sectionKeys: readonly string[] = Object.keys(sectionSchema.shape)

/** What the section needs to know of a protocol; see `ProtocolAdapter`. */
interface ListeningProtocol {
  readonly name: string
  readonly defaultPort: number
  readonly defaultListenPort?: number
  readonly encryptsItself?: boolean
}

/** Checks the section and fills in what it leaves out. */
export function gatewaySettings(
  section: unknown, adapters: readonly ListeningProtocol[], findings: Finding[],
): GatewaySettings | undefined {
  const path = ['gateway'] as const
  const read = check(sectionSchema, section ?? {}, path, findings)
  if (read === undefined) return undefined
  const protocols: Record<string, ProtocolAddress> = {}
  for (const { name, defaultPort, defaultListenPort = defaultPort + PORT_OFFSET } of adapters) {
    const address = read.protocols[name]
    const listens = address?.host ?? LOOPBACK
    protocols[name] = { host: listens, port: address?.port ?? defaultListenPort, names: namesOf(listens, address?.names ?? []), isConfigured: address !== undefined }
  }
  const names = adapters.map(({ name }) => name)
  const unknown = Object.keys(read.protocols).filter((name) => !names.includes(name)).slice(0, MAX_UNKNOWN_KEYS)
  findings.push(...unknown.map((name) => unknownKey([...path, 'protocols', name], name, names)))
  const listening = [['api'], ...adapters.filter(({ encryptsItself }) => encryptsItself !== true).map(({ name }) => ['protocols', name])]
  for (const place of listening) {
    const address = place[1] === undefined ? read.api : protocols[place[1]]
    if (address === undefined || read.tls !== undefined || isLoopback(address.host)) continue
    const message = 'beyond loopback, gateway.tls is needed: tokens would travel in the clear'
    findings.push({ path: [...path, ...place, 'host'], message })
  }
  const { dataDir, api, console, tls, vault, ledger, recording, reviews, limits } = read
  return {
    dataDir, api, console, protocols, ledger, reviews,
    storage: storageSettings(read.storage, dataDir),
    recording: { directory: recording.directory ?? join(dataDir, 'recordings'), memoryBytes: recording.memoryBytes },
    vault: vault.masterKey === undefined ? {} : { masterKey: vault.masterKey },
    ...(tls === undefined ? {} : { tls }),
    limits: {
      connections: limits.connections,
      statementBytes: limits.statementBytes,
      handshakeTimeoutMs: limits.handshakeTimeout,
      tokenLifetimeMs: limits.tokenLifetime,
      sessionLifetimeMs: limits.sessionLifetime,
    },
  }
}

function namesOf(listens: string, configured: readonly string[]): string[] {
  const own = isLoopback(listens) ? [listens, 'localhost', LOOPBACK] : [listens]
  return [...new Set([...own, ...configured])].filter((name) => !WILDCARDS.includes(name))
}

function storageSettings(storage: z.output<typeof sectionSchema>['storage'], dataDir: string): StorageSettings {
  if (storage?.postgres === undefined) return { kind: 'sqlite', path: storage?.sqlite ?? join(dataDir, 'state.db') }
  const { password, tls, ...rest } = storage.postgres
  return {
    kind: 'postgres',
    ...rest,
    ...(password === undefined ? {} : { password }),
    tls: {
      mode: tls.mode,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    },
  }
}
