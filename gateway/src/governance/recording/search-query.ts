/**
 * What is asked of the index, after parsing: an operation is found when every term holds. Sources: text by
 * {@link parseSearch}; see docs/guide/sessions.md for the language.
 */
export interface SearchQuery {
  readonly terms: readonly SearchTerm[]
  /** Unix milliseconds; operations that ran at or after it. */
  readonly sinceMs?: number
  /** Unix milliseconds; operations that ran before it. */
  readonly untilMs?: number
}

export interface SearchTerm {
  readonly key: TermKey
  /** True when no value may match. */
  readonly negated: boolean
  /** One of these is enough; at least one. */
  readonly anyOf: readonly SearchValue[]
}

export interface SearchValue {
  readonly text: string
  /** `whole`: the value or words as they stand. `beginning`: what begins so. `present`: anything at all, `text` is empty. */
  readonly match: 'whole' | 'beginning' | 'present'
}

/** Keys that name a value of an operation. `text` is a term without a key. */
export const TERM_KEYS = [
  'agent', 'identity', 'for', 'target', 'table', 'action', 'decision', 'rule', 'session', 'purpose', 'error', 'masked', 'text',
] as const
export type TermKey = (typeof TERM_KEYS)[number]

/** Keys that bound the time. */
export const TIME_KEYS = ['since', 'until'] as const
export type TimeKey = (typeof TIME_KEYS)[number]

/** Keys as people write them. */
export const SEARCH_KEYS: readonly string[] = [...TERM_KEYS.filter((key) => key !== 'text'), ...TIME_KEYS]

/** A query that means nothing, with words for whoever wrote it. */
export class SearchSyntaxError extends Error {
  override readonly name = 'SearchSyntaxError'
  /** Where in the query, in characters (UTF-16 units) from 1. */
  readonly position: number
  /** What to write instead. */
  readonly hint: string
  constructor(message: string, position: number, hint: string) {
    super(message)
    this.position = position
    this.hint = hint
  }
}
