import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Grant } from '../review/grant.ts'
import { compilePolicy } from './compile-policy.ts'
import type { RuleEntry } from './policy-document.ts'
import { document, facts, grant, subject } from './policy-samples.test-support.ts'

const write = facts({ actions: ['update'], objects: ['public.orders'] })
const maintenance: RuleEntry = {
  name: 'maintenance', when: '!operation.readOnly', then: 'allow', during: 'access-review', reviewers: ['platform'], breakGlass: ['on-call'],
}
const writes: RuleEntry = { name: 'writes', when: '!operation.readOnly', then: 'review', reviewers: ['dba'], breakGlass: ['on-call'] }
const payouts: RuleEntry = { name: 'payouts', then: 'review', reviewers: ['leads'], approvals: 2, holdMs: 0, expiresMs: 1000, preview: 'rehearse' }

const agent = subject()
const onCall = subject({ kind: 'person', name: 'kim@example.com', subject: 'p-1', groups: ['on-call'], actors: [] })

function decide(rules: readonly RuleEntry[], who = agent, grants: readonly Grant[] = []) {
  return session(rules, who, grants).decide(write)
}

function session(rules: readonly RuleEntry[], who = agent, grants: readonly Grant[] = []) {
  const roles = { reviewer: ['lead'], operator: [], auditor: [], administrator: [] }
  return compilePolicy(document({ rules, roles }), 4).forSession(who, grants)
}

describe('a review demands', () => {
  test('what each rule that matches asks for, in the order of the document, in words of the first', () => {
    const decision = decide([{ name: 'all', then: 'allow' }, writes, { name: 'no', when: 'operation.readOnly', then: 'review' }, payouts])
    assert.deepEqual(decision, {
      effect: 'review', rule: 'writes', policyVersion: 4, message: 'a person must approve "update" on public.orders first',
      demands: [
        { rule: 'writes', reviewers: ['dba'], approvals: 1, holdMs: 60_000, transactionHoldMs: 10_000, expiresMs: 900_000, preview: 'count' },
        { rule: 'payouts', reviewers: ['leads'], approvals: 2, holdMs: 0, transactionHoldMs: 0, expiresMs: 1000, preview: 'rehearse' },
      ],
    })
    assert.ok(Object.isFrozen(decision.demands) && Object.isFrozen(decision.demands?.[0]))
  })

  test('an answer of roles.reviewer where the rule names nobody', () => {
    assert.deepEqual(decide([{ name: 'r', then: 'review' }]).demands?.[0]?.reviewers, ['lead'])
  })

  test('an answer to a rule of which it cannot be told whether it matches, beside one that does', () => {
    const unclear: RuleEntry = { name: 'unclear', when: 'operation.filtered && identity.claims.team == "dba"', then: 'review', message: 'ask' }
    const decision = decide([unclear, payouts])
    assert.deepEqual(decision.demands?.map(({ rule }) => rule), ['unclear', 'payouts'])
    assert.equal(decision.message, 'a person must approve "update" on public.orders first: the condition of this rule could not be evaluated: No such key: team')
  })

  test('nothing of a rule whose condition is false beside a part that fails', () => {
    for (const when of ['identity.claims.team == "dba" && operation.readOnly', 'target.labels.env == "dev" && identity.claims.team == "dba"']) {
      assert.equal(decide([{ name: 'r', when, then: 'review' }, { name: 'all', then: 'allow' }]).rule, 'all', when)
    }
  })
})

describe('a rule during an access review', () => {
  test('holds only under a grant that names it, and the decision names the grant', () => {
    const denied = decide([maintenance])
    assert.equal(denied.rule, 'no-rule-matched')
    assert.deepEqual(decide([maintenance], agent, [grant(agent, ['maintenance'])]),
      { effect: 'allow', rule: 'maintenance', policyVersion: 4, grant: 'gr_1' })
    assert.equal(decide([maintenance], agent, [grant(agent, ['other'])]).effect, 'deny')
  })

  test('is pointed to when it would have let a request through, with how to ask for it', () => {
    const hint = 'A person can grant access for a while, by rule "maintenance": sallyport access request shop --for 30m --reason "…". '
      + 'Requests can pass here by rule: maintenance (with granted access).'
    assert.equal(decide([maintenance]).hint, hint)
    assert.match(decide([{ ...maintenance, longestMs: 600_000 }]).hint ?? '', /--for 10m /)
    const other: RuleEntry = { ...maintenance, name: 'other', when: 'operation.readOnly' }
    assert.match(decide([other, maintenance]).hint ?? '', /request shop --rule maintenance --for 30m /)
    assert.match(decide([other, maintenance], agent, [grant(agent, ['other'])]).hint ?? '',
      /--rule maintenance .* by rule: other, maintenance \(with granted access\)\.$/)
    const elsewhere = decide([{ ...maintenance, when: 'operation.readOnly' }]).hint
    assert.equal(elsewhere, 'Only requests that change nothing can pass here, by rule: maintenance (with granted access).')
    assert.doesNotMatch(decide([{ name: 'no', then: 'deny' }, maintenance]).hint ?? '', /access request/)
  })

  test('is not named as the reason where another rule allows without a grant', () => {
    const decision = decide([maintenance, { name: 'all', then: 'allow' }], agent, [grant(agent, ['maintenance'])])
    assert.deepEqual(decision, { effect: 'allow', rule: 'all', policyVersion: 4 })
  })

  test('lets no operation pass for which a review is wanted', () => {
    assert.equal(decide([maintenance, writes], agent, [grant(agent, ['maintenance', 'writes'])]).effect, 'review')
  })

  test('decides whether a session is read-only as soon as it is granted, and not before', () => {
    const reads: RuleEntry = { name: 'reads', when: 'operation.readOnly', then: 'allow' }
    assert.ok(session([reads, maintenance]).readOnly)
    assert.ok(!session([reads, maintenance], agent, [grant(agent, ['maintenance'])]).readOnly)
    assert.ok(session([reads, maintenance], agent, [grant(agent, ['gone'])]).readOnly)
  })
})

describe('breaking the glass', () => {
  const taken = grant(onCall, ['writes', 'maintenance'], 'break-glass')

  test('lets the named rules pass without a review, and the decision names the grant', () => {
    assert.deepEqual(decide([writes], onCall, [taken]), { effect: 'allow', rule: 'writes', policyVersion: 4, grant: 'gr_1' })
    assert.deepEqual(decide([maintenance], onCall, [taken]), { effect: 'allow', rule: 'maintenance', policyVersion: 4, grant: 'gr_1' })
  })

  test('lifts no other rule for review, no denial and no mask', () => {
    const demands = decide([writes, payouts], onCall, [taken]).demands
    assert.deepEqual(demands?.map(({ rule }) => rule), ['payouts'])
    assert.equal(decide([writes, { name: 'no', then: 'deny' }], onCall, [taken]).rule, 'no')
    const violation = { mask: 'personal', reason: 'customers.ssn is in a filter', hint: 'Filter by id.' }
    assert.equal(session([writes], onCall, [taken]).decide(facts({ ...write, maskViolation: violation })).rule, 'masked-field')
  })

  test('names the grant also where another rule allows what the review held back', () => {
    const decision = decide([{ name: 'all', then: 'allow' }, writes], onCall, [taken])
    assert.deepEqual([decision.effect, decision.grant], ['allow', 'gr_1'])
    const failing = { ...writes, when: 'identity.claims.team == "dba"' }
    assert.deepEqual(decide([{ name: 'all', then: 'allow' }, failing], onCall, [taken]),
      { effect: 'allow', rule: 'all', policyVersion: 4, grant: 'gr_1' })
  })

  test('lets nothing pass by a rule of which it cannot be told whether it matches', () => {
    assert.equal(decide([{ ...writes, when: 'identity.claims.team == "dba"' }], onCall, [taken]).rule, 'no-rule-matched')
  })

  test('is for people of the groups that the rule names now, never for agents or through them', () => {
    for (const who of [
      subject({ groups: ['on-call'], actors: [] }), subject({ kind: 'person', groups: ['on-call'], actors: ['support-bot'] }),
      subject({ kind: 'person', groups: ['dba'], actors: [] }),
    ]) assert.equal(decide([writes], who, [grant(who, ['writes'], 'break-glass')]).effect, 'review')
    assert.equal(decide([{ ...writes, breakGlass: ['others'] }], onCall, [taken]).effect, 'review')
    const { breakGlass: _, ...without } = writes
    assert.equal(decide([without], onCall, [taken]).effect, 'review')
  })

  test('gives way to access that people granted, in what is named', () => {
    const granted = { ...grant(onCall, ['maintenance']), id: 'gr_2' }
    assert.equal(decide([maintenance], onCall, [taken, granted]).grant, 'gr_2')
  })
})

test('a grant of somebody else, or for another target, gives nothing', () => {
  const own = grant(agent, ['maintenance'])
  for (const other of [
    { ...own, target: 'other' }, ...[{ name: 'other-bot' }, { subject: 's-2' }, { issuer: 'ci' }, { kind: 'person' as const }, { actors: [] }, { actors: ['kim@example.com'] }]
      .map((change) => ({ ...own, requester: { ...own.requester, ...change } })),
  ]) assert.equal(decide([maintenance], agent, [other]).effect, 'deny', JSON.stringify(other))
})

describe('what can be granted', () => {
  const grantable = (rules: readonly RuleEntry[], who = agent) => compilePolicy(document({ rules }), 1).grantable(who)

  test('to an agent is access by rules that could hold for it here, with what each demands', () => {
    const found = grantable([
      { name: 'all', then: 'allow' }, writes, maintenance,
      { ...maintenance, name: 'elsewhere', targets: ['other'] },
      { ...maintenance, name: 'for-others', when: '"dba" in identity.groups && !operation.readOnly' },
      { ...maintenance, name: 'unclear', when: 'identity.claims.team == "dba" && !operation.readOnly' },
      { ...maintenance, name: 'short', longestMs: 60_000 },
    ])
    const demand = (rule: string) =>
      ({ rule, reviewers: ['platform'], approvals: 1, holdMs: 0, transactionHoldMs: 0, expiresMs: 900_000, preview: 'none' })
    assert.deepEqual(found, [
      { rule: 'maintenance', access: { demand: demand('maintenance'), longestMs: 28_800_000 } },
      { rule: 'short', access: { demand: demand('short'), longestMs: 60_000 } },
    ])
  })

  test('to a person of a named group is also what they may take themselves', () => {
    const found = grantable([writes, payouts, maintenance, { name: 'no', then: 'deny' }], onCall)
    assert.deepEqual(found.map(({ rule, access, breakGlass }) => [rule, access !== undefined, breakGlass]), [
      ['writes', false, ['on-call']], ['maintenance', true, ['on-call']],
    ])
  })
})
