import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BoundedGate, GateFull } from './bounded-gate.ts'

describe('BoundedGate', () => {
  it('never runs more than its bound, runs all that fits, and in order', async () => {
    const gate = new BoundedGate({ maxRunning: 3, maxWaiting: 100, waitMs: 1_000 })
    let running = 0
    let most = 0
    const begun: number[] = []
    await Promise.all(Array.from({ length: 30 }, (_, index) => gate.run(async () => {
      begun.push(index)
      most = Math.max(most, (running += 1))
      await new Promise((resolve) => setTimeout(resolve, 1))
      running -= 1
    })))
    assert.equal(most, 3)
    assert.deepEqual(begun, begun.toSorted((a, b) => a - b))
  })

  it('refuses at once what finds no place to wait', async () => {
    const gate = new BoundedGate({ maxRunning: 1, maxWaiting: 1, waitMs: 1_000 })
    let finish = () => {}
    const first = gate.run(() => new Promise<void>((resolve) => (finish = resolve)))
    const second = gate.run(() => Promise.resolve('second'))
    await assert.rejects(gate.run(() => Promise.resolve()), GateFull)
    finish()
    await first
    assert.equal(await second, 'second')
  })

  it('gives up waiting in time, and is not blocked by who gave up', async () => {
    const gate = new BoundedGate({ maxRunning: 1, maxWaiting: 5, waitMs: 10 })
    let finish = () => {}
    const first = gate.run(() => new Promise<void>((resolve) => (finish = resolve)))
    await assert.rejects(gate.run(() => assert.fail('it must not begin')), GateFull)
    finish()
    await first
    assert.equal(await gate.run(() => Promise.resolve(7)), 7)
  })

  it('gives the place back when a task fails', async () => {
    const gate = new BoundedGate({ maxRunning: 1, maxWaiting: 1, waitMs: 100 })
    await assert.rejects(gate.run(() => Promise.reject(new Error('task'))), /task/)
    assert.equal(await gate.run(() => Promise.resolve(7)), 7)
  })
})
