import type { OperationFacts } from '../governance/operation.ts'

/** What one message's text does: the neutral facts, and what the protocol's relay must know to carry it. Immutable, cached. */
export interface Analysis {
  readonly facts: OperationFacts
  /** In order of execution: what changes or uses names that the session keeps. */
  readonly effects: readonly NameEffect[]
  /** COPY … FROM STDIN may follow; true whenever unknown. */
  readonly mayCopyIn: boolean
  /**
   * True when running it may change how later text is read (`standard_conforming_strings`, `client_encoding`, also by
   * ROLLBACK, RESET, set_config or anything unknown): later text is analysed only after its result is in.
   */
  readonly mayChangeReading: boolean
  /** False only when no masked column can be in its rows. Otherwise every row description is checked. */
  readonly mayReturnMasked: boolean
  /** True when error and notice texts of it could quote masked values. */
  readonly mayQuoteMasked: boolean
}

/** Prepared statements and cursors live in the session under names; what they do is decided again when they are used. */
export type NameEffect =
  | { readonly kind: 'prepare'; readonly name: string; readonly analysis: Analysis }
  | { readonly kind: 'execute'; readonly name: string }
  /** `name` absent: all. */
  | { readonly kind: 'deallocate'; readonly name?: string }
  | { readonly kind: 'declare'; readonly name: string; readonly analysis: Analysis }
  | { readonly kind: 'fetch'; readonly name: string }
  | { readonly kind: 'close'; readonly name?: string }
