import type { RuleUse } from '../governance/agents/identity-use.ts'
import type { Effect } from '../governance/decision.ts'
import type { FoundOperation, SearchPage } from '../governance/recording/operation-index.ts'
import type { SearchQuery } from '../governance/recording/search-query.ts'
import type pg from 'pg'

/**
 * The searchable index of operations, as tables. Made of the ledger alone, and made again from there whenever in doubt, so
 * it has no migrations: tables of another version are dropped.
 */
export interface IndexStore {
  /** How far the ledger is indexed; undefined when nothing of this ledger is. */
  position(): Promise<IndexPosition | undefined>
  /** Forgets all that came from this ledger. */
  reset(): Promise<void>
  /** Keeps a slice of the ledger and the position behind it: both or, when it throws, neither. */
  write(slice: IndexSlice): Promise<void>
  session(id: string): Promise<IndexedSession | undefined>
  /** Where the ledger speaks of a session, as far as it is indexed. */
  range(session: string): Promise<EntryRange | undefined>
  /** Operations without outcome where the position is. */
  pending(): Promise<readonly PendingOperation[]>
  search(query: SearchQuery, page: SearchPage): Promise<{ operations: readonly FoundOperation[]; next?: string }>
  /** How often each rule decided what each agent sent. */
  ruleUse(): Promise<readonly RuleUse[]>
  close(): Promise<void>
}

export type IndexLocation =
  /** `path` is a file of the index alone, or `:memory:`. */
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly client: pg.PoolConfig }

/** A place in the ledger's journal, with what stands before it, so that a log replaced or cut back is noticed. */
export interface IndexPosition {
  /** Entries indexed. */
  readonly entries: number
  /** Where in its journal file the next entry begins, or would if the file had room. */
  readonly offset: number
  /** Where in its journal file the last indexed entry begins. */
  readonly lastOffset: number
  /** SHA-256 over that entry, hex; empty when there is none. */
  readonly lastDigest: string
}

/** Numbers of entries, both included. */
export interface EntryRange {
  readonly first: number
  readonly last: number
}

export interface IndexedSession {
  readonly id: string
  readonly identity: { readonly name: string; readonly kind: 'agent' | 'person'; readonly issuer: string }
  readonly actors: readonly string[]
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  /** Number of the ledger's entry that opened it. */
  readonly firstEntry: number
}

/** How operations ended, to be added to what is known. */
export interface OutcomeCounts {
  completed: number
  failed: number
  aborted: number
  rows: number
  /** Values that masks replaced. */
  masked: number
  /** Error codes that are new. */
  readonly codes: Set<string>
}

/** Operations of one session that are equal but for integers: first seen in this slice, or in one before. */
export interface IndexedOperation {
  /** Given by the store at the first write. Its upper bits are the time, so that ids sort by it. */
  id: number | undefined
  readonly session: IndexedSession
  /** Of the first of them. */
  readonly text: string
  readonly textTruncated: boolean
  /** Terms for what later ones have instead of its integers; each has a blank before it. */
  integers: string
  readonly actions: readonly string[]
  readonly objects: readonly string[]
  readonly decision: Effect
  readonly rule: string
  readonly policyVersion: number
  readonly firstNumber: number
  readonly firstAtMs: number
}

/** What a slice adds to one row. */
export interface OperationChange {
  readonly row: IndexedOperation | { readonly id: number }
  count: number
  lastNumber: number
  lastAtMs: number
  /** New terms in `integers`. */
  addsIntegers: boolean
  readonly outcomes: OutcomeCounts
}

export interface PendingOperation {
  readonly session: string
  readonly number: number
  /** Row that its outcome is added to. */
  readonly id: number
}

export interface IndexSlice {
  readonly position: IndexPosition
  /** Opened in this slice. */
  readonly sessions: readonly IndexedSession[]
  /** The last entry of each session that the slice speaks of. */
  readonly lastEntries: ReadonlyMap<string, number>
  readonly changes: readonly OperationChange[]
  /** Of the pending before: those that have ended. */
  readonly settled: readonly { readonly session: string; readonly number: number }[]
  /** New pending ones. */
  readonly unsettled: readonly { readonly session: string; readonly number: number; readonly row: OperationChange['row'] }[]
}

/** Operations share a row for so long; then a new one begins. */
export const MERGE_WINDOW_MS = 3_600_000
/** Rows whose ids share a millisecond. */
export const IDS_A_MS = 1_024
/** Codes kept of one row. */
export const MAX_CODES = 8

/** Ids for new rows: by their time, none that is taken. */
export function assignIds(rows: readonly IndexedOperation[], taken: ReadonlySet<number>): void {
  let last = 0
  for (const row of rows.toSorted((a, b) => a.firstAtMs - b.firstAtMs)) {
    let id = Math.max(Math.trunc(row.firstAtMs) * IDS_A_MS, last + 1)
    while (taken.has(id)) id++
    row.id = id
    last = id
  }
}

/** Where ids of new rows may fall. */
export function idRange(rows: readonly IndexedOperation[]): { low: number; high: number } {
  let low = Infinity
  let high = 0
  for (const { firstAtMs } of rows) {
    low = Math.min(low, firstAtMs)
    high = Math.max(high, firstAtMs)
  }
  return { low: Math.trunc(low) * IDS_A_MS, high: (Math.trunc(high) + 2) * IDS_A_MS + 2 * rows.length }
}

export function isNew(row: OperationChange['row']): row is IndexedOperation {
  return row.id === undefined
}
