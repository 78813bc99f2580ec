import { BUILT_IN_RULES, type Decision } from '../decision.ts'
import type { OperationFacts } from '../operation.ts'
import type { CompiledRule } from './compiled-rule.ts'
import type { Condition } from './condition.ts'
import { type ConditionScope, OperationFields, subjectScope } from './condition-scope.ts'
import { describeOperation, whatIsPossible } from './denial-words.ts'
import type { MaskEntry } from './policy-document.ts'
import type { PolicySubject, SessionPolicy } from './policy.ts'

export interface SessionPolicyParts {
  readonly version: number
  readonly subject: PolicySubject
  /** Rules that name this target or all. */
  readonly rules: readonly CompiledRule[]
  readonly masks: readonly MaskEntry[]
}

/** Conditions walk the lists of a request, at worst squared; a client chooses their length up to here. */
const MAX_LIST = 1000

export function sessionPolicy({ version, subject, rules, masks }: SessionPolicyParts): SessionPolicy {
  const scope = subjectScope(subject)
  const denying = rules.filter(({ entry }) => entry.then === 'deny')
  const permitting = rules.filter((rule) => rule.entry.then !== 'deny' && couldHold(rule, scope))
  const reviewing = permitting.filter(({ entry }) => entry.then === 'review')
  const allowing = permitting.filter(({ entry }) => entry.then === 'allow')
  const readOnly = permitting.every(demandsReadOnly)
  const possible = whatIsPossible(permitting.map(({ entry }) => entry), readOnly)
  const decided = new WeakMap<OperationFacts, Decision>()

  const deny = (rule: string, message: string, hint: string): Decision =>
    ({ effect: 'deny', rule, policyVersion: version, message, hint })

  const decideAnew = (facts: OperationFacts): Decision => {
    if (Math.max(facts.actions.length, facts.objects.length, facts.functions.length) > MAX_LIST) {
      return deny(
        BUILT_IN_RULES.unsupported,
        `the request touches more than ${MAX_LIST} different things`,
        'Split it into several smaller requests.',
      )
    }
    const here: ConditionScope = { ...scope, operation: new OperationFields(facts) }
    for (const { entry, condition } of denying) {
      const outcome = evaluate(condition, here)
      if (outcome === false) continue
      const message = outcome === true
        ? (entry.message ?? `${describeOperation(facts)} is denied`)
        : `its condition could not be evaluated: ${outcome.failure}`
      return deny(entry.name, message, `Do not send it again unchanged. ${possible}`)
    }
    if (facts.maskViolation !== undefined) {
      const { mask, reason, hint } = facts.maskViolation
      return deny(BUILT_IN_RULES.maskedField, `mask "${mask}": ${reason}`, hint)
    }
    const review = reviewing.find(({ condition }) => evaluate(condition, here) === true)
    if (review !== undefined) {
      const { name, message = `a person must approve ${describeOperation(facts)} first` } = review.entry
      return { effect: 'review', rule: name, policyVersion: version, message }
    }
    const allow = allowing.find(({ condition }) => evaluate(condition, here) === true)
    if (allow !== undefined) return { effect: 'allow', rule: allow.entry.name, policyVersion: version }
    const why = facts.unknown
      ? `It could not be analysed${facts.unknownBecause === undefined ? '' : `: ${facts.unknownBecause}`}. Send one plain request that needs no guessing. `
      : ''
    return deny(
      BUILT_IN_RULES.noMatch,
      `no rule lets ${subject.identity.name} run ${describeOperation(facts)} on ${subject.target.name}`,
      why + possible,
    )
  }

  return {
    version,
    readOnly,
    masks,
    decide(facts) {
      const known = decided.get(facts)
      if (known !== undefined) return known
      const decision = Object.freeze(decideAnew(facts))
      decided.set(facts, decision)
      return decision
    },
  }
}

type Outcome = boolean | { readonly failure: string }

function evaluate(condition: Pick<Condition, 'holds'> | undefined, scope: ConditionScope): Outcome {
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
 */
function couldHold({ condition }: CompiledRule, scope: ConditionScope): boolean {
  if (condition === undefined) return true
  return condition.conjuncts.every((conjunct) => conjunct.mentionsOperation || evaluate(conjunct, scope) === true)
}

/**
 * Sound for the same reason: with `operation.readOnly` among the operands of its `&&`, a rule matches nothing but
 * read-only operations, whatever the other operands say. Rules that deny let nothing through and need no look. A
 * condition that implies the same in another form (`!(!operation.readOnly)`) is taken for one that may write: that
 * loses the second safeguard of a read-only session on the target, never the first, which is the decision itself.
 */
function demandsReadOnly({ condition }: CompiledRule): boolean {
  return condition !== undefined && condition.conjuncts.some((conjunct) => conjunct.demandsReadOnly)
}
