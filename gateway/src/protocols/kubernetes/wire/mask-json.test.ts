import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maskJson, type MaskTree, UnreadableJson } from './mask-json.ts'
import { readStrictJson } from './strict-json.ts'

const hide = (): string => 'hidden'
const data: MaskTree = { names: new Map([['data', { anyName: { replace: hide } }]]) }
const list: MaskTree = { names: new Map([['items', { items: data }]]) }

const mask = (text: string, ...trees: MaskTree[]): string => maskJson(Buffer.from(text), trees).toString()

test('only what stands at the place is replaced; every other byte stays', () => {
  assert.equal(mask('{ "n": 12345678901234567890.10, "data": {"a":"x", "b" : "y"},"z":"x" }', data), '{ "n": 12345678901234567890.10, "data": {"a":"hidden", "b" : "hidden"},"z":"x" }')
  assert.equal(mask('{"items":[{"data":{"a":"x"}},{"data":null},{"data":"x"},{}]}', list), '{"items":[{"data":{"a":"hidden"}},{"data":null},{"data":"x"},{}]}')
  const untouched = Buffer.from('{"a":[1,2,{"b":"c"}]}')
  assert.equal(maskJson(untouched, [data]), untouched)
})

test('a name is the same name however it is escaped, and may come twice', () => {
  assert.equal(mask('{"d\\u0061ta":{"a":"x"},"data":{"a":"y"}}', data), '{"d\\u0061ta":{"a":"hidden"},"data":{"a":"hidden"}}')
})

test('what is masked as a whole keeps its shape and shows nothing', () => {
  assert.equal(mask('{"data":{"a":{"b":["x",1,true,null],"c":{}}}}', data), '{"data":{"a":{"b":["hidden",0,false,null],"c":{}}}}')
})

test('JSON inside a text is masked inside', () => {
  const tree: MaskTree = { names: new Map([['note', { embedded: data }]]) }
  assert.equal(mask(JSON.stringify({ note: JSON.stringify({ data: { a: 'x' }, k: 1 }) }), tree), JSON.stringify({ note: JSON.stringify({ data: { a: 'hidden' }, k: 1 }) }))
  assert.equal(mask('{"note":"no json x"}', tree), '{"note":"{}"}')
})

test('texts anywhere can be looked at, besides what is replaced', () => {
  const upper: MaskTree = { texts: (text) => text.toUpperCase() }
  assert.equal(mask('{"a":"x","data":{"b":"y"},"c":[["z"]]}', data, upper), '{"a":"X","data":{"b":"hidden"},"c":[["Z"]]}')
})

test('what is no whole JSON is never passed', () => {
  const text = '{"items":[{"data":{"a":"secret"}}],"x":[1,{"y":"z"}]}'
  for (let end = 0; end < text.length; end++) assert.throws(() => mask(text.slice(0, end), list), UnreadableJson, text.slice(0, end))
  assert.throws(() => mask(`${text}{}`, list), UnreadableJson)
  assert.throws(() => mask('{"data":{"a\\x":"b"}}', data), UnreadableJson)
  assert.throws(() => mask(`{"data":${'['.repeat(10)}`, data), UnreadableJson)
})

test('it masks as a reader of the whole would', () => {
  const tree: MaskTree = { names: new Map([['a', { anyName: { items: { replace: hide } }, replace: hide }], ['b', { items: { names: new Map([['c', { replace: hide }]]) } }]]) }
  const names = fc.constantFrom('a', 'b', 'c', 'é', '"', '\\')
  const value = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof({ maxDepth: 5 }, fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(names, tie('node'), { maxKeys: 3 })),
  })).node
  fc.assert(fc.property(value, fc.nat(2), (json, indent) => {
    // Not by JSON.parse, for the reason that strict-json.ts gives.
    assert.deepEqual(readStrictJson(Buffer.from(mask(JSON.stringify(json, undefined, indent), tree))), reference(json, [tree]))
  }), { numRuns: 1_000 })
})

function reference(value: unknown, trees: readonly MaskTree[]): unknown {
  if (trees.some(({ replace }) => replace !== undefined)) return blank(value)
  if (Array.isArray(value)) return value.map((item) => reference(item, trees.flatMap(({ items }) => items ?? [])))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, reference(part, trees.flatMap((tree) => [tree.names?.get(name) ?? [], tree.anyName ?? []].flat()))]))
}

function blank(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(blank)
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, blank(part)]))
  return typeof value === 'string' ? 'hidden' : typeof value === 'number' ? 0 : typeof value === 'boolean' ? false : null
}
