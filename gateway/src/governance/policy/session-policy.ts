import { BUILT_IN_RULES, type Decision } from '../decision.ts'
import type { OperationFacts } from '../operation.ts'
import type { ReviewDemand } from '../review/review.ts'
import { alwaysBeats, type CompiledRule, couldHold, couldHoldOrFail, demandsReadOnly, evaluate, type Outcome } from './compiled-rule.ts'
import { type ConditionScope, OperationFields, subjectScope } from './condition-scope.ts'
import { describeOperation, howToAsk, whatIsPossible } from './denial-words.ts'
import type { DetectorMask, MaskEntry, RuleEntry } from './policy-document.ts'
import type { PolicySubject, SessionPolicy } from './policy.ts'

export interface SessionPolicyParts {
  readonly version: number
  readonly subject: PolicySubject
  /** Rules that name this target or all. */
  readonly rules: readonly CompiledRule[]
  /** Of columns and of text streams. */
  readonly masks: readonly (MaskEntry | DetectorMask)[]
  /** Id of the grant under which a rule holds, by rule; see `granted-rules.ts`. */
  readonly granted: ReadonlyMap<string, string>
}

/** Conditions walk the lists of a request, at worst squared; a client chooses their length up to here. */
const MAX_LIST = 1000

export function sessionPolicy({ version, subject, rules, masks, granted }: SessionPolicyParts): SessionPolicy {
  const scope = subjectScope(subject)
  const isGranted = ({ entry }: CompiledRule): boolean => granted.has(entry.name)
  const denying = rules.filter(({ entry }) => entry.then === 'deny')
  const possible = rules.filter((rule) =>
    rule.entry.then !== 'deny' && (rule.entry.then === 'review' ? couldHoldOrFail(rule, scope) : couldHold(rule, scope)))
  // Without a grant `lifted` and `admitted` are empty.
  const reviewing = possible.filter((rule) => rule.entry.then === 'review' && !isGranted(rule))
  const lifted = possible.filter((rule) => rule.entry.then === 'review' && isGranted(rule))
  const allowing = possible.filter(({ entry }) => entry.then === 'allow' && entry.during === undefined)
  const during = possible.filter(({ entry }) => entry.during !== undefined)
  const admitted = during.filter(isGranted)
  const requestable = during.filter((rule) => !isGranted(rule))

  const readOnly = [...reviewing, ...lifted, ...allowing, ...admitted].every(demandsReadOnly)
  const unbeaten = possible.filter((rule) => !denying.some((one) => alwaysBeats(one, rule, scope)))
  const possibleWords = whatIsPossible(unbeaten.map(({ entry }) => entry), granted, unbeaten.every(demandsReadOnly))
  const decided = new WeakMap<OperationFacts, Decision>()

  const deny = (rule: string, message: string, hint: string): Decision =>
    ({ effect: 'deny', rule, policyVersion: version, message, hint })

  /** All that match, and those of which it cannot be told: a review too many is better than one too few. */
  const review = (facts: OperationFacts, here: ConditionScope): Decision | undefined => {
    let decision: Decision & { readonly demands: ReviewDemand[] } | undefined
    for (const { entry, condition, demand } of reviewing) {
      const outcome = evaluate(condition, here)
      if (outcome === false) continue
      decision ??= { effect: 'review', rule: entry.name, policyVersion: version, message: askingWords(entry, facts, outcome), demands: [] }
      decision.demands.push(demand)
    }
    if (decision !== undefined) Object.freeze(decision.demands)
    return decision
  }

  /** Names the grant wherever the decision would be another without it. */
  const pass = (here: ConditionScope): Decision | undefined => {
    const holds = (rule: CompiledRule): boolean => evaluate(rule.condition, here) === true
    let lifting: CompiledRule | undefined
    let by: CompiledRule | undefined
    for (const rule of lifted) {
      const outcome = evaluate(rule.condition, here)
      if (outcome !== false) lifting ??= rule
      if (outcome === true) by ??= rule
    }
    by ??= allowing.find(holds) ?? admitted.find(holds)
    if (by === undefined) return undefined
    const grant = granted.get(by.entry.name) ?? (lifting && granted.get(lifting.entry.name))
    return { effect: 'allow', rule: by.entry.name, policyVersion: version, ...(grant === undefined ? {} : { grant }) }
  }

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
      return deny(entry.name, message, `Do not send it again unchanged. ${possibleWords}`)
    }
    if (facts.maskViolation !== undefined) {
      const { mask, reason, hint } = facts.maskViolation
      return deny(BUILT_IN_RULES.maskedField, `${reason} (mask "${mask}")`, hint)
    }
    const decision = review(facts, here) ?? pass(here)
    if (decision !== undefined) return decision
    const why = facts.unknown
      ? `It could not be analysed${facts.unknownBecause === undefined ? '' : `: ${facts.unknownBecause}`}. Send one plain request that needs no guessing. `
      : ''
    const requested = requestable.find(({ condition }) => evaluate(condition, here) === true)?.entry
    return deny(
      BUILT_IN_RULES.noMatch,
      `no rule lets ${subject.identity.name} run ${describeOperation(facts)} on ${subject.target.name}`,
      why + howToAsk(requested, subject.target.name, during.length === 1) + possibleWords,
    )
  }

  // One operation is decided several times on its way, and mostly the next one has the same facts.
  let lastFacts: OperationFacts | undefined
  let last: Decision | undefined

  return {
    version,
    readOnly,
    ...masksByKind(masks),
    decide(facts) {
      if (facts === lastFacts && last !== undefined) return last
      let decision = decided.get(facts)
      if (decision === undefined) {
        decision = Object.freeze(decideAnew(facts))
        decided.set(facts, decision)
      }
      lastFacts = facts
      last = decision
      return decision
    },
  }
}

function askingWords({ message }: RuleEntry, facts: OperationFacts, outcome: Exclude<Outcome, false>): string {
  const approve = `a person must approve ${describeOperation(facts)} first`
  if (outcome === true) return message ?? approve
  return `${approve}: the condition of this rule could not be evaluated: ${outcome.failure}`
}

/** Of a session: those on its columns, and those on its text streams where there are some. */
export function masksByKind(masks: readonly (MaskEntry | DetectorMask)[]): Pick<SessionPolicy, 'masks' | 'detectors'> {
  const detectors = masks.filter((mask): mask is DetectorMask => !('columns' in mask))
  return { masks: masks.filter((mask) => 'columns' in mask), ...(detectors.length > 0 && { detectors }) }
}
