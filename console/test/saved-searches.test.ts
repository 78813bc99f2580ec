import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readSaved } from '../src/screens/saved-searches.ts'

test('searches that were saved before they had names are called what they are', () => {
  assert.deepEqual(readSaved('["since:1h", {"name": "late", "q": "since:9d"}]'), [{ name: 'since:1h', q: 'since:1h' }, { name: 'late', q: 'since:9d' }])
})

test('whoever removed all has none, and whoever never saved one has some to begin with', () => {
  assert.deepEqual(readSaved('[]'), [])
  assert.ok(readSaved(undefined).length > 0)
  assert.deepEqual(readSaved('not JSON'), readSaved(undefined))
})

test('whatever stands in the browser, a bounded list of different searches is read, the same when it is read again', () => {
  const entry = fc.oneof(fc.string(), fc.record({ name: fc.string(), q: fc.string() }), fc.jsonValue())
  fc.assert(fc.property(fc.oneof(fc.array(entry, { maxLength: 40 }).map((list) => JSON.stringify(list)), fc.json(), fc.string()), (text) => {
    const saved = readSaved(text)
    assert.ok(saved.length <= 20)
    assert.equal(new Set(saved.map(({ q }) => q)).size, saved.length)
    assert.ok(saved.every(({ name, q }) => typeof name === 'string' && q !== ''))
    assert.deepEqual(readSaved(JSON.stringify(saved)), saved)
  }))
})
