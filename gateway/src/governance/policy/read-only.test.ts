import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compilePolicy } from './compile-policy.ts'
import type { RuleEntry } from './policy-document.ts'
import { document, facts, subject } from './policy-samples.test-support.ts'

function sessionWith(rules: readonly RuleEntry[]) {
  return compilePolicy(document({ rules }), 1).forSession(subject())
}

function isReadOnly(...whens: readonly (string | undefined)[]): boolean {
  return sessionWith(whens.map((when, index): RuleEntry => ({
    name: `r-${index}`, then: index % 2 === 0 ? 'allow' : 'review', ...(when === undefined ? {} : { when }),
  }))).readOnly
}

const demanding = [
  'operation.readOnly',
  'operation.readOnly == true',
  'true == operation.readOnly',
  '(operation.readOnly)',
  'operation.readOnly && "support" in identity.groups',
  '"support" in identity.groups && operation.readOnly',
  'operation.statements == 1 && (target.labels.env == "prod" && operation.readOnly)',
  '(operation.filtered || operation.unknown) && operation.readOnly && session.purpose != ""',
  'operation.readOnly && operation.actions.exists(operation, operation == "select")',
]

/** Could hold for an operation that writes; each would be wrongly trusted by a check that looks for the words alone. */
const notDemanding = [
  undefined,
  'true',
  '!operation.readOnly',
  'operation.readOnly == false',
  'operation.readOnly != true',
  'operation.readOnly || "support" in identity.groups',
  'operation.readOnly || true',
  '!(operation.readOnly && operation.unknown)',
  'operation.readOnly ? true : true',
  'operation.filtered && (operation.readOnly || operation.statements == 1)',
  'operation.readOnly == operation.filtered',
  'operation.readOnly in [true, false]',
  '[operation.readOnly].exists(r, !r)',
  'cel.bind(x, operation.readOnly, !x)',
  '"operation.readOnly" != ""',
  'has(operation.readOnly)',
  '["a"].exists(operation, operation == "a") // && operation.readOnly',
]

describe('a session is read-only', () => {
  for (const when of demanding) test(`when all it may do is demanded to be: ${when}`, () => assert.ok(isReadOnly(when)))
  for (const when of notDemanding) test(`never by: ${when ?? 'a rule without condition'}`, () => assert.ok(!isReadOnly(when)))

  test('when nothing can be allowed at all', () => {
    assert.ok(isReadOnly())
    assert.ok(sessionWith([{ name: 'd', then: 'deny' }]).readOnly)
  })

  test('not, as soon as one of several rules can let a write through, by review too', () => {
    assert.ok(isReadOnly('operation.readOnly', 'operation.readOnly && operation.filtered'))
    assert.ok(!isReadOnly('operation.readOnly', '!operation.readOnly'))
  })

  test('also when a rule for writes is for others: by group, target label or purpose', () => {
    for (const others of [
      '"dba" in identity.groups && !operation.readOnly', '!operation.readOnly && target.labels.env == "dev"',
      'session.purpose == "migration" && operation.filtered', 'false', 'identity.kind == "person"', '(operation.filtered && identity.kind == "person") && operation.unknown',
    ]) assert.ok(isReadOnly('operation.readOnly', others), others)
  })

  test('also when a rule that allows names a claim that is absent, but not when it is one for review, which then matches', () => {
    const rules = (then: 'allow' | 'review'): RuleEntry[] => [
      { name: 'reads', when: 'operation.readOnly', then: 'allow' },
      { name: 'others', when: 'identity.claims.team == "dba" && operation.filtered', then },
    ]
    assert.ok(sessionWith(rules('allow')).readOnly)
    assert.ok(!sessionWith(rules('review')).readOnly)
  })

  test('not by what another rule for this very identity says', () => {
    for (const mine of [
      '"support" in identity.groups && !operation.readOnly', 'identity.claims.azp == "support-bot" && operation.filtered',
      'identity.kind == "person" || operation.filtered', 'identity.claims.team == "dba" || operation.filtered',
    ]) assert.ok(!isReadOnly('operation.readOnly', mine), mine)
  })

  test('whatever the rule for another target says', () => {
    const rules: RuleEntry[] = [
      { name: 'here', targets: ['shop'], when: 'operation.readOnly', then: 'allow' },
      { name: 'there', targets: ['other'], then: 'allow' },
    ]
    assert.ok(sessionWith(rules).readOnly)
  })

  test('only if no operation that writes is let through, over arbitrary conditions', () => {
    const atoms = fc.constantFrom(
      'operation.readOnly', 'operation.readOnly == true', 'operation.filtered', 'operation.unknown', 'true', 'false',
      '"support" in identity.groups', '"dba" in identity.groups', 'identity.claims.team == "x"', 'target.labels.env == "prod"',
      'operation.actions.exists(a, a == "update")', 'identity.claims.level == 3',
    )
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { depthSize: 'small', withCrossShrink: true }, atoms, atoms,
        fc.tuple(tie('condition'), fc.constantFrom('&&', '&&', '||', '==', '!='), tie('condition')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
        tie('condition').map((a) => `!(${a})`),
        fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([a, b, c]) => `(${a}) ? (${b}) : (${c})`),
      ),
    }))
    const rules = fc.array(fc.record({ when: condition, then: fc.constantFrom('allow' as const, 'review' as const, 'deny' as const) }), { maxLength: 4 })
    const operations = [true, false].flatMap((filtered) => [true, false].flatMap((unknown) => [[], ['update']].map((actions) =>
      facts({ actions, filtered, unknown, readOnly: false }))))
    let readOnlySessions = 0
    fc.assert(fc.property(rules, (entries) => {
      const session = sessionWith(entries.map((entry, index) => ({ name: `r-${index}`, ...entry })))
      if (!session.readOnly) return
      readOnlySessions += 1
      for (const writing of operations) assert.equal(session.decide(writing).effect, 'deny')
    }), { numRuns: 1500 })
    assert.ok(readOnlySessions > 100, `${readOnlySessions} sessions were read-only: too few to show anything`)
  })
})
