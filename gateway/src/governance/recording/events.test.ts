import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Decision } from '../decision.ts'
import type { Operation, OperationFacts } from '../operation.ts'
import type { SessionPolicy } from '../policy/policy.ts'
import type { Session } from '../session.ts'
import type { LoginRefused, OperationDecided, OperationFinished, SessionOpened } from './events.ts'
import { encodeDecided, encodeFinished, encodeLoginRefused, encodeSessionClosed, encodeSessionOpened } from './events.ts'
import { MAX_ENTRY_BYTES } from './ledger.ts'

const AT = 1_767_225_600_123
const session = (more: Partial<Session> = {}): Session => ({
  id: 'mf2q9x7a-Zk3v"Q', protocol: 'postgres', clientAddress: '127.0.0.1', application: 'psql', openedAtMs: AT,
  operations: 4, refused: 1, grants: [], ended: undefined,
  target: { name: 'shop', protocol: 'postgres', labels: {} },
  policy: { version: 3 } as SessionPolicy,
  admission: {
    identity: { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'sub-1', groups: ['bots'], claims: { secret: 'claim' }, actors: ['dana'] },
    purpose: 'answers tickets', tokenId: 'tok-1', expiresAtMs: AT + 1000,
  },
  ...more,
})
const text = fc.string({ unit: fc.oneof(fc.constantFrom('"', '\\', '\n', '\0', 'é', '😀', '\ud83d', '\ude00', 'x'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })), maxLength: 60 })
const names = fc.array(text, { maxLength: 4 })
const factsOf = (lists: { actions: string[]; objects: string[]; functions: string[] }): OperationFacts => (
  { ...lists, readOnly: true, filtered: true, unknown: false, statements: 1 })
const allowed: Decision = { effect: 'allow', rule: 'reads "all"', policyVersion: 7 }
const parse = <T>(entry: string): T => JSON.parse(entry) as T
const sha256 = (whole: string): string => createHash('sha256').update(whole).digest('hex')
function assertFits(entry: string): void {
  assert.ok(Buffer.byteLength(entry) <= MAX_ENTRY_BYTES, `${Buffer.byteLength(entry)} bytes`)
  assert.ok(!entry.includes('\n'))
  assert.equal(Buffer.from(entry).toString('utf8'), entry, 'is well-formed Unicode')
}

test('a decision is recorded as it was made, whatever stands in text, parameters and names', () => {
  const lists = fc.record({ actions: names, objects: names, functions: names })
  const parameters = fc.array(fc.option(text), { maxLength: 4 })
  const passed = fc.record({ grant: text, prepares: fc.constant(true) }, { requiredKeys: [] })
  fc.assert(fc.property(text, parameters, lists, text, fc.constantFrom('allow', 'deny', 'review'), passed, (sql, values, facts, rule, effect, by) => {
    const operation: Operation = { protocol: 'postgres', text: sql, parameters: values, facts: factsOf(facts) }
    // The second time comes from kept fragments and must not differ.
    for (const n of [1, 2]) {
      const entry = encodeDecided(session(), n, operation, { effect, rule, policyVersion: 7, ...by }, AT)
      assertFits(entry)
      assert.deepEqual(parse<OperationDecided>(entry), {
        v: 1, event: 'operation.decided', at: AT, session: session().id, n, text: sql,
        ...(values.length > 0 && { parameters: values }), actions: facts.actions, objects: facts.objects,
        ...(facts.functions.length > 0 && { functions: facts.functions }), readOnly: true, decision: effect, rule, policyVersion: 7, ...by,
      })
    }
  }))
})

test('fragments kept for one session, statement or decision never show up in another', () => {
  const operation = (name: string): Operation => ({ protocol: 'postgres', text: 't', parameters: [], facts: factsOf({ actions: [name], objects: [], functions: [] }) })
  const seen = ['a', 'b', 'a', 'c'].map((name) => parse<OperationDecided>(
    encodeDecided(session({ id: `s-${name}` }), 1, operation(name), { effect: 'deny', rule: `r-${name}`, policyVersion: 1 }, AT)))
  assert.deepEqual(seen.map((event) => [event.session, event.actions[0], event.rule]), [['s-a', 'a', 'r-a'], ['s-b', 'b', 'r-b'], ['s-a', 'a', 'r-a'], ['s-c', 'c', 'r-c']])
})

test('a text too long for an entry is cut between code points, with size and digest of the whole', () => {
  for (const unit of ['x', 'é', '€', '😀', '\0', '"', '\ud83d', '€😀"']) {
    for (const length of [10_000, 21_845, 21_846, 65_500, 65_501, 65_502, 65_503, 300_000]) {
      // Another beginning for each length, so that the cut falls on every byte of a character.
      const whole = 'a'.repeat(length % 5) + unit.repeat(Math.ceil(length / unit.length))
      const entry = encodeDecided(session(), 1, { protocol: 'postgres', text: whole, parameters: [], facts: factsOf({ actions: [], objects: [], functions: [] }) }, allowed, AT)
      assertFits(entry)
      const event = parse<OperationDecided>(entry)
      assert.ok(whole.startsWith(event.text))
      if (event.text === whole) {
        assert.equal(event.textTruncated, undefined)
        continue
      }
      assert.deepEqual(event.textTruncated, { bytes: Buffer.byteLength(whole), sha256: sha256(whole) })
      assert.ok(Buffer.byteLength(JSON.stringify(event.text)) > 32_700, 'uses the room there is')
      if (unit.isWellFormed()) assert.ok(event.text.isWellFormed())
    }
  }
})

test('everything too long at once still fits into one entry, and says what was cut', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 40_000 }), fc.constantFrom('x', '"', '€', '\u0001'), (count, length, unit) => {
    const list = Array.from({ length: count }, (_, index) => `${unit.repeat(20)}${index}`)
    const facts = factsOf({ actions: list, objects: list, functions: list })
    const parameters = [null, unit.repeat(length), ...list]
    const entry = encodeDecided(session(), 1, { protocol: 'postgres', text: unit.repeat(length), parameters, facts }, { ...allowed, rule: unit.repeat(length), grant: 'gr_1', prepares: true }, AT)
    assertFits(entry)
    const event = parse<OperationDecided>(entry)
    assert.equal(event.parameters?.[0], null)
    if (event.objectsTruncated) assert.equal(event.objectsTruncated.sha256, sha256(JSON.stringify(list)))
    else assert.deepEqual(event.objects, list)
    if (event.parametersTruncated) assert.equal(event.parametersTruncated.sha256, sha256(JSON.stringify(parameters)))
    else assert.deepEqual(event.parameters, parameters)
  }), { numRuns: 40 })
})

test('an outcome is recorded with its numbers and the target\'s code', () => {
  const entry = encodeFinished(session(), 9, { result: 'failed', rows: 0, bytes: 120, code: '42P01', durationMs: 0.412_345_6 }, AT)
  assert.deepEqual(parse<OperationFinished>(entry), {
    v: 1, event: 'operation.finished', at: AT, session: session().id, n: 9, result: 'failed', rows: 0, bytes: 120, code: '42P01', us: 412,
  })
  assert.equal('code' in parse<OperationFinished>(encodeFinished(session(), 9, { result: 'completed', rows: 1, bytes: 2, durationMs: 1 }, AT)), false)
  assertFits(encodeFinished(session(), 9, { result: 'failed', rows: 0, bytes: 0, code: '"'.repeat(100_000), durationMs: 1 }, AT))
})

test('a session is recorded with who opened it, for whom and for what, but not with claims', () => {
  const entry = encodeSessionOpened(session())
  assert.deepEqual(parse<SessionOpened>(entry), {
    v: 1, event: 'session.opened', at: AT, session: session().id,
    identity: { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'sub-1', groups: ['bots'], actors: ['dana'] },
    tokenId: 'tok-1', target: 'shop', protocol: 'postgres', purpose: 'answers tickets', client: '127.0.0.1', application: 'psql', policyVersion: 3,
  })
  const huge = '"'.repeat(200_000)
  const identity = { kind: 'agent' as const, name: huge, issuer: huge, subject: huge, groups: [huge, huge], claims: {}, actors: [huge] }
  assertFits(encodeSessionOpened(session({
    application: huge, clientAddress: huge, target: { name: huge, protocol: 'postgres', labels: {} },
    admission: { identity, purpose: huge, tokenId: huge, expiresAtMs: AT },
  })))
  assertFits(encodeSessionClosed(session(), huge, AT))
})

test('a refused login is recorded without the credential', () => {
  const request = { protocol: 'postgres', credential: 'the-secret', target: 'shop', clientAddress: '127.0.0.1', application: 'psql', end: () => undefined }
  const entry = encodeLoginRefused(request, 'this token has expired', AT)
  assert.ok(!entry.includes('the-secret'))
  assert.deepEqual(parse<LoginRefused>(entry), {
    v: 1, event: 'login.refused', at: AT, target: 'shop', protocol: 'postgres', client: '127.0.0.1', application: 'psql', reason: 'this token has expired',
  })
})
