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
  /** True when it names a relation with masked columns, or may run what does: what it shows depends on every definition in it. */
  readonly touchesMasked: boolean
  /** True when error and notice texts of it could quote masked values. */
  readonly mayQuoteMasked: boolean
  /** True when their details could quote a row of a masked table, also where the statement names none of these. */
  readonly mayQuoteRows: boolean
  /**
   * Names of relations that may be other ones, or have other columns, once it has run; {@link ANY_RELATION} for any. Behind
   * {@link OWN_RELATION} it is so for the session alone. What unknown statements redefine is not known.
   */
  readonly redefines: readonly string[]
}

/** Stands in {@link Analysis.redefines} for all names. */
export const ANY_RELATION = '*'
/** Stands in {@link Analysis.redefines} before the name of a temporary table. */
export const OWN_RELATION = 'pg_temp.'

/** Prepared statements and cursors live in the session under names; what they do is decided again when they are used. */
export type NameEffect =
  | { readonly kind: 'prepare'; readonly name: string; readonly analysis: Analysis }
  | { readonly kind: 'execute'; readonly name: string }
  /** `name` absent: all. */
  | { readonly kind: 'deallocate'; readonly name?: string }
  | { readonly kind: 'declare'; readonly name: string; readonly analysis: Analysis }
  | { readonly kind: 'fetch'; readonly name: string }
  | { readonly kind: 'close'; readonly name?: string }
