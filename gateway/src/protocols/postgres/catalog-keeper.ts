import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import type { Catalog } from '../../sql/catalog.ts'
import { protectColumns, type ProtectedColumns } from '../../sql/lineage/protected-columns.ts'
import { StatementAnalyser } from '../../sql/statement-analyser.ts'
import { CATALOG_FINGERPRINT, loadCatalog } from './catalog-queries.ts'
import { UpstreamQueries } from './query-upstream.ts'
import type { Upstream } from './upstream.ts'
import type { Log } from '../protocol-adapter.ts'

const POLL_MS = 2_000
/** The keeper's connection is closed once no session has used the target for this long. */
const IDLE_MS = 60_000
const MAX_VIEWS = 64

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
}

/** Reads and keeps the catalog of one target, over a connection of the gateway's own. */
export class CatalogKeeper {
  readonly #connect: () => Promise<Upstream>
  readonly #log: Log
  readonly #maxStatementBytes: number
  #queries: UpstreamQueries | undefined
  #catalog: Catalog | undefined
  #fingerprint = ''
  /** Counts changes; what was read while it moved is read again. */
  #generation = 1
  #loaded = 0
  #loading: Promise<void> | undefined
  #turn: Promise<unknown> = Promise.resolve()
  readonly #views = new Map<string, { readonly protectedColumns: ProtectedColumns; readonly analyser: StatementAnalyser }>()
  #users = 0
  #timer: NodeJS.Timeout | undefined
  #idleSince = 0

  constructor(connect: () => Promise<Upstream>, log: Log, maxStatementBytes: number) {
    this.#connect = connect
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
    return this.#viewFor(masks)
  }

  release(): void {
    this.#users--
    this.#idleSince = Date.now()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#queries?.close()
    this.#queries = undefined
  }

  get #isFresh(): boolean {
    return this.#loaded === this.#generation
  }

  #markStale(): void {
    this.#generation++
  }

  refresh(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  async #load(): Promise<void> {
    while (!this.#isFresh) {
      const generation = this.#generation
      const fingerprint = await this.#ask(CATALOG_FINGERPRINT)
      this.#catalog = await this.#exclusively(async (queries) => loadCatalog((sql) => queries.run(sql)))
      this.#fingerprint = fingerprint
      this.#views.clear()
      this.#loaded = generation
    }
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
      if ((await this.#ask(CATALOG_FINGERPRINT)) === this.#fingerprint) return
      this.#markStale()
      await this.refresh()
    } catch (error) {
      this.#markStale()
      this.#log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'the catalog of a target could not be read')
    }
  }

  async #ask(sql: string): Promise<string> {
    return this.#exclusively(async (queries) => (await queries.run(sql))[0]?.[0] ?? '')
  }

  /** One conversation at a time on the one connection. */
  #exclusively<T>(work: (queries: UpstreamQueries) => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      if (this.#queries?.isOpen !== true) this.#queries = new UpstreamQueries(await this.#connect())
      return work(this.#queries)
    })
    this.#turn = result.catch(() => undefined)
    return result
  }

  #viewFor(masks: readonly MaskEntry[]): CatalogView {
    const key = JSON.stringify(masks)
    const current = () => this.#current(key, masks)
    const isFresh = () => this.#isFresh
    return {
      masking: masks.length > 0,
      get analyser() {
        return current().analyser
      },
      get protectedColumns() {
        return current().protectedColumns
      },
      get isFresh() {
        return isFresh()
      },
      knows: (relationOid) => this.#catalog?.relationByOid(relationOid) !== undefined,
      markStale: () => this.#markStale(),
      refresh: () => this.refresh(),
    }
  }

  #current(key: string, masks: readonly MaskEntry[]): { readonly protectedColumns: ProtectedColumns; readonly analyser: StatementAnalyser } {
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
