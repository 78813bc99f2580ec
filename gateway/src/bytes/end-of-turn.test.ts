import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { atEndOfTurn } from './end-of-turn.ts'

/** What is thrown and nobody catches, in place of the end of the process. */
function uncaught(t: TestContext): unknown[] {
  const errors: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  t.after(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  return errors
}

test('calls come at the end of the turn, in their order, also those that a call puts off', async () => {
  const order: string[] = []
  atEndOfTurn(() => {
    order.push('first')
    atEndOfTurn(() => order.push('put off'))
  })
  atEndOfTurn(() => order.push('second'))
  queueMicrotask(() => order.push('microtask'))
  process.nextTick(() => order.push('tick'))
  assert.deepEqual(order, [])
  await nextTurn()
  assert.deepEqual(new Set(order.splice(0, 2)), new Set(['microtask', 'tick']))
  assert.deepEqual(order, ['first', 'second', 'put off'])
})

test('every turn has its own end', async () => {
  for (let turn = 0; turn < 5; turn++) {
    let calls = 0
    for (let call = 0; call < turn; call++) atEndOfTurn(() => calls++)
    await nextTurn()
    assert.equal(calls, turn)
  }
})

test('a call that throws keeps no other from being called, in this turn or later', async (t) => {
  const errors = uncaught(t)
  const order: number[] = []
  const fails = (name: string) => () => {
    throw new Error(name)
  }
  atEndOfTurn(() => order.push(1))
  atEndOfTurn(fails('a'))
  atEndOfTurn(() => {
    order.push(2)
    atEndOfTurn(() => order.push(4))
  })
  atEndOfTurn(fails('b'))
  atEndOfTurn(() => order.push(3))
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  assert.deepEqual(order, [1, 2, 3, 4])
  atEndOfTurn(() => order.push(5))
  await nextTurn()
  assert.deepEqual(order, [1, 2, 3, 4, 5])
  assert.deepEqual(errors.map((error) => (error as Error).message), ['a', 'b'])
})

test('what was called is not kept', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const kept = await (async () => {
    const sessions = Array.from({ length: 100 }, () => ({ bytes: Buffer.alloc(16) }))
    for (const session of sessions) atEndOfTurn(() => session.bytes.fill(1))
    await nextTurn()
    return sessions.map((session) => new WeakRef(session))
  })()
  await nextTurn()
  collect()
  assert.equal(kept.filter((reference) => reference.deref() !== undefined).length, 0)
})
