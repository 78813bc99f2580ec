import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplayLine, SessionOperation } from '@sallyport/contract'
import { putLine } from '../src/api/live-operations.ts'

const decided = (number: number): ReplayLine => ({
  type: 'operation', number, at: '2026-03-02T09:14:07.000Z', text: `select ${number}`, textTruncated: false, actions: [], objects: [], parameters: [],
  decision: { effect: 'allow', rule: 'reads', policyVersion: 1 },
})
const outcome = { result: 'completed', rows: 1, bytes: 2, masked: 0, code: null, durationMs: 3 } as const

test('operations stand in order with the outcomes that came later', () => {
  const known = new Map<number, SessionOperation>()
  const put = (line: ReplayLine) => putLine(known, line)
  assert.deepEqual([put(decided(1)), put(decided(2)), put({ type: 'outcome', operation: 1, outcome })], [true, true, true])
  assert.deepEqual([...known.values()].map((one) => [one.number, one.outcome?.result ?? null]), [[1, 'completed'], [2, null]])
  assert.equal(put({ type: 'outcome', operation: 9, outcome }), false)
  assert.equal(put({ type: 'end' }), false)
})

test('a stream that begins anew changes nothing that is known, and only the newest are kept', () => {
  const known = new Map<number, SessionOperation>()
  putLine(known, decided(1))
  putLine(known, { type: 'outcome', operation: 1, outcome })
  putLine(known, decided(1))
  assert.equal(known.get(1)?.outcome?.result, 'completed')
  for (let number = 2; number <= 2_000; number += 1) putLine(known, decided(number))
  assert.deepEqual([known.size, known.keys().next().value], [500, 1_501])
})
