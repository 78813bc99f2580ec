import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { wordsOf } from '../governance/recording/search-words.ts'
import { IntegerTerms, splitIntegers } from './split-integers.ts'

const MARK = '\u0001'
const json = (text: string): string => JSON.stringify(text).slice(1, -1)
const part = fc.oneof(
  fc.constantFrom('select', ' ', '=', '--', '/*', '*/', '\n', "'", '"', '-', '.', '$', '_', 'é', '\\', '(', ',', '1e5', 'x1', '42', '7', '\u0000'), fc.string({ unit: 'binary', maxLength: 2 }),
)
const text = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(''))

test('integers put back at their marks give the text', () => {
  fc.assert(fc.property(text, (drawn) => {
    const { template, integers } = splitIntegers(json(drawn))
    const list = integers === '' ? [] : integers.split(' ')
    assert.equal(template.split(MARK).length - 1, list.length)
    assert.equal(template.replaceAll(MARK, () => list.shift() ?? ''), json(drawn))
  }), { numRuns: 1_000 })
})

test('every integer taken out is a word of its own to the search', () => {
  fc.assert(fc.property(text, (drawn) => {
    const { integers } = splitIntegers(json(drawn))
    const words = wordsOf(drawn)
    for (const integer of integers === '' ? [] : integers.split(' ')) assert.ok(words.includes(integer), `${integer} of ${JSON.stringify(drawn)}`)
  }), { numRuns: 1_000 })
})

test('names, decimals, parameters, escapes, quoted passages and comments keep their digits', () => {
  for (const fixed of ['t1', '1.5', '1e5', '$1', '_1', "'a 1 b'", '"a 1 b"', '-- 1', '/* 1 */', '\u0001', 'é1', '1é', '1234567890123456789']) {
    assert.equal(splitIntegers(json(`select ${fixed}`)).integers, '', fixed)
  }
  assert.equal(splitIntegers(json("a -- 1\n = 2 /* 3 */ + '4' - 5")).integers, '2 5')
})

test('terms name what differs from the first text, behind the word before it', () => {
  const terms = (first: string, later: string): string => new IntegerTerms(splitIntegers(json(first))).of(splitIntegers(json(later)).integers)
  assert.equal(terms('where customer_id = 1 and x = 2', 'where customer_id = 3 and x = 2'), ' = id 3')
  assert.equal(terms('where\nid in (1, 2, 3)', 'where\nid in (4, 5, 3)'), ' = in 4 5')
  assert.equal(terms('where\nid = 1', 'where\nid = 2'), ' = id 2')
  assert.equal(terms('where größe = 1', 'where größe = 2'), ' = 2')
})
