/** One request in neutral words. Knows nothing of the protocol it came by. */

/**
 * What a request does, as far as rules care. Computed once for a statement and shared by every operation that
 * repeats it, so it never holds parameter values.
 */
export interface OperationFacts {
  /** Verbs such as `select`, `insert`, `delete`, `drop`; `unknown` when a part could not be analysed. */
  readonly actions: readonly string[]
  /** Things touched, fully qualified where the target's catalog is known: `public.customers`. */
  readonly objects: readonly string[]
  /** Functions called, lower case, as written (`pg_catalog.now`, `now`). */
  readonly functions: readonly string[]
  /** True only when every part is known to change nothing and to lift no protection. */
  readonly readOnly: boolean
  /** False when some UPDATE or DELETE has no WHERE clause. */
  readonly filtered: boolean
  /** True when some part could not be analysed; `readOnly` is then false. */
  readonly unknown: boolean
  /** Why, in words for whoever sent it: a syntax error, a name that does not exist. */
  readonly unknownBecause?: string
  /** Number of statements in the request. */
  readonly statements: number
  /** Set when a masked field would be used where it cannot be masked. The operation is denied. */
  readonly maskViolation?: MaskViolation
}

export interface MaskViolation {
  /** Name of the mask that would be gone around. */
  readonly mask: string
  /** Why, naming fields but never values. */
  readonly reason: string
  /** What to send instead. */
  readonly hint: string
}

/** An operation as it is decided, recorded and forwarded. */
export interface Operation {
  readonly protocol: string
  readonly facts: OperationFacts
  /** The request as the client wrote it. */
  readonly text: string
  /** Parameter values in readable form; `null` is the protocol's null. Empty when there are none. */
  readonly parameters: readonly (string | null)[]
  /** True when the target is only to learn the text, and runs nothing of it: what wants a review may be prepared without one. */
  readonly preparesOnly?: boolean
}
