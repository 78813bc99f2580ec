import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compilePolicy } from './compile-policy.ts'
import type { MaskEntry, RuleEntry } from './policy-document.ts'
import { document, facts, grant, subject } from './policy-samples.test-support.ts'

type Identity = ReturnType<typeof subject>['identity']
const bot: NonNullable<Identity['actor']> = { kind: 'agent', name: 'bot', issuer: 'corp', subject: 'b', groups: ['bots'], claims: {} }
const dana: NonNullable<Identity['actor']> = { kind: 'person', name: 'dana', issuer: 'corp', subject: 'd', groups: ['dba'], claims: {} }
const botForDana = subject({ ...dana, actors: ['bot'], actor: bot })
const danaAlone = subject({ ...dana, actors: [] })
const botAlone = subject({ ...bot, actors: [] })
const read = facts({ actions: ['select'], readOnly: true })
const write = facts({ actions: ['update'] })

const sessionOf = (rules: readonly RuleEntry[], who = botForDana, masks: readonly MaskEntry[] = []) => compilePolicy(document({ rules, masks }), 1).forSession(who)
const effect = (rules: readonly RuleEntry[], who = botForDana, what = write) => sessionOf(rules, who).decide(what).effect

describe('an agent for a person', () => {
  test('may not do what a rule lets persons of a group do, unless the agent may too or the rule speaks of it', () => {
    const dba: RuleEntry = { name: 'dba', when: '"dba" in identity.groups', then: 'allow' }
    assert.equal(effect([dba], danaAlone), 'allow')
    assert.equal(effect([dba]), 'deny')
    assert.match(JSON.stringify(sessionOf([dba]).decide(write)), /bot acts for dana, and may do no more than by itself: no rule lets bot run/)
    assert.equal(effect([dba, { name: 'bots', when: 'identity.name == "bot"', then: 'allow' }]), 'allow')
    assert.equal(effect([{ ...dba, when: '"dba" in identity.groups && identity.actor == "bot"' }]), 'allow')
    assert.equal(effect([{ ...dba, when: '"dba" in identity.groups && identity.actor == "other"' }]), 'deny')
    assert.equal(effect([{ ...dba, when: '"dba" in identity.groups && identity.actors.exists(a, a == "bot")' }]), 'allow')
    assert.equal(effect([{ ...dba, when: '"dba" in identity.groups && identity.claims.actor == "bot"' }]), 'deny')
    assert.equal(effect([{ ...dba, when: '["x"].exists(identity, identity == "x") && "dba" in ["dba"] && identity.name != "bot"' }]), 'deny')
  })

  test('may not do what a rule lets the agent do alone, unless the person may too', () => {
    const bots: RuleEntry = { name: 'bots', when: '"bots" in identity.groups', then: 'allow' }
    assert.equal(effect([bots], botAlone), 'allow')
    assert.equal(effect([bots]), 'deny')
  })

  test('is denied what either is denied, and waits for all that either waits for', () => {
    const all: RuleEntry = { name: 'all', then: 'allow' }
    for (const when of ['identity.name == "bot"', 'identity.kind == "agent"', 'identity.name == "dana"', 'identity.actor == "bot"']) {
      assert.equal(effect([all, { name: 'no', when, then: 'deny' }]), 'deny', when)
      assert.equal(effect([all, { name: 'ask', when, then: 'review' }]), 'review', when)
    }
    const asked = sessionOf([all, { name: 'of-bots', when: 'identity.name == "bot"', then: 'review', reviewers: ['a'] }, { name: 'of-dana', when: 'identity.name == "dana"', then: 'review', reviewers: ['b'] }]).decide(write)
    assert.deepEqual(asked.effect === 'review' && asked.demands?.map(({ rule }) => rule), ['of-dana', 'of-bots'])
    const one = sessionOf([{ name: 'both', then: 'review', reviewers: ['a'] }]).decide(write)
    assert.deepEqual(one.effect === 'review' && one.demands?.map(({ rule }) => rule), ['both'])
  })

  test('sees masked what either sees masked', () => {
    const mask = (unless: string): MaskEntry => ({ name: 'm', columns: ['t.c'], method: 'redact', unless })
    const masked = (unless: string, who = botForDana) => sessionOf([], who, [mask(unless)]).masks.length
    assert.deepEqual([masked('"dba" in identity.groups', danaAlone), masked('"dba" in identity.groups'), masked('"bots" in identity.groups')], [0, 1, 1])
    assert.deepEqual([masked('identity.issuer == "corp"'), masked('"dba" in identity.groups && identity.actor == "bot"')], [0, 0])
  })

  test('is read-only where either is, and is granted only what both could be', () => {
    const reads: RuleEntry = { name: 'reads', when: 'operation.readOnly', then: 'allow' }
    assert.equal(sessionOf([reads, { name: 'w', when: 'identity.name == "dana"', then: 'allow' }]).readOnly, true)
    assert.equal(sessionOf([reads, { name: 'w', when: 'identity.actor == "bot"', then: 'allow' }]).readOnly, false)
    const night: RuleEntry = { name: 'night', when: '"dba" in identity.groups', then: 'allow', during: 'access-review', reviewers: ['dba'] }
    const policy = compilePolicy(document({ rules: [night, { ...night, name: 'for-bots', when: '"dba" in identity.groups && identity.actor == "bot"' }] }), 1)
    assert.deepEqual([policy.grantable(danaAlone).map(({ rule }) => rule), policy.grantable(botForDana).map(({ rule }) => rule)], [['night'], ['for-bots']])
    assert.equal(policy.forSession(botForDana, [grant(botForDana, ['night'])]).decide(write).effect, 'deny')
    assert.equal(policy.forSession(botForDana, [grant(botForDana, ['for-bots'])]).decide(write).effect, 'allow')
  })

  test('of whom only the name is known may do what goes by no group or claim of it', () => {
    const { actor: _actor, ...unknown } = botForDana.identity
    const who = { ...botForDana, identity: unknown }
    assert.equal(effect([{ name: 'b', when: '"bots" in identity.groups || "dba" in identity.groups', then: 'allow' }], who), 'deny')
    assert.equal(effect([{ name: 'b', when: 'identity.name in ["bot", "dana"]', then: 'allow' }], who), 'allow')
  })

  test('has at most what each has by itself, whatever the rules that do not speak of who acts', () => {
    const atoms = ['"dba" in identity.groups', '"bots" in identity.groups', 'identity.kind == "agent"', 'identity.name == "dana"', 'operation.readOnly', '!operation.readOnly', 'identity.claims.level == 3', 'true']
    const when = fc.tuple(fc.constantFrom(...atoms), fc.constantFrom('&&', '||'), fc.constantFrom(...atoms)).map((parts) => parts.join(' '))
    const rule = fc.record({ when, then: fc.constantFrom('allow', 'deny', 'review') })
    const rank = { deny: 0, review: 1, allow: 2 }
    fc.assert(fc.property(fc.array(rule, { maxLength: 5 }), fc.constantFrom(read, write), (given, what) => {
      const rules = given.map((one, index): RuleEntry => ({ ...one, name: `r${index}` }))
      const alone = [danaAlone, botAlone].map((who) => rank[effect(rules, who, what)])
      assert.equal(rank[effect(rules, botForDana, what)], Math.min(...alone))
    }), { numRuns: 300 })
  })
})
