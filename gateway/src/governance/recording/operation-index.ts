import type { Effect } from '../decision.ts'
import type { SearchQuery } from './search-query.ts'
import type { SessionOwner } from './session-store.ts'

/** The port to the index of operations. It follows the ledger; what it holds can be made again from there. */
export interface OperationIndex {
  /**
   * Catches up with the ledger, for a bounded time, then searches. Newest first.
   * @throws IndexUnavailable
   */
  search(query: SearchQuery, page: SearchPage): Promise<SearchResult>
}

export interface SearchPage {
  /** At most this many, from 1. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
  /** Only what sessions of this owner did. */
  readonly owner?: SessionOwner
}

export interface SearchResult {
  readonly operations: readonly FoundOperation[]
  /** What to give as `after` for the next page. */
  readonly next?: string
  /** Entries of the ledger that were searched, and how many there were when the question came: see `complete`. */
  readonly indexed: number
  readonly entries: number
}

/** Equal operations of one session within an hour: same text, decision and rule. */
export interface FoundOperation {
  readonly session: string
  readonly identity: { readonly name: string; readonly kind: 'agent' | 'person'; readonly issuer: string }
  readonly actors: readonly string[]
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  readonly text: string
  /** True when the ledger has only the text's beginning. */
  readonly textTruncated: boolean
  readonly actions: readonly string[]
  readonly objects: readonly string[]
  readonly decision: Effect
  readonly rule: string
  readonly policyVersion: number
  readonly count: number
  /** Number in its session, and Unix milliseconds. */
  readonly first: { readonly number: number; readonly atMs: number }
  readonly last: { readonly number: number; readonly atMs: number }
  /** How many of them ended how. Those not forwarded, or still running, are in none. */
  readonly completed: number
  readonly failed: number
  readonly aborted: number
  /** Of all together. */
  readonly rows: number
  /** Values of their results that masks replaced. */
  readonly masked: number
  /** The target's error codes, each once. */
  readonly codes: readonly string[]
}

/** The index cannot answer now; its message is fit for a client. */
export class IndexUnavailable extends Error {
  override readonly name = 'IndexUnavailable'
}
