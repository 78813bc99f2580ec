import type { CatalogSummary } from '../../governance/catalog-summary.ts'
import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import type { Catalog } from '../../sql/catalog.ts'
import { protectColumns, type ProtectedColumns } from '../../sql/lineage/protected-columns.ts'
import { StatementAnalyser } from '../../sql/statement-analyser.ts'
import { CATALOG_FINGERPRINT, readCatalog } from './catalog-queries.ts'
import { DefinitionMoves } from './definition-moves.ts'
import { OwnConnection } from './own-connection.ts'
import { summariseCatalog } from './summarise-catalog.ts'
import type { Upstream } from './upstream.ts'
import type { Log } from '../protocol-adapter.ts'

const POLL_MS = 2_000
/** The keeper's connection is closed once no session has used the target for this long. */
const IDLE_MS = 60_000
const MAX_VIEWS = 64
/** Longest time until definitions that somebody has locked are asked for again. */
const MAX_RETRY_MS = 60_000

/**
 * Over what the role and the database set: a lock that somebody holds on a view must not stop every login, and a
 * connection that is idle between changes is wanted. The second is for settings that not every version has.
 */
const SESSION_SETTINGS = [
  "set lock_timeout = '200ms'; set statement_timeout = '14s'; set idle_in_transaction_session_timeout = 0",
  `select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
    where name in ('idle_session_timeout', 'transaction_timeout')`,
]

/** One target's catalog as a session with certain masks sees it. */
export interface CatalogView {
  readonly masking: boolean
  readonly analyser: StatementAnalyser
  readonly protectedColumns: ProtectedColumns
  /** False from a change through the gateway until the catalog is read again. */
  readonly isFresh: boolean
  knows(relationOid: number): boolean
  markStale(): void
  /** @throws TargetError when the catalog cannot be read */
  refresh(): Promise<void>
  readonly moves: DefinitionMoves
}

interface MaskedCatalog {
  readonly protectedColumns: ProtectedColumns
  readonly analyser: StatementAnalyser
}

/** What the keeper tells its views. */
interface ViewSource {
  catalog(): Catalog | undefined
  isFresh(): boolean
  viewFor(key: string, masks: readonly MaskEntry[]): MaskedCatalog
  markStale(): void
  refresh(): Promise<void>
  readonly moves: DefinitionMoves
}

/** Asked several times for each statement: so it is a class, of one shape for all sessions, and keeps what it found. */
class SessionView implements CatalogView {
  readonly masking: boolean
  readonly #masks: readonly MaskEntry[]
  readonly #key: string
  readonly #source: ViewSource
  #catalog: Catalog | undefined
  #view: MaskedCatalog | undefined

  constructor(masks: readonly MaskEntry[], source: ViewSource) {
    this.masking = masks.length > 0
    this.#masks = masks
    this.#key = JSON.stringify(masks)
    this.#source = source
  }

  get analyser(): StatementAnalyser {
    return this.#current().analyser
  }

  get protectedColumns(): ProtectedColumns {
    return this.#current().protectedColumns
  }

  get isFresh(): boolean {
    return this.#source.isFresh()
  }

  knows(relationOid: number): boolean {
    return this.#source.catalog()?.relationByOid(relationOid) !== undefined
  }

  markStale(): void {
    this.#source.markStale()
  }

  refresh(): Promise<void> {
    return this.#source.refresh()
  }

  get moves(): DefinitionMoves {
    return this.#source.moves
  }

  #current(): MaskedCatalog {
    const catalog = this.#source.catalog()
    if (this.#view === undefined || catalog !== this.#catalog) {
      this.#catalog = catalog
      this.#view = this.#source.viewFor(this.#key, this.#masks)
    }
    return this.#view
  }
}

/** Reads and keeps the catalog of one target, over a connection of the gateway's own. */
export class CatalogKeeper {
  readonly #connection: OwnConnection
  readonly #log: Log
  readonly #maxStatementBytes: number
  #catalog: Catalog | undefined
  #fingerprint = ''
  /** When the catalog was read, or last found unchanged. */
  #readAtMs = 0
  /** How many definitions the catalog lacks because somebody had them locked: they are asked for again. */
  #unreadable = 0
  #retryMs = POLL_MS
  #retryAt = 0
  /** Counts changes; what was read while it moved is read again. */
  #generation = 1
  #loaded = 0
  #loading: Promise<void> | undefined
  readonly #views = new Map<string, MaskedCatalog>()
  #summary: { readonly of: MaskedCatalog; readonly numbers: Omit<CatalogSummary, 'readAtMs'> } | undefined
  #users = 0
  #timer: NodeJS.Timeout | undefined
  #idleSince = 0

  readonly #source: ViewSource = {
    catalog: () => this.#catalog,
    isFresh: () => this.#isFresh,
    viewFor: (key, masks) => this.#viewFor(key, masks),
    markStale: () => this.#markStale(),
    refresh: () => this.refresh(),
    moves: new DefinitionMoves(),
  }

  constructor(connect: () => Promise<Upstream>, log: Log, maxStatementBytes: number) {
    this.#connection = new OwnConnection(connect, async (run) => {
      for (const sql of SESSION_SETTINGS) await run(sql)
    })
    this.#log = log
    this.#maxStatementBytes = maxStatementBytes
  }

  /** A view for one session, the catalog read. Call `release` at the session's end. @throws TargetError */
  async use(masks: readonly MaskEntry[]): Promise<CatalogView> {
    this.#users++
    this.#timer ??= setInterval(() => void this.#poll(), POLL_MS).unref()
    try {
      if (!this.#isFresh) await this.refresh()
    } catch (error) {
      this.release()
      throw error
    }
    return new SessionView(masks, this.#source)
  }

  release(): void {
    this.#users--
    this.#idleSince = Date.now()
  }

  /** What was read last, without asking the target; undefined when nothing was yet. */
  summary(masks: readonly MaskEntry[]): CatalogSummary | undefined {
    const catalog = this.#catalog
    if (catalog === undefined) return undefined
    const of = this.#viewFor(JSON.stringify(masks), masks)
    if (this.#summary?.of !== of) this.#summary = { of, numbers: summariseCatalog(catalog, of.protectedColumns) }
    return { ...this.#summary.numbers, readAtMs: this.#readAtMs }
  }

  /** Whether no session needs it. */
  get isIdle(): boolean {
    return this.#users === 0
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#connection.close()
  }

  get #isFresh(): boolean {
    return this.#loaded === this.#generation
  }

  #markStale(): void {
    this.#generation++
  }

  /** Ends when the catalog is at least as new as at the call, however much is changed meanwhile. */
  async refresh(): Promise<void> {
    const wanted = this.#generation
    do {
      this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
      await this.#loading
    } while (this.#loaded < wanted)
  }

  async #load(): Promise<void> {
    const generation = this.#generation
    const { catalog, fingerprint, unreadable } = await this.#connection.exclusively(readCatalog)
    this.#catalog = catalog
    this.#fingerprint = fingerprint
    this.#readAtMs = Date.now()
    this.#note(unreadable)
    this.#views.clear()
    this.#loaded = generation
  }

  #note(unreadable: number): void {
    if (unreadable > 0 && this.#unreadable === 0) this.#log.warn({ unreadable }, 'definitions of a target could not be read: others lock or change them')
    this.#retryMs = unreadable === 0 ? POLL_MS : Math.min(MAX_RETRY_MS, 2 * this.#retryMs)
    this.#retryAt = Date.now() + this.#retryMs
    this.#unreadable = unreadable
  }

  /** Changes made past the gateway are found here. */
  async #poll(): Promise<void> {
    try {
      if (this.#users === 0) {
        if (Date.now() - this.#idleSince < IDLE_MS) return
        this.#markStale()
        return this.close()
      }
      if (this.#loading !== undefined || !this.#isFresh) return
      const [row] = await this.#connection.exclusively((run) => run(CATALOG_FINGERPRINT))
      const isSame = row?.[0] === this.#fingerprint
      if (isSame) this.#readAtMs = Date.now()
      if (isSame && (this.#unreadable === 0 || Date.now() < this.#retryAt)) return
      if (!isSame) this.#markStale()
      await this.refresh()
    } catch (error) {
      this.#markStale()
      this.#log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'the catalog of a target could not be read')
    }
  }

  #viewFor(key: string, masks: readonly MaskEntry[]): MaskedCatalog {
    const known = this.#views.get(key)
    if (known !== undefined) return known
    const catalog = this.#catalog
    if (catalog === undefined) throw new Error('the catalog was not read before its first use')
    const protectedColumns = protectColumns(catalog, masks)
    for (const { mask, column } of protectedColumns.unresolved) this.#log.warn({ mask, column }, 'a mask names a column that the target does not have')
    const context = masks.length === 0 ? { catalog } : { catalog, protectedColumns }
    const view = { protectedColumns, analyser: new StatementAnalyser(context, { maxAnalysedBytes: this.#maxStatementBytes }) }
    if (this.#views.size >= MAX_VIEWS) this.#views.clear()
    this.#views.set(key, view)
    return view
  }
}
