import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteRanges } from './byte-ranges.ts'
import { ByteReader, MalformedFrameError } from './byte-reader.ts'

test('a reader never reads past its frame, whatever is asked of it', () => {
  const step = fc.constantFrom('uint8', 'int16', 'int32', 'uint32', 'cstring', 'cstringBytes', 'take')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(step, { maxLength: 12 }), fc.nat(20), (bytes, steps, n) => {
      const after = Buffer.from([1, 2, 3, 0, 5])
      const whole = Buffer.concat([bytes, after])
      const reader = new ByteReader(whole, 0, bytes.length)
      try {
        for (const name of steps) {
          if (name === 'take') reader.take(n)
          else reader[name]()
          assert.ok(reader.position <= bytes.length)
        }
      } catch (error) {
        assert.ok(error instanceof MalformedFrameError)
      }
    }),
  )
})

test('a negative length is refused', () => {
  assert.throws(() => new ByteReader(Buffer.alloc(8)).take(-1), MalformedFrameError)
})

test('bounds outside the buffer are refused', () => {
  assert.throws(() => new ByteReader(Buffer.alloc(8), 0, 9), MalformedFrameError)
})

test('joined ranges give the bytes in the order they were added', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.array(fc.tuple(fc.nat(59), fc.nat(59)), { maxLength: 20 }), (bytes, cuts) => {
      const buffer = Buffer.from(bytes)
      const ranges = new ByteRanges()
      const expected: number[] = []
      for (const [a, b] of cuts) {
        const start = Math.min(a, b, buffer.length)
        const end = Math.min(Math.max(a, b), buffer.length)
        ranges.add(buffer, start, end)
        expected.push(...buffer.subarray(start, end))
      }
      assert.equal(ranges.byteLength, expected.length)
      assert.deepEqual([...ranges.take()], expected)
      assert.equal(ranges.take().length, 0)
    }),
  )
})
