import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BUILT_IN_RULES } from '../decision.ts'
import type { OperationFacts } from '../operation.ts'
import { compilePolicy } from './compile-policy.ts'
import { document, facts, subject } from './policy-samples.test-support.ts'
import type { RuleEntry } from './policy-document.ts'

const select = facts({ actions: ['select'], objects: ['public.customers'], readOnly: true })
const drop = facts({ actions: ['drop'], objects: ['public.customers'] })

function decide(rules: readonly RuleEntry[], given: OperationFacts = select) {
  return compilePolicy(document({ rules }), 7).forSession(subject()).decide(given)
}

describe('deciding', () => {
  test('deny beats review beats allow, whatever the order in the document', () => {
    const effects = fc.array(fc.constantFrom('allow', 'deny', 'review'), { maxLength: 8 })
    fc.assert(fc.property(effects, (thens) => {
      const decision = decide(thens.map((then, index): RuleEntry => ({ name: `rule-${index}`, then })))
      const strongest = ['deny', 'review', 'allow'].find((effect) => (thens as string[]).includes(effect))
      assert.equal(decision.effect, strongest ?? 'deny')
      const named = strongest === undefined ? BUILT_IN_RULES.noMatch : `rule-${(thens as string[]).indexOf(strongest)}`
      assert.equal(decision.rule, named)
      assert.equal(decision.policyVersion, 7)
    }))
  })

  test('no rule at all denies, and says that nothing can pass', () => {
    const decision = decide([])
    assert.equal(decision.effect, 'deny')
    assert.equal(decision.rule, 'no-rule-matched')
    assert.equal(decision.message, 'no rule lets support-bot run "select" on public.customers on shop')
    assert.equal(decision.hint, 'No rule of the policy lets you do anything on this target: ask its operator for one.')
  })

  test('a denial without a matching rule names the rules that can let something through', () => {
    const decision = decide([
      { name: 'reads', when: 'operation.readOnly', then: 'allow' },
      { name: 'others', when: '"dba" in identity.groups', then: 'allow' },
    ], drop)
    assert.equal(decision.hint, 'Only requests that change nothing can pass here, by rule: reads.')
  })

  test('a rule that denies gives its own words, and the hint what is possible instead', () => {
    const decision = decide([
      { name: 'reads', when: 'operation.readOnly', then: 'allow' },
      { name: 'writes', when: '!operation.readOnly', then: 'review', reviewers: ['dba'] },
      { name: 'no-drop', when: '"drop" in operation.actions', then: 'deny', message: 'nothing is dropped here' },
    ], drop)
    assert.equal(decision.rule, 'no-drop')
    assert.equal(decision.message, 'nothing is dropped here')
    assert.equal(
      decision.hint,
      'Do not send it again unchanged. Requests can pass here by rule: reads, writes (after a review).',
    )
  })

  test('a hint names no rule that the denial always beats', () => {
    const hint = (...rules: RuleEntry[]) => decide(rules, drop).hint
    const review = { then: 'review', reviewers: ['dba'] } as const
    const noDrop = { name: 'no-drop', when: '"drop" in operation.actions', then: 'deny' } as const
    assert.equal(hint(noDrop, { name: 'drops', when: '(  "drop" in operation.actions) && !operation.filtered', ...review }), 'Do not send it again unchanged. No rule of the policy lets you do anything on this target: ask its operator for one.')
    assert.equal(hint(noDrop, { name: 'drops', when: '"drop" in operation.actions', ...review }, { name: 'reads', when: 'operation.readOnly', then: 'allow' }),
      'Do not send it again unchanged. Only requests that change nothing can pass here, by rule: reads.')
    assert.match(hint({ ...noDrop, when: '"drop" in operation.actions && target.name == "shop"' }, { name: 'drops', when: '"drop" in operation.actions', then: 'allow' }) ?? '', /No rule/)
    assert.match(hint({ name: 'nothing', then: 'deny' }, { name: 'reads', when: 'operation.readOnly', then: 'allow' }) ?? '', /No rule/)
    for (const when of ['"delete" in operation.actions', '"drop" in operation.objects', '"drop" in operation.actions || operation.readOnly']) {
      assert.match(hint(noDrop, { name: 'others', when, then: 'allow' }) ?? '', /by rule: others/, when)
    }
  })

  test('a masked field where it cannot be masked is denied although a rule allows, in the words of the analysis', () => {
    const violation = { mask: 'personal', reason: 'customers.ssn is in a filter', hint: 'Filter by id.' }
    const decision = decide([{ name: 'all', then: 'allow' }], facts({ ...select, maskViolation: violation }))
    assert.deepEqual(decision, {
      effect: 'deny', rule: 'masked-field', policyVersion: 7,
      message: 'customers.ssn is in a filter (mask "personal")', hint: 'Filter by id.',
    })
  })

  test('what could not be analysed never counts as read-only, even if the facts contradict themselves', () => {
    const decision = decide([{ name: 'reads', when: 'operation.readOnly', then: 'allow' }],
      facts({ ...select, unknown: true, readOnly: true }))
    assert.equal(decision.rule, 'no-rule-matched')
    assert.match(decision.hint ?? '', /could not be analysed/)
  })

  test('a rule for another target is not looked at', () => {
    assert.equal(decide([{ name: 'all', targets: ['other'], then: 'allow' }]).effect, 'deny')
    assert.equal(decide([{ name: 'all', targets: ['shop', 'other'], then: 'allow' }]).effect, 'allow')
  })

  test('a condition that fails counts as matching in a rule that denies or wants a review, and not in one that allows', () => {
    const failing = 'identity.claims.team == "shop"'
    const all: RuleEntry = { name: 'all', then: 'allow' }
    const denied = decide([all, { name: 'team', when: failing, then: 'deny', message: 'no' }])
    assert.equal(denied.effect, 'deny')
    assert.equal(denied.rule, 'team')
    assert.match(denied.message ?? '', /^its condition could not be evaluated: No such key: team$/)
    const reviewed = decide([all, { name: 'team', when: failing, then: 'review', message: 'ask a lead' }])
    assert.equal(reviewed.effect, 'review')
    assert.equal(reviewed.rule, 'team')
    assert.match(reviewed.message ?? '', /^a person must approve "select" .* could not be evaluated: No such key: team$/)
    assert.equal(decide([{ name: 'team', when: failing, then: 'allow' }]).rule, 'no-rule-matched')
  })

  test('a failed condition never quotes a value', () => {
    const rule: RuleEntry = { name: 'odd', when: 'bool(identity.claims.email)', then: 'deny' }
    const decision = decide([rule])
    assert.equal(decision.effect, 'deny')
    assert.doesNotMatch(JSON.stringify(decision), /support@example/)
  })

  test('a request that touches thousands of things is denied before any condition walks them', () => {
    const many = facts({ ...select, objects: Array.from({ length: 1001 }, (_, index) => `t${index}`) })
    const decision = decide([{ name: 'all', then: 'allow' }], many)
    assert.equal(decision.effect, 'deny')
    assert.equal(decision.rule, 'unsupported-request')
  })

  test('names that a client made up are cut in messages', () => {
    const decision = decide([], facts({ ...select, objects: ['x'.repeat(10_000), 'a', 'b', 'c', 'd', 'e'] }))
    assert.ok((decision.message ?? '').length < 300)
    assert.match(decision.message ?? '', /and 2 more/)
  })

  test('a decision is remembered for the same facts, and cannot be changed', () => {
    const session = compilePolicy(document({ rules: [{ name: 'all', then: 'allow' }] }), 1).forSession(subject())
    const first = session.decide(select)
    assert.equal(session.decide(select), first)
    assert.ok(Object.isFrozen(first))
  })

  test('conditions see identity, target and session', () => {
    const holding = [
      'identity.name == "support-bot"', 'identity.kind == "agent"', 'identity.issuer == "corp"', 'identity.subject == "s-1"',
      '"support" in identity.groups', 'identity.claims.azp == "support-bot"', 'identity.claims.level == 3',
      'identity.claims.nested.deep == "yes"', '!has(identity.claims.absent)', '"dana@example.com" in identity.actors',
      'target.name == "shop"', 'target.protocol == "postgres"', 'target.labels.env == "prod"', '!("tier" in target.labels)',
      'session.purpose.contains("ticket")', 'operation.statements == 1', 'operation.actions == ["select"]',
      'operation.objects.all(o, o.startsWith("public."))', 'size(operation.functions) == 0', '!operation.unknown',
      'operation.objects.exists(o, o.matches("^public\\\\.(customers|orders)$"))',
    ]
    for (const when of holding) assert.equal(decide([{ name: 'r', when, then: 'allow' }]).effect, 'allow', when)
  })

  test('a claim named like a part of every object is absent unless the token has it', () => {
    for (const when of ['has(identity.claims.constructor)', '"toString" in identity.claims', 'has(target.labels.__proto__)']) {
      assert.equal(decide([{ name: 'r', when, then: 'allow' }]).effect, 'deny', when)
    }
  })
})
