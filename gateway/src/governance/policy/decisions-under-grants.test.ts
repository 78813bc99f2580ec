import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Decision } from '../decision.ts'
import type { OperationFacts } from '../operation.ts'
import type { Grant } from '../review/grant.ts'
import { compilePolicy } from './compile-policy.ts'
import { compileCondition } from './condition.ts'
import { OperationFields, subjectScope } from './condition-scope.ts'
import type { RuleEntry } from './policy-document.ts'
import type { PolicySubject } from './policy.ts'
import { document, facts, grant, subject } from './policy-samples.test-support.ts'

const NAMES = ['r-0', 'r-1', 'r-2', 'r-3', 'r-4', 'r-5']

/** True, false and failing, over the operation and not, so that each may be settled when a session opens or later. */
const when = fc.constantFrom(
  undefined, 'operation.readOnly', '!operation.readOnly', 'operation.filtered', '"on-call" in identity.groups', 'false',
  'identity.claims.absent == "x"', 'identity.claims.absent == "x" && operation.readOnly',
  'identity.claims.absent == "x" || operation.readOnly', 'operation.filtered && "dba" in identity.groups',
  'identity.kind == "person" && !operation.readOnly', '!operation.filtered && identity.claims.absent == "x"',
)
const groups = fc.subarray(['on-call', 'dba'])
const entry: fc.Arbitrary<Omit<RuleEntry, 'name'>> = fc.record({
  when, then: fc.constantFrom('allow', 'allow', 'during', 'during', 'review', 'review', 'deny'), breakGlass: fc.option(groups, { nil: undefined }),
  reviewers: fc.option(fc.constant(['platform']), { nil: undefined }),
}).map(({ when, then, breakGlass, reviewers }) => {
  const condition = when === undefined ? {} : { when }
  if (then === 'allow' || then === 'deny') return { then, ...condition }
  const asked = { ...condition, ...(breakGlass ? { breakGlass } : {}), ...(reviewers ? { reviewers } : {}) }
  return then === 'during' ? { then: 'allow', during: 'access-review', ...asked } : { then: 'review', ...asked }
})
const rules = fc.array(entry, { maxLength: NAMES.length })
  .map((entries) => entries.map((one, index): RuleEntry => ({ name: `r-${index}`, ...one })))

const who = fc.record({
  kind: fc.constantFrom('agent' as const, 'person' as const), groups, actors: fc.constantFrom([], [], ['support-bot']),
}).map((given) => subject(given))
const someGrants = (of: PolicySubject): fc.Arbitrary<readonly Grant[]> => fc.array(fc.record({
  rules: fc.subarray([...NAMES, 'gone'], { minLength: 1 }), kind: fc.constantFrom('access' as const, 'break-glass' as const),
  id: fc.constantFrom('gr_a', 'gr_b', 'gr_c'), target: fc.constantFrom('shop', 'shop', 'shop', 'other'),
}).map((given) => ({ ...grant(of, given.rules, given.kind), id: given.id, target: given.target })), { minLength: 1, maxLength: 3 })
const situation = fc.record({ rules, who }).chain((given) =>
  someGrants(given.who).map((grants) => ({ ...given, grants })))

const OPERATIONS = [true, false].flatMap((readOnly) => [true, false].map((filtered) => facts({ actions: ['x'], readOnly, filtered })))

function session(rules: readonly RuleEntry[], who: PolicySubject, grants: readonly Grant[] = []) {
  const roles = { reviewer: ['lead'], operator: [], auditor: [], administrator: [] }
  return compilePolicy(document({ rules, roles }), 1).forSession(who, grants)
}

/** What holds of a rule, without any of the shortcuts of a session. */
function outcome({ when }: RuleEntry, who: PolicySubject, operation: OperationFacts): boolean | 'failed' {
  if (when === undefined) return true
  try {
    return compileCondition(when, 'when').holds({ ...subjectScope(who), operation: new OperationFields(operation) })
  } catch {
    return 'failed'
  }
}

function gives(grants: readonly Grant[], rule: RuleEntry, { identity }: PolicySubject): boolean {
  return grants.some(({ kind, rules, target }) => {
    if (target !== 'shop' || !rules.includes(rule.name) || (rule.during === undefined && rule.then !== 'review')) return false
    if (kind === 'access') return rule.during !== undefined
    return identity.kind === 'person' && identity.actors.length === 0
      && (rule.breakGlass ?? []).some((group) => identity.groups.includes(group))
  })
}

/** The rules of deciding, written down as they read. */
function expected(rules: readonly RuleEntry[], who: PolicySubject, grants: readonly Grant[], operation: OperationFacts) {
  const is = (rule: RuleEntry, ...outcomes: readonly (boolean | 'failed')[]) => outcomes.includes(outcome(rule, who, operation))
  const denying = rules.find((rule) => rule.then === 'deny' && is(rule, true, 'failed'))
  if (denying) return { effect: 'deny', rule: denying.name, demands: undefined }
  const reviewing = rules.filter((rule) => rule.then === 'review' && !gives(grants, rule, who) && is(rule, true, 'failed'))
  if (reviewing[0]) return { effect: 'review', rule: reviewing[0].name, demands: reviewing.map(({ name }) => name) }
  const letting = rules.filter((rule) => rule.then === 'allow' && rule.during === undefined || gives(grants, rule, who))
  const effect = letting.some((rule) => is(rule, true)) ? 'allow' : 'deny'
  return { effect, rule: undefined, demands: undefined }
}

const isSame = (a: Decision, b: Decision) => {
  const { hint: _, ...one } = a
  const { hint: __, ...other } = b
  assert.deepEqual(one, other)
}

describe('whatever the rules, the identity and its grants', () => {
  const seen = { allow: 0, deny: 0, review: 0, lifted: 0, granted: 0 }

  test('deny beats review beats allow, and each rule for review that matches or fails demands unless it is lifted', () => {
    fc.assert(fc.property(situation, ({ rules, who, grants }) => {
      const { decide, readOnly } = session(rules, who, grants)
      for (const operation of OPERATIONS) {
        const decision = decide(operation)
        const { effect, rule, demands } = expected(rules, who, grants, operation)
        seen[decision.effect]++
        assert.equal(decision.effect, effect)
        if (rule !== undefined) assert.equal(decision.rule, rule)
        assert.deepEqual(decision.demands?.map((demand) => demand.rule), demands)
        if (readOnly && !operation.readOnly) assert.equal(decision.effect, 'deny')
      }
    }), { numRuns: 3000 })
    for (const effect of ['allow', 'deny', 'review'] as const) assert.ok(seen[effect] > 500, `${effect}: ${seen[effect]} seen`)
  })

  test('a grant changes no denial by a rule, adds no demand, and is named exactly where it makes the difference', () => {
    fc.assert(fc.property(situation, ({ rules, who, grants }) => {
      const [without, under] = [session(rules, who), session(rules, who, grants)]
      for (const operation of OPERATIONS) {
        const [before, after] = [without.decide(operation), under.decide(operation)]
        if (before.effect === 'deny' && before.rule !== 'no-rule-matched') isSame(after, before)
        for (const demand of after.demands ?? []) assert.ok(before.demands?.some((one) => one.rule === demand.rule))
        assert.equal(after.grant !== undefined, after.effect === 'allow' && before.effect !== 'allow')
        if (after.grant === undefined) continue
        seen[before.effect === 'review' ? 'lifted' : 'granted']++
        assert.ok(grants.some(({ id, target }) => id === after.grant && target === 'shop'))
      }
    }), { numRuns: 3000 })
    assert.ok(seen.lifted > 10 && seen.granted > 100, JSON.stringify(seen))
  })

  test('without grants rules during an access review are as if they were not there', () => {
    fc.assert(fc.property(situation, ({ rules, who }) => {
      const [whole, less] = [session(rules, who), session(rules.filter(({ during }) => during === undefined), who)]
      assert.equal(whole.readOnly, less.readOnly)
      for (const operation of OPERATIONS) isSame(whole.decide(operation), less.decide(operation))
    }), { numRuns: 1000 })
  })

  test('a grant for what is not grantable changes nothing', () => {
    fc.assert(fc.property(situation, ({ rules, who, grants }) => {
      const grantable = compilePolicy(document({ rules }), 1).grantable(who)
      const others = grants.map((one) => ({
        ...one,
        rules: one.rules.filter((name) => !grantable.some(({ rule, access, breakGlass }) =>
          rule === name && (one.kind === 'access' ? access : breakGlass) !== undefined)),
      }))
      const [without, under] = [session(rules, who), session(rules, who, others)]
      assert.equal(under.readOnly, without.readOnly)
      for (const operation of OPERATIONS) assert.deepEqual(under.decide(operation), without.decide(operation))
    }), { numRuns: 1000 })
  })
})
