import type { ReviewDemand } from '../review/review.ts'
import type { Condition } from './condition.ts'
import type { ConditionScope } from './condition-scope.ts'
import type { RuleEntry } from './policy-document.ts'

/** A rule of the document, ready to be evaluated. */
export interface CompiledRule {
  readonly entry: RuleEntry
  /** Absent: always. */
  readonly condition?: Condition
  /** What it wants of people, if it is for review or holds during an access review. */
  readonly demand: ReviewDemand
}

export type Outcome = boolean | { readonly failure: string }

export function evaluate(condition: Pick<Condition, 'holds'> | undefined, scope: ConditionScope): Outcome {
  if (condition === undefined) return true
  try {
    return condition.holds(scope)
  } catch (error) {
    return { failure: (error as Error).message }
  }
}

/**
 * False when no operation can make the rule match in this session. A conjunction is true only if each operand is; an
 * operand that does not mention `operation` has one value for the whole session, because conditions are pure and the
 * identity, target and purpose of a session never change. So one such operand that is false, or fails, settles it.
 * @param scope without an operation
 */
export function couldHold({ condition }: CompiledRule, scope: ConditionScope): boolean {
  if (condition === undefined) return true
  return condition.conjuncts.every((conjunct) => conjunct.mentionsOperation || evaluate(conjunct, scope) === true)
}

/**
 * The same where a failure counts as a match. Only an operand that is false settles it then: in CEL `false && failure`
 * is false, in whatever order they stand.
 */
export function couldHoldOrFail({ condition }: CompiledRule, scope: ConditionScope): boolean {
  if (condition === undefined) return true
  return condition.conjuncts.every((conjunct) => conjunct.mentionsOperation || evaluate(conjunct, scope) !== false)
}

/**
 * Whether a rule that denies matches whatever the other one matches, seen from their forms: each of its operands stands
 * in the other, too, or holds for the whole session. A failure counts as a match, so that only what is false saves.
 * @param scope without an operation
 */
export function alwaysBeats(denying: CompiledRule, { condition }: CompiledRule, scope: ConditionScope): boolean {
  const forms = new Set(condition?.conjuncts.map(({ form }) => form))
  return (denying.condition?.conjuncts ?? []).every((conjunct) =>
    forms.has(conjunct.form) || (!conjunct.mentionsOperation && evaluate(conjunct, scope) !== false))
}

/**
 * Sound for the same reason: with `operation.readOnly` among the operands of its `&&`, a rule matches nothing but
 * read-only operations, whatever the other operands say, and does not fail for others either. Rules that deny let
 * nothing through and need no look. A condition that implies the same in another form (`!(!operation.readOnly)`) is
 * taken for one that may write: that loses the second safeguard of a read-only session on the target, never the first,
 * which is the decision itself.
 */
export function demandsReadOnly({ condition }: CompiledRule): boolean {
  return condition !== undefined && condition.conjuncts.some((conjunct) => conjunct.demandsReadOnly)
}
