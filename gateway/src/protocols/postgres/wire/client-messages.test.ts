import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { readBind, readExecute, readNamedObject, readParse } from './client-messages.ts'

/** Of a name that the target tells from others by its first 63 bytes; undefined where that may split a character. */
function nameOf(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte < 128)) return bytes.toString('latin1').slice(0, 63)
  const text = bytes.toString('utf8')
  return bytes.length <= 63 && Buffer.from(text).equals(bytes) ? text : undefined
}

/** Names that are easily taken for each other: alike up to one byte, to the 63rd and beyond it, or in another encoding. */
const name = fc.oneof(
  fc.tuple(fc.constantFrom(0, 1, 31, 32, 33, 61, 62, 63, 64, 65, 200), fc.nat(200), fc.constantFrom('a', 'b', '\x7f')).map(([length, at, other]) => {
    const bytes = Buffer.alloc(length, 'a')
    if (at < length) bytes.write(other, at, 'latin1')
    return bytes
  }),
  fc.constantFrom('s1', 's2', 'é', 'é'.repeat(31), 'é'.repeat(32), '\u{1f600}').map((text) => Buffer.from(text)),
  fc.constantFrom('e9', 'c3', 'c3a9', '8393', '61e9', '6180').map((hex) => Buffer.from(hex, 'hex')),
)

test('names are those that the target keeps, whichever was read before', () => {
  const readers = {
    execute: (bytes: Buffer) => readExecute(Buffer.concat([bytes, Buffer.alloc(5)]), 0, bytes.length + 5),
    parse: (bytes: Buffer) => readParse(Buffer.concat([bytes, Buffer.alloc(4)]), 0, bytes.length + 4).statement,
    portal: (bytes: Buffer) => readBind(Buffer.concat([bytes, Buffer.from([0, 0])]), 0, bytes.length + 2).portal,
    statement: (bytes: Buffer) => readBind(Buffer.concat([Buffer.from('a\0'), bytes, Buffer.alloc(1)]), 0, bytes.length + 3).statement,
    closed: (bytes: Buffer) => readNamedObject(Buffer.concat([Buffer.from('S'), bytes, Buffer.alloc(1)]), 0, bytes.length + 2).name,
  }
  const read = fc.tuple(fc.constantFrom(...Object.values(readers)), name)
  fc.assert(fc.property(fc.array(read, { maxLength: 40 }), (reads) => {
    for (const [reader, bytes] of reads) {
      const expected = nameOf(bytes)
      if (expected === undefined) assert.throws(() => reader(bytes), MalformedFrameError)
      else assert.equal(reader(bytes), expected)
    }
  }), { numRuns: 500 })
})

test('a name that its frame does not end is refused, also where the bytes behind it would', () => {
  const whole = Buffer.from('Sname\0')
  readNamedObject(whole, 0, whole.length)
  for (let end = 0; end < whole.length; end++) assert.throws(() => readNamedObject(whole, 0, end), MalformedFrameError)
})
