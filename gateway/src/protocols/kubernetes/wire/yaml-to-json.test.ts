import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readStrictJson, UnsureJson } from './strict-json.ts'
import { yamlToJson } from './yaml-to-json.ts'

const read = (text: string): unknown => JSON.parse(yamlToJson(Buffer.from(text)).toString())

test('what all readers of YAML agree on is written as JSON', () => {
  for (const [text, value] of [
    ['a: b\nc:\n- d\n-   e: f\n    g: h # said\n', { a: 'b', c: ['d', { e: 'f', g: 'h' }] }], ['---\na: {b: [1, -2.5, 1e3, true, False, null, ~]}\n...\n', { a: { b: [1, -2.5, 1000, true, false, null, null] } }],
    ['a: |\n  x\n  y\nb: >-\n  x\n  y\n', { a: 'x\ny\n', b: 'x y' }], ['a: \'it\'\'s\'\nb: "\\u0041\\t"\nc:\n', { a: 'it\'s', b: 'A\t', c: null }],
    ['image: nginx:1.2.3\ncpu: 100m\nip: 10.0.0.1\nday: 2026-01-02\nport: "80"\nword: e10\n', { image: 'nginx:1.2.3', cpu: '100m', ip: '10.0.0.1', day: '2026-01-02', port: '80', word: 'e10' }],
  ] as const) assert.deepEqual(read(text), value, text)
  assert.equal(yamlToJson(Buffer.from('a: 9007199254740993')).toString(), '{"a":9007199254740993}', 'numbers keep their digits')
})

test('what some reader takes otherwise is refused', () => {
  for (const word of ['yes', 'No', 'ON', 'off', 'y', 'N', 'tRue', '010', '0x1F', '0o17', '0b11', '1_000', '12:30', '1:30:45.5', '+1', '.5', '1.', '1_0.5', '.inf', '-.INF', '.NaN', '=', '<<', '&x 1', '*x', '!!str 1', '!x 1', '! 1', '!!binary aGk=']) {
    assert.throws(() => yamlToJson(Buffer.from(`a: ${word}\n`)), UnsureJson, word)
    assert.throws(() => yamlToJson(Buffer.from(`- ${word}\n`)), UnsureJson, word)
  }
  for (const text of ['', '# nothing', 'a: 1\n---\nb: 2', '%YAML 1.1\n---\na: 1', '%TAG ! tag:x,2026:\n---\na: 1', '<<: {a: 1}', '? [a]\n: 1', '? {a: 1}\n: 1', '1: x', 'on: x', 'true: x', ': x', 'a: b: c', '\ta: 1', 'a: "x', 'base: &b {x: 1}\nother: {<<: *b}']) {
    assert.throws(() => yamlToJson(Buffer.from(text)), UnsureJson, text)
  }
  assert.throws(() => yamlToJson(Buffer.from([0x61, 0x3a, 0x20, 0xff])), UnsureJson)
})

test('what is large, deep or full of names is refused, or read within a moment', () => {
  const started = performance.now()
  for (const text of ['- '.repeat(100_000), '['.repeat(250_000), '['.repeat(49_000), '}'.repeat(49_000), `${'{a: '.repeat(12_000)}1`, `a: ${'x'.repeat(300_000)}`, '[*a,'.repeat(12_000), '%a\n'.repeat(60_000)]) {
    assert.throws(() => yamlToJson(Buffer.from(text)), UnsureJson, text.slice(0, 10))
  }
  assert.equal(Object.keys(read(Array.from({ length: 7_000 }, (_, at) => `name${at}: ${at}`).join('\n')) as object).length, 7_000)
  assert.ok(performance.now() - started < 20_000)
})

test('a name that comes twice is found in the JSON, however it was written', () => {
  for (const text of ['a: 1\na: 2', 'a: 1\n"a": 2', '{a: 1, "\\x61": 2}', 'spec: {hostNetwork: false}\n\'spec\': {}']) assert.throws(() => readStrictJson(yamlToJson(Buffer.from(text))), UnsureJson, text)
})

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.constantFrom('yes', 'no', '010', '12:30', 'null', '~', '<<', '=', '- a', 'a: b', '#', '&a', '1e3', 'true'), fc.integer(), fc.boolean(), fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 })),
})).value

test('what is written as YAML by others is read as it was meant, or refused', () => {
  fc.assert(fc.property(json, fc.constantFrom('1.1' as const, '1.2' as const), (value, version) => {
    let text: Buffer
    try {
      text = yamlToJson(Buffer.from(stringify(value, { version, aliasDuplicateObjects: false })))
    } catch (error) {
      assert.ok(error instanceof UnsureJson)
      return
    }
    assert.deepEqual(JSON.parse(text.toString()), JSON.parse(JSON.stringify(value)))
  }))
})

test('whatever comes ends as JSON that is read strictly, or is refused', () => {
  const pieces = fc.array(fc.constantFrom('a', ': ', '- ', '\n', '  ', '{', '}', '[', ']', ', ', '"', '\'', '&x ', '*x', '<<', '!t ', '|\n', '? ', '1', 'yes', '---\n', '#', '\\', '\u2028', '%'), { maxLength: 30 })
  fc.assert(fc.property(pieces, (parts) => {
    try {
      const written = yamlToJson(Buffer.from(parts.join('')))
      assert.deepEqual(readStrictJson(written), JSON.parse(written.toString()))
    } catch (error) {
      assert.ok(error instanceof UnsureJson, String(error))
    }
  }), { numRuns: 500 })
})
