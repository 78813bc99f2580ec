import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { Keepalive } from './keepalive.ts'

/** Of one peer, asked every 10 ms. */
function watched(answers: (keepalive: Keepalive) => void, isRead = () => true): { readonly keepalive: Keepalive; asked: number; gone: number } {
  const seen = {
    asked: 0, gone: 0,
    keepalive: new Keepalive(() => {
      seen.asked++
      answers(seen.keepalive)
    }, isRead, () => void seen.gone++, 10),
  }
  return seen
}

test('a peer that answers stays, however long it is quiet besides', async () => {
  const seen = watched((keepalive) => keepalive.heard())
  await sleep(300)
  seen.keepalive.stop()
  assert.equal(seen.gone, 0)
  assert.ok(seen.asked > 1)
})

test('a peer that does not answer is gone, once', async () => {
  const seen = watched(() => undefined)
  await sleep(300)
  assert.equal(seen.gone, 1)
  assert.equal(seen.asked, 3)
})

test('a peer that is not read is not taken for gone', async () => {
  const seen = watched(() => undefined, () => false)
  await sleep(200)
  seen.keepalive.stop()
  assert.deepEqual([seen.asked, seen.gone], [0, 0])
})
