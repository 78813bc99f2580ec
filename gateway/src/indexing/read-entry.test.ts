import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { OperationDecided } from '../governance/recording/event-schema.ts'
import { encodeDecided, encodeFinished } from '../governance/recording/events.ts'
import type { Session } from '../governance/session.ts'
import { readEntry } from './read-entry.ts'

const session = { id: '0mwsa98oc-Sp84TXZ52hCgAgAr' } as Session
const AT = 1_767_225_600_123
const text = fc.array(fc.oneof(
  fc.constantFrom('"', '\\', '","', ',"actions":', '\\"', '{"v":1', '],', 'é', '👍', '\ud83d', '\u0000', "'"), fc.string({ unit: 'binary', maxLength: 4 }),
)).map((parts) => parts.join(''))
const operation = fc.record({ text, parameters: fc.array(fc.option(text), { maxLength: 3 }), actions: fc.array(text, { maxLength: 2 }), objects: fc.array(text, { maxLength: 2 }), rule: text })
type Drawn = typeof operation extends fc.Arbitrary<infer T> ? T : never

function decided({ text: words, parameters, actions, objects, rule }: Drawn, n = 7): Buffer {
  const facts = { actions, objects, functions: [], readOnly: true, filtered: true, unknown: false, statements: 1 }
  return Buffer.from(encodeDecided(session, n, { protocol: 'postgres', text: words, parameters, facts }, { effect: 'allow', rule, policyVersion: 3 }, AT))
}

test('a decision is read as it was written, whatever stands in it', () => {
  fc.assert(fc.property(operation, (drawn) => {
    const bytes = decided(drawn)
    const entry = readEntry(bytes)
    const event = JSON.parse(bytes.toString('utf8')) as OperationDecided
    if (entry?.kind !== 'decided') assert.fail('it is a decision')
    assert.deepEqual([entry.session, entry.n, entry.at], [event.session, event.n, event.at])
    assert.deepEqual(entry.parse(), event)
  }), { numRuns: 500 })
})

test('decisions have the same shape when all but number and parameters is the same, and only then', () => {
  const shapeOf = (bytes: Buffer) => {
    const entry = readEntry(bytes)
    return entry?.kind === 'decided' ? `${entry.text}\0${entry.facts}` : assert.fail('it is a decision')
  }
  const without = ({ parameters: _, ...rest }: Drawn) => JSON.stringify(rest)
  fc.assert(fc.property(operation, operation, fc.boolean(), (one, other, sameText) => {
    const second = sameText ? { ...one, parameters: other.parameters } : other
    assert.equal(shapeOf(decided(one, 1)) === shapeOf(decided(second, 2)), without(one) === without(second))
  }), { numRuns: 500 })
})

test('an outcome is read as it was written', () => {
  fc.assert(fc.property(fc.constantFrom('completed', 'failed', 'aborted'), fc.nat(), fc.nat(3), fc.option(fc.oneof(fc.constantFrom('42P01', ''), text), { nil: undefined }), (result, rows, masked, code) => {
    const bytes = Buffer.from(encodeFinished(session, 9, { result, rows, bytes: 5, masked, durationMs: 1, ...(code !== undefined && { code }) }, AT))
    const event = JSON.parse(bytes.toString('utf8')) as { code?: string }
    assert.deepEqual(readEntry(bytes), { kind: 'finished', session: session.id, n: 9, result, rows, masked, code: event.code })
  }), { numRuns: 500 })
})

test('what the index does not hold, and what is no event, is passed over', () => {
  for (const bytes of ['{"v":1,"event":"login.refused","at":1}', '', 'x', 'null', '7', '{"v":1,"event":"operation.decided"']) assert.equal(readEntry(Buffer.from(bytes)), undefined)
  assert.equal(readEntry(Buffer.from('{"event":"session.closed","v":1,"at":1,"session":"a","reason":"","operations":1,"refused":0}'))?.kind, 'other')
})
