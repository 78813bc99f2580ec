import type { Person, RiskContext } from './review.ts'

/** The port to what was done before, for the reviewer. May be slow, and may fail: then it is not known. */
export interface ReviewHistory {
  /** Those of `objects` that operations of an identity on a target touched before, as far back as is known; only what was forwarded counts. */
  touched(identity: Person, target: string, objects: readonly string[]): Promise<readonly string[]>
  /** What a session did last, before one of its operations; oldest first, at most `limit`. */
  lately(session: string, beforeOperation: number, limit: number): Promise<RiskContext['lately']>
}
