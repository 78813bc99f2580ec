import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cstring, int16, int32, message } from './message-writer.ts'
import { BACKEND, FRONTEND, HEADER_BYTES } from './message-types.ts'
import { readBind } from './client-messages.ts'
import { readResultFormats, withFormats } from './result-formats.ts'

const format = fc.constantFrom(0, 1)

function bind(parameters: readonly (Uint8Array | null)[], formats: readonly number[]): Buffer {
  const values = parameters.flatMap((value) => (value === null ? [int32(-1)] : [int32(value.length), value]))
  return message(FRONTEND.bind, cstring('p'), cstring('s'), int16(1), int16(0), int16(parameters.length), ...values, int16(formats.length), ...formats.map(int16))
}

function description(formats: readonly number[]): Buffer {
  const columns = formats.flatMap((one, at) => [cstring(`c${at}`), int32(16_384), int16(at + 1), int32(25), int16(-1), int32(-1), int16(one)])
  return message(BACKEND.rowDescription, int16(formats.length), ...columns)
}

test('result formats are found behind whatever parameters', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.uint8Array({ maxLength: 20 }))), fc.array(format), (parameters, formats) => {
      const frame = bind(parameters, formats)
      const { parametersAt } = readBind(frame, HEADER_BYTES, frame.length)
      assert.deepEqual(readResultFormats(frame, parametersAt, frame.length), formats)
    }),
  )
})

test('a described statement becomes a described portal by the formats of its Bind', () => {
  fc.assert(
    fc.property(fc.array(format, { minLength: 1 }), (formats) => {
      const statement = description(formats.map(() => 0))
      assert.deepEqual(withFormats(statement, formats), description(formats))
      assert.deepEqual(withFormats(statement, [1]), description(formats.map(() => 1)))
      assert.equal(withFormats(statement, []), statement)
    }),
  )
})
