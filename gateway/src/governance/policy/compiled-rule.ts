import type { Condition } from './condition.ts'
import type { RuleEntry } from './policy-document.ts'

/** A rule of the document, ready to be evaluated. */
export interface CompiledRule {
  readonly entry: RuleEntry
  /** Absent: always. */
  readonly condition?: Condition
}
