import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readStrictJson, UnsureJson } from './strict-json.ts'

test('a name that comes twice in an object is refused, however it is written', () => {
  for (const text of ['{"a":1,"a":2}', '{"a":{"b":1,"b":1}}', '{"a":1,"\\u0061":2}', '[{"x":[],"x":{}}]', '{"a":"}","a":1}', '{"a":"\\"","a":1}', '{"":1,"":1}']) {
    assert.throws(() => readStrictJson(Buffer.from(text)), UnsureJson, text)
  }
})

test('what is no JSON, or nested beyond need, is refused', () => {
  for (const text of ['', 'a: b', '{', '{"a":1}}', '\uFEFF{}', `${'['.repeat(200)}${']'.repeat(200)}`, '{"a":1}\n---\n{"b":2}', "{'a':1}", '{"a":NaN}']) {
    assert.throws(() => readStrictJson(Buffer.from(text)), UnsureJson, text.slice(0, 20))
  }
  assert.throws(() => readStrictJson(Buffer.from([0x22, 0xff, 0x22])), UnsureJson)
})

test('a name is what it says, whatever names came before', () => {
  const hidden = Buffer.from('[{"\\\\u0068os":1},{"\\u0068ostPath":{"path":"/"}}]')
  assert.deepEqual(readStrictJson(hidden), [{ '\\u0068os': 1 }, { hostPath: { path: '/' } }])
})

test('everything else is read as it was written', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: fc.constantFrom('a', 'b', 'é', '"', '\n', '😀') }), fc.nat(3), (value, indent) => {
    const text = JSON.stringify(value, undefined, indent)
    // Written, -0 is 0.
    assert.deepEqual(readStrictJson(Buffer.from(text)), JSON.parse(text))
  }))
})

test('names of sibling objects may repeat', () => {
  assert.deepEqual(readStrictJson(Buffer.from('{"a":{"x":1},"b":[{"x":1},{"x":2}],"x":"x"}')), { a: { x: 1 }, b: [{ x: 1 }, { x: 2 }], x: 'x' })
})
