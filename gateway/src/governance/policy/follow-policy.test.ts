import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { LocalSignals } from '../../storage/local-signals.ts'
import { followPolicy } from './follow-policy.ts'

function setUp(everyMs: number) {
  const signals = new LocalSignals((error) => assert.fail(error))
  const state = { looks: 0, failure: undefined as string | undefined }
  const errors: string[] = []
  const end = followPolicy({
    policies: { follow: () => { state.looks += 1; return state.failure === undefined ? Promise.resolve() : Promise.reject(new Error(state.failure)) } },
    signals, everyMs, onError: ({ message }) => errors.push(message),
  })
  return { signals, state, errors, end }
}

test('a policy is looked for when a signal tells of one, and when signals were missed', async () => {
  const { signals, state, end } = setUp(60_000)
  signals.tell({ what: 'lock', id: 'agent:bot' })
  assert.equal(state.looks, 0)
  signals.tell({ what: 'policy', id: '2' })
  assert.equal(state.looks, 1)
  signals.tellGap()
  assert.equal(state.looks, 2)
  await end()
  signals.tell({ what: 'policy', id: '3' })
  assert.equal(state.looks, 2)
})

test('a policy is found though no signal came or a look failed, and a failure that lasts is told once', async () => {
  const { state, errors, end } = setUp(5)
  await eventually('it looked', () => state.looks > 1)
  state.failure = 'no database'
  const before = state.looks
  await eventually('it looked again and again', () => state.looks > before + 3)
  assert.deepEqual(errors, ['no database'])
  state.failure = undefined
  const failed = state.looks
  await eventually('it looks on', () => state.looks > failed + 1)
  state.failure = 'no database'
  await eventually('it is told again', () => errors.length === 2)
  await end()
  const ended = state.looks
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(state.looks, ended)
})
