import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Course, MessageCutter } from './message-cutter.ts'

interface Sent { readonly course: Course; readonly body: number }

const TYPES: Readonly<Record<Course, number>> = { whole: 0x51, pass: 0x64, drop: 0x66, wait: 0x45 }

function bytesOf({ course, body }: Sent): Buffer {
  const bytes = Buffer.alloc(5 + body, body % 251)
  bytes[0] = TYPES[course]
  bytes.writeInt32BE(4 + body, 1)
  return bytes
}

/** Takes a stream in pieces. A message of type `wait` is put off `patience` times, in turns whole and at its header. */
function cut(chunks: readonly Buffer[], patience: number): { whole: Buffer[]; passed: Buffer } {
  const whole: Buffer[] = []
  const passed: Buffer[] = []
  let left = patience
  const cutter = new MessageCutter({
    begins: (type) => {
      const course = (Object.keys(TYPES) as Course[]).find((one) => TYPES[one] === type) ?? assert.fail('another type')
      if (course !== 'wait') return course
      if (left % 2 === 0) return 'whole'
      left--
      return 'wait'
    },
    message: (bytes, start, end) => {
      if (bytes[start] === TYPES.wait && left > 0) return left-- < 0
      left = patience
      return whole.push(Buffer.from(bytes.subarray(start, end))) > 0
    },
    piece: (bytes, start, end) => void passed.push(Buffer.from(bytes.subarray(start, end))),
  })
  let held: Buffer | undefined
  const give = (chunk: Buffer): void => void (held = cutter.push(held === undefined ? chunk : Buffer.concat([held, chunk])))
  for (const chunk of chunks) give(chunk)
  while (held !== undefined) give(Buffer.alloc(0))
  assert.ok(cutter.isBetween)
  return { whole, passed: Buffer.concat(passed) }
}

function split(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...places.map((place) => place % (bytes.length + 1)), bytes.length])].toSorted((a, b) => a - b)
  return at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end))
}

test('messages come out as they went in, each on its course, however the stream is split and whatever must wait', () => {
  const sent = fc.record({ course: fc.constantFrom<Course>('whole', 'pass', 'drop', 'wait'), body: fc.oneof(fc.constantFrom(0, 1), fc.nat(40)) })
  fc.assert(fc.property(fc.array(sent, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 12 }), fc.nat(3), (messages, places, patience) => {
    const { whole, passed } = cut(split(Buffer.concat(messages.map(bytesOf)), places), patience)
    assert.deepEqual(whole, messages.filter(({ course }) => course === 'whole' || course === 'wait').map(bytesOf))
    assert.deepEqual(passed, Buffer.concat(messages.filter(({ course }) => course === 'pass').map(bytesOf)))
  }), { numRuns: 1_000 })
})

test('a message that passes is never kept: all of it that has come is given at once', () => {
  const pieces: number[] = []
  const cutter = new MessageCutter({ begins: () => 'pass', message: () => assert.fail('not put together'), piece: (_bytes, start, end) => void pieces.push(end - start) })
  const header = Buffer.from([TYPES.pass, 0x7f, 0xff, 0xff, 0xff])
  cutter.push(Buffer.concat([header, Buffer.alloc(100)]))
  cutter.push(Buffer.alloc(1_000))
  assert.deepEqual([pieces, cutter.isBetween], [[105, 1_000], false])
})
