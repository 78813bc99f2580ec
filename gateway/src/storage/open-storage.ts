import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dialect, Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import type { ChangeSignals } from '../governance/review/change-signals.ts'
import { CampaignTable } from './campaign-table.ts'
import { GatewayTable } from './gateway-table.ts'
import { HoldTable } from './hold-table.ts'
import { LockTable } from './lock-table.ts'
import { IdentityUseTable } from './identity-use-table.ts'
import { LocalSignals } from './local-signals.ts'
import { LoginTransactionTable } from './login-transaction-table.ts'
import { migrations } from './migrations.ts'
import { NodeSqliteDialect } from './node-sqlite.ts'
import { PolicyVersionTable } from './policy-version-table.ts'
import { PostgresSignals, SIGNAL_CHANNEL } from './postgres-signals.ts'
import { RecordingKeyTable } from './recording-key-table.ts'
import { RetentionTable } from './retention-table.ts'
import { ReviewTable } from './review-table.ts'
import type { Schema } from './schema.ts'
import { SessionEndingTable } from './session-ending-table.ts'
import { SessionLoginTable } from './session-login-table.ts'
import { SessionTable } from './session-table.ts'
import { SessionTokenTable } from './session-token-table.ts'
import { SettingTable } from './setting-table.ts'
import { UsedAssertionTable } from './used-assertion-table.ts'
import { VaultTable } from './vault-table.ts'
import { WebSessionTable } from './web-session-table.ts'

export type StorageLocation =
  /** `path` is a file, or `:memory:`. */
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly client: pg.PoolConfig }

export interface StorageOptions {
  /** The gateway that starts, named among those that share the database; absent for whoever looks in while one runs. */
  readonly gateway?: string
  /** Told of what could not be written and does not stop a session, such as its end. */
  readonly onError?: (error: Error, message: string) => void
}

/** All state of the gateway besides the ledger. */
export interface Storage {
  readonly policyVersions: PolicyVersionTable
  readonly sessionTokens: SessionTokenTable
  readonly sessions: SessionTable
  readonly sessionEndings: SessionEndingTable
  readonly locks: LockTable
  readonly identityUse: IdentityUseTable
  readonly campaigns: CampaignTable
  readonly gateways: GatewayTable
  readonly vault: VaultTable
  readonly recordingKeys: RecordingKeyTable
  readonly retention: RetentionTable
  readonly holds: HoldTable
  readonly sessionLogins: SessionLoginTable
  readonly settings: SettingTable
  readonly reviews: ReviewTable
  readonly webSessions: WebSessionTable
  readonly loginTransactions: LoginTransactionTable
  readonly usedAssertions: UsedAssertionTable
  /** Of changes that other gateways hear of. */
  readonly signals: ChangeSignals
  /** Writes what is queued and closes the database; one that does not answer is not waited for. */
  close(): Promise<void>
}

/**
 * Opens the database, brings its tables up to date, and ends the sessions that a crash of the gateway that starts left open.
 * @throws Error when it cannot be reached, or was written by a newer version
 */
export async function openStorage(location: StorageLocation, options: StorageOptions = {}): Promise<Storage> {
  const onError = options.onError ?? (() => undefined)
  const db = new Kysely<Schema>({ dialect: dialect(location, onError) })
  try {
    // On PostgreSQL the migrator takes an advisory lock: gateways that start together migrate once.
    const { error } = await new Migrator({ db, provider: migrations }).migrateToLatest()
    if (error !== undefined) throw new Error(`the state database cannot be opened: ${reasonOf(error)}`, { cause: error })
    const sessions = new SessionTable(db, options.gateway ?? 'gateway', onError)
    if (options.gateway !== undefined) await sessions.abortLeftOpen()
    const signals = await openSignals(location, db, onError)
    const retention = new RetentionTable(db, location.kind, randomUUID(), options.gateway ?? 'gateway')
    return {
      policyVersions: new PolicyVersionTable(db),
      sessionTokens: new SessionTokenTable(db),
      sessions,
      sessionEndings: new SessionEndingTable(db, options.gateway ?? 'gateway'),
      locks: new LockTable(db),
      identityUse: new IdentityUseTable(db),
      campaigns: new CampaignTable(db, location.kind),
      gateways: new GatewayTable(db),
      vault: new VaultTable(db),
      recordingKeys: new RecordingKeyTable(db),
      retention,
      sessionLogins: new SessionLoginTable(db, options.gateway ?? 'gateway', retention),
      holds: new HoldTable(db, location.kind),
      settings: new SettingTable(db),
      reviews: new ReviewTable(db, location.kind),
      webSessions: new WebSessionTable(db),
      loginTransactions: new LoginTransactionTable(db),
      usedAssertions: new UsedAssertionTable(db),
      signals,
      async close() {
        await sessions.flush()
        if (signals instanceof PostgresSignals) await signals.close()
        await destroyed(db)
      },
    }
  } catch (error) {
    await db.destroy()
    throw error
  }
}

/** How long the end waits for what a database still has to answer. */
const CLOSE_TIMEOUT_MS = 5_000

async function destroyed(db: Kysely<Schema>): Promise<void> {
  const done = new AbortController()
  const timeUp = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: done.signal }).catch(() => undefined)
  await Promise.race([db.destroy(), timeUp])
  done.abort()
}

/** The migrator's words for tables of a newer version name a file of ours; the database's own words go to the operator as they are. */
function reasonOf(error: unknown): string {
  const words = error instanceof AggregateError ? error.errors.map(String).join('; ') : error instanceof Error ? error.message : String(error)
  return /^corrupted migrations: .* is missing$/.test(words) ? 'it was written by a newer version of Sallyport' : words
}

async function openSignals(location: StorageLocation, db: Kysely<Schema>, onError: NonNullable<StorageOptions['onError']>): Promise<ChangeSignals> {
  if (location.kind === 'sqlite') return new LocalSignals(onError)
  return PostgresSignals.open({
    client: location.client,
    async notify(payloads) {
      await sql`select pg_notify(${SIGNAL_CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`.execute(db)
    },
    onError,
  })
}

function dialect(location: StorageLocation, onError: NonNullable<StorageOptions['onError']>): Dialect {
  if (location.kind === 'sqlite') return new NodeSqliteDialect(location.path)
  // Times and counts stay far below 2^53, so that bigint columns can be numbers, as they are in SQLite.
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const pool = new pg.Pool({
    max: 10, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000, statement_timeout: 30_000, query_timeout: 30_000,
    application_name: 'sallyport', ...location.client,
    types,
  })
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => onError(error, 'a connection to the state database was lost'))
  // The same for one in use: pg tells of its loss twice, by the query that fails and by this event.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return new PostgresDialect({ pool })
}
