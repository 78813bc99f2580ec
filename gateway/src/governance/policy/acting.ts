import type { Decision } from '../decision.ts'
import type { OperationFacts } from '../operation.ts'
import type { ReviewDemand } from '../review/review.ts'
import type { CompiledRule } from './compiled-rule.ts'
import type { Condition } from './condition.ts'
import { type ConditionScope, subjectScope } from './condition-scope.ts'
import type { DetectorMask, MaskEntry } from './policy-document.ts'
import type { PolicySubject, SessionPolicy } from './policy.ts'
import { masksByKind } from './session-policy.ts'

/**
 * "Agent X for person Y" may do at most what both may. Rules see Y, with X as `identity.actor`; and once more X alone. A
 * condition that speaks of `identity.actor` or `identity.actors` is about the two together, and sees them both times.
 */

/** Who acts, as if for itself; undefined when nobody acts for anybody. */
export function actingAlone({ identity, ...same }: PolicySubject): PolicySubject | undefined {
  const [name] = identity.actors
  if (name === undefined) return undefined
  // One of whom no more is known than its name has no group and no claim that a rule could go by.
  const actor = identity.actor ?? { kind: 'agent', name, issuer: '', subject: '', groups: [], claims: {} }
  return { ...same, identity: { ...actor, actors: [] } }
}

/** Rules as they are asked about who acts alone: those that are about the two see them both. */
export function rulesAlone(rules: readonly CompiledRule[], together: PolicySubject): readonly CompiledRule[] {
  const scope = subjectScope(together)
  return rules.map((rule) => (rule.condition?.mentionsActor === true ? { ...rule, condition: seeing(rule.condition, scope) } : rule))
}

function seeing(condition: Condition, subject: ConditionScope): Condition {
  const seen = (given: ConditionScope): ConditionScope => (given.operation === undefined ? subject : { ...subject, operation: given.operation })
  return {
    mentionsActor: condition.mentionsActor,
    holds: (given) => condition.holds(seen(given)),
    conjuncts: condition.conjuncts.map((conjunct) => ({ ...conjunct, holds: (given) => conjunct.holds(seen(given)) })),
  }
}

/** What both let through, with all that either demands. */
export function atMostBoth(together: SessionPolicy, alone: SessionPolicy, { identity }: PolicySubject): SessionPolicy {
  const decided = new WeakMap<OperationFacts, Decision>()
  const decideAnew = (facts: OperationFacts): Decision => {
    const first = together.decide(facts)
    if (first.effect === 'deny') return first
    const second = alone.decide(facts)
    if (second.effect === 'deny') {
      return { ...second, message: `${identity.actors[0]} acts for ${identity.name}, and may do no more than by itself: ${second.message}` }
    }
    if (first.effect === 'review' && second.effect === 'review') return { ...first, demands: joined(first.demands ?? [], second.demands ?? []) }
    return second.effect === 'review' ? second : first
  }
  return {
    version: together.version,
    readOnly: together.readOnly || alone.readOnly,
    ...masksByKind([...new Set([...masksOf(together), ...masksOf(alone)])]),
    decide(facts) {
      const known = decided.get(facts)
      if (known !== undefined) return known
      const decision = Object.freeze(decideAnew(facts))
      decided.set(facts, decision)
      return decision
    },
  }
}

function masksOf({ masks, detectors = [] }: SessionPolicy): readonly (MaskEntry | DetectorMask)[] {
  return [...masks, ...detectors]
}

function joined(first: readonly ReviewDemand[], second: readonly ReviewDemand[]): readonly ReviewDemand[] {
  return Object.freeze([...first, ...second.filter(({ rule }) => !first.some((demand) => demand.rule === rule))])
}
