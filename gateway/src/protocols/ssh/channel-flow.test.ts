import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { ChannelFlow, type FlowMode } from './channel-flow.ts'

const CAP = 1000

/** A sender that sends what it is granted, and a receiver that takes what it said. */
class Ends {
  granted = 0
  window = 0
  sent = Buffer.alloc(0)
  taken = Buffer.alloc(0)
  readonly flow = new ChannelFlow({
    grant: (bytes) => (this.granted += bytes),
    emit: (_stream, bytes, start, end) => {
      this.window -= end - start
      assert.ok(this.window >= 0, 'the receiver gets more than it takes')
      this.taken = Buffer.concat([this.taken, bytes.subarray(start, end)])
    },
  }, CAP)
  #next = 0

  send(length: number): void {
    const bytes = Buffer.from(Array.from({ length: Math.min(length, this.granted) }, () => this.#next++ & 0xff))
    this.granted -= bytes.length
    this.sent = Buffer.concat([this.sent, bytes])
    this.flow.received(bytes.length)
    this.flow.push(0, bytes)
    this.flow.settle()
  }

  take(length: number): void {
    this.window += length
    this.flow.adjusted(length)
  }
}

describe('the flow of one direction', () => {
  test('never gives a receiver more than it takes, loses nothing, and keeps the order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('send' as const), length: fc.nat(600) }),
      fc.record({ do: fc.constant('take' as const), length: fc.nat(600) }),
      fc.record({ do: fc.constant('inject' as const), length: fc.nat(50) }),
    )
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom<FlowMode>('end-to-end', 'stored'), (steps, mode) => {
      const ends = new Ends()
      ends.flow.open(mode)
      for (const { do: what, length } of steps) {
        if (what === 'send') ends.send(length)
        else if (what === 'take') ends.take(length)
        else {
          const words = Buffer.alloc(length, 0xaa)
          ends.sent = Buffer.concat([ends.sent, words])
          ends.flow.push(0, words)
        }
        assert.ok(ends.granted <= CAP)
        if (mode === 'stored') assert.ok(ends.granted + ends.flow.queued <= CAP + 50 * 40)
        else assert.ok(ends.granted <= Math.max(ends.window, 0) + 50 * 40)
      }
      ends.take(1_000_000)
      assert.deepEqual(ends.taken, ends.sent)
      assert.equal(ends.flow.queued, 0)
    }))
  })

  test('grants nothing before it is open, and then what the receiver takes', () => {
    const ends = new Ends()
    ends.take(300)
    assert.equal(ends.granted, 0)
    ends.flow.open()
    assert.equal(ends.granted, 300)
  })

  test('grants less what was put in between', () => {
    const ends = new Ends()
    ends.take(300)
    ends.flow.push(1, Buffer.alloc(100))
    ends.flow.open()
    assert.equal(ends.granted, 200)
  })

  test('lets no sender send more than it was granted', () => {
    const ends = new Ends()
    ends.take(10)
    ends.flow.open()
    assert.throws(() => ends.flow.received(11), MalformedFrameError)
  })

  test('lets no window grow beyond what the protocol has room for', () => {
    const ends = new Ends()
    ends.flow.adjusted(2 ** 32 - 1)
    assert.throws(() => ends.flow.adjusted(1), MalformedFrameError)
  })

  test('runs what comes behind data once these were taken, in order', () => {
    const ends = new Ends()
    const ran: string[] = []
    ends.flow.open('stored')
    ends.send(5)
    ends.flow.after(() => ran.push('first'))
    ends.send(5)
    ends.flow.after(() => ran.push('second'))
    assert.deepEqual(ran, [])
    ends.take(5)
    assert.deepEqual(ran, ['first'])
    ends.take(5)
    assert.deepEqual(ran, ['first', 'second'])
  })

  test('drops what waits once it has ended', () => {
    const ends = new Ends()
    ends.flow.push(0, Buffer.alloc(10))
    ends.flow.end()
    ends.take(100)
    assert.equal(ends.taken.length, 0)
    assert.equal(ends.granted, 0)
  })
})
