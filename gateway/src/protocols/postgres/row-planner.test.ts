import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RowPlanner } from './row-planner.ts'

test('a description that is kept is that of the message, whatever came before and comes behind it', () => {
  // Alike but for their lengths and one byte; on both sides of where they are compared otherwise.
  const description = fc.tuple(fc.constantFrom(6, 7, 127, 128, 129, 300), fc.nat(300)).map(([length, at]) => {
    const bytes = Buffer.alloc(length, 'x')
    if (at < length) bytes[at] = 1
    return bytes
  })
  fc.assert(fc.property(fc.array(fc.tuple(description, fc.nat(9)), { maxLength: 20 }), (messages) => {
    const planner = new RowPlanner(new Uint8Array(32))
    const read = Buffer.alloc(512)
    const kept: [Buffer, Buffer][] = []
    for (const [bytes, start] of messages) {
      read.fill('x')
      bytes.copy(read, start)
      kept.push([planner.copyOf(read, start, start + bytes.length), bytes])
      // Used again for the next read.
      read.fill('y')
    }
    for (const [copy, bytes] of kept) assert.ok(copy.equals(bytes))
  }), { numRuns: 500 })
})
