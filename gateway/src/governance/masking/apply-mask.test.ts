import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MaskEntry, MaskMethod } from '../policy/policy-document.ts'
import { looksMasked, maskValue } from './apply-mask.ts'

const key = randomBytes(32)

function entry(method: MaskMethod, keep?: number): MaskEntry {
  return { name: 'm', columns: ['t.c'], method, ...(keep === undefined ? {} : { keep }) }
}

function masked(mask: MaskEntry, value: string, isText = true): string | null {
  const result = maskValue(mask, Buffer.from(value), isText, key)
  return result === null ? null : Buffer.from(result).toString()
}

test('redact leaves nothing of a text', () => {
  assert.equal(masked(entry('redact'), '901-77-0001'), '[redacted]')
  assert.equal(masked(entry('redact'), ''), '[redacted]')
})

test('keep-last leaves the last characters, whatever their number of bytes', () => {
  assert.equal(masked(entry('keep-last', 4), '4929550000007919'), '************7919')
  assert.equal(masked(entry('keep-last', 2), 'añ€😀é'), '***😀é')
  assert.equal(masked(entry('keep-last', 0), 'abc'), '***')
  assert.equal(masked(entry('keep-last'), '123456'), '**3456')
})

test('keep-last stars a value that is no longer than what it keeps', () => {
  assert.equal(masked(entry('keep-last', 4), '7919'), '****')
  assert.equal(masked(entry('keep-last', 4), 'é'), '*')
  assert.equal(masked(entry('keep-last', 4), ''), '')
})

test('null, and every method for types that are not text, gives null', () => {
  assert.equal(masked(entry('null'), 'x'), null)
  for (const method of ['redact', 'keep-last', 'hash', 'null'] as const) assert.equal(masked(entry(method, 4), '1', false), null)
})

test('hash keeps equal values equal, and depends on the key', () => {
  const mask = entry('hash')
  assert.equal(masked(mask, 'a'), masked(mask, 'a'))
  assert.notEqual(masked(mask, 'a'), masked(mask, 'b'))
  assert.match(masked(mask, 'a') ?? '', /^[0-9a-f]{64}$/)
  assert.notDeepEqual(maskValue(mask, Buffer.from('a'), true, key), maskValue(mask, Buffer.from('a'), true, randomBytes(32)))
})

test('keep-last has as many characters as the value, and only its last ones', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.nat(8), (value, keep) => {
    const characters = Array.from(value)
    const result = Array.from(masked(entry('keep-last', keep), value) ?? assert.fail())
    const kept = characters.length > keep ? keep : 0
    const end = characters.length - kept
    assert.deepEqual(result, [...Array<string>(end).fill('*'), ...characters.slice(end)])
  }))
})

test('bytes that are no UTF-8 are masked as well', () => {
  fc.assert(fc.property(fc.uint8Array(), fc.nat(8), (value, keep) => {
    const result = maskValue(entry('keep-last', keep), value, true, key) ?? assert.fail()
    assert.ok(result.length <= value.length)
  }))
})

test('what a mask produced looks masked, for every method that leaves a text', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(8), (value, keep) => {
    for (const mask of [entry('redact'), entry('hash'), entry('keep-last', keep)]) {
      const result = masked(mask, value) ?? assert.fail()
      if (mask.method !== 'keep-last' || Array.from(value).length !== keep || keep > 0) assert.ok(looksMasked(result, [mask]), result)
    }
  }))
})

test('ordinary values do not look masked', () => {
  const masks = [entry('redact'), entry('hash'), entry('keep-last', 4), entry('null')]
  for (const value of ['', 'redacted', '4929550000007919', 'a*b', '*x12345', 'q7mail1@sentinel.example', 'deadbeef']) {
    assert.equal(looksMasked(value, masks), false, value)
  }
  assert.equal(looksMasked('[redacted]', [entry('null')]), false)
})
