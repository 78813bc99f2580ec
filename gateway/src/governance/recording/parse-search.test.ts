import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseSearch } from './parse-search.ts'
import { type SearchQuery, SEARCH_KEYS, SearchSyntaxError, TERM_KEYS } from './search-query.ts'
import { readTime } from './search-time.ts'
import { MAX_WORD_UNITS, wordsOf } from './search-words.ts'

const NOW = Date.parse('2026-06-15T12:00:00.500Z')
const DAY = 86_400_000

describe('a search query', () => {
  it('is read as its parts say', () => {
    const week: SearchQuery = {
      sinceMs: NOW - 7 * DAY,
      terms: [
        { key: 'table', negated: false, anyOf: [{ text: 'customers', match: 'whole' }] },
        { key: 'action', negated: false, anyOf: [{ text: 'update', match: 'whole' }] },
        { key: 'agent', negated: false, anyOf: [{ text: 'support-bot', match: 'whole' }] },
        { key: 'text', negated: false, anyOf: [{ text: 'refund', match: 'whole' }] },
      ],
    }
    assert.deepEqual(parseSearch('table:customers action:update agent:support-bot since:7d "refund"', NOW), week)
    assert.deepEqual(parseSearch('', NOW), { terms: [] })
    assert.deepEqual(parseSearch(' \t\n', NOW), { terms: [] })
  })

  for (const [query, term] of [
    ['refund', { key: 'text', negated: false, anyOf: [{ text: 'refund', match: 'beginning' }] }],
    ['id', { key: 'text', negated: false, anyOf: [{ text: 'id', match: 'whole' }] }],
    ['id*', { key: 'text', negated: false, anyOf: [{ text: 'id', match: 'beginning' }] }],
    ['4711', { key: 'text', negated: false, anyOf: [{ text: '4711', match: 'whole' }] }],
    ['-refund', { key: 'text', negated: true, anyOf: [{ text: 'refund', match: 'beginning' }] }],
    ['"-refund, a:b"', { key: 'text', negated: false, anyOf: [{ text: '-refund, a:b', match: 'whole' }] }],
    ['a,b', { key: 'text', negated: false, anyOf: [{ text: 'a,b', match: 'whole' }] }],
    ['-action:update,"drop table",del*', { key: 'action', negated: true, anyOf: [{ text: 'update', match: 'whole' }, { text: 'drop table', match: 'whole' }, { text: 'del', match: 'beginning' }] }],
    ['AGENT:Bot', { key: 'agent', negated: false, anyOf: [{ text: 'Bot', match: 'whole' }] }],
    ['error:*', { key: 'error', negated: false, anyOf: [{ text: '', match: 'present' }] }],
    ['target:"a*"', { key: 'target', negated: false, anyOf: [{ text: 'a*', match: 'whole' }] }],
    ['"say \\"no\\" \\\\ \\n"', { key: 'text', negated: false, anyOf: [{ text: 'say "no" \\ \\n', match: 'whole' }] }],
    ['rule:a:b', { key: 'rule', negated: false, anyOf: [{ text: 'a:b', match: 'whole' }] }],
    ['decision:DENY', { key: 'decision', negated: false, anyOf: [{ text: 'DENY', match: 'whole' }] }],
  ] as const) {
    it(`reads ${query}`, () => assert.deepEqual(parseSearch(query, NOW), { terms: [term] }))
  }

  for (const [query, position, words] of [
    ['tabel:customers', 1, /"tabel" is no key/], ['refund -tabel:x', 9, /"tabel" is no key/], ['https://example.com', 1, /"https" is no key/],
    ['text:x', 1, /"text" is no key/], ['constructor:x', 1, /is no key/], ['"refund', 1, /not closed/], ['a "b"c', 6, /directly behind/],
    ['action:', 8, /missing/], ['action:update,', 15, /missing/], ['-', 2, /missing/], ['since:yesterday', 7, /no time/], ['since:7d since:8d', 10, /twice/],
    ['since:7d,8d', 10, /twice/], ['-since:7d', 1, /negated/], ['since:2026-02-30', 7, /no time/], ['until:2026-13-01', 7, /no time/],
    ['decision:denied', 10, /no decision/], ['decision:del*', 10, /no decision/], ['agent:*', 7, /empty/], ['agent:""', 7, /empty/], ['=', 1, /no letter/],
    ['"; --"', 1, /no letter/], ['x*', 1, /too short/], ['purpose:-', 9, /no letter/], ['x'.repeat(2_001), 2_001, /longer/],
    ['xx '.repeat(41), 121, /more than 40/], [`action:${Array.from({ length: 41 }, () => 'a').join(',')}`, 88, /more than 40/],
  ] as const) {
    it(`refuses ${query.slice(0, 30)} at its place, with what to write`, () => {
      assert.throws(() => parseSearch(query, NOW), (error) => {
        assert.ok(error instanceof SearchSyntaxError)
        assert.match(error.message, words)
        assert.equal(error.position, position)
        assert.ok(error.hint.length > 5)
        return true
      })
    })
  }

  it('names the nearest valid key and decision', () => {
    const hint = (query: string) => {
      try {
        parseSearch(query, NOW)
      } catch (error) {
        return (error as SearchSyntaxError).hint
      }
      return ''
    }
    assert.match(hint('tabel:x'), /"table"/)
    assert.match(hint('untill:7d'), /"until"/)
    assert.match(hint('decision:alow'), /"allow"/)
    assert.doesNotMatch(hint('zzzzzz:x'), /mean/)
  })

  it('is read or refused at a place within it, whatever it is', () => {
    const piece = fc.constantFrom('"', ' ', ',', ':', '-', '*', '\\', '\0', 'ß', '😀', '\ud83d', 'since:', '7d', 'table:', 'decision:', 'allow', ...SEARCH_KEYS)
    fc.assert(fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 }))), (pieces) => {
      const query = pieces.join('')
      try {
        const { terms } = parseSearch(query, NOW)
        assert.ok(terms.every(({ key, anyOf }) => TERM_KEYS.includes(key) && anyOf.length > 0))
        assert.ok(terms.every(({ key, anyOf }) => (key !== 'text' && key !== 'purpose') || anyOf.every(({ text }) => wordsOf(text).length > 0)))
      } catch (error) {
        assert.ok(error instanceof SearchSyntaxError, String(error))
        assert.ok(error.position >= 1 && error.position <= query.length + 1, `${error.position} of ${query.length}`)
      }
    }), { numRuns: 500 })
  })

  it('keeps every value that stands in quotes', () => {
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== '')
    const term = fc.record({ key: fc.constantFrom('agent', 'table', 'rule', 'session'), negated: fc.boolean(), values: fc.array(value, { minLength: 1, maxLength: 3 }) })
    fc.assert(fc.property(fc.array(term, { maxLength: 5 }), (terms) => {
      const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
      const query = terms.map(({ key, negated, values }) => `${negated ? '-' : ''}${key}:${values.map(quote).join(',')}`).join(' ')
      assert.deepEqual(parseSearch(query, NOW).terms, terms.map(({ key, negated, values }) =>
        ({ key, negated, anyOf: values.map((text) => ({ text, match: 'whole' })) })))
    }))
  })
})

describe('a time in a query', () => {
  for (const [text, from, end] of [
    ['30s', NOW - 30_000, NOW - 30_000], ['2w', NOW - 14 * DAY, NOW - 14 * DAY], ['12H', NOW - DAY / 2, NOW - DAY / 2],
    ['2026-06-01', Date.parse('2026-06-01T00:00Z'), Date.parse('2026-06-02T00:00Z')],
    ['2026-06-01T10:30', Date.parse('2026-06-01T10:30Z'), Date.parse('2026-06-01T10:30Z')],
    ['2026-06-01T10:30:05.25+02:00', Date.parse('2026-06-01T08:30:05.250Z'), Date.parse('2026-06-01T08:30:05.250Z')],
    ['2024-02-29', Date.parse('2024-02-29T00:00Z'), Date.parse('2024-03-01T00:00Z')],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(readTime(text, NOW), { fromMs: from, endMs: end }))
  }

  for (const text of ['', '7', 'd', '7y', '-7d', '1.5d', '9999999d', '2026-6-1', '2026-06-31', '2025-02-29', '2026-06-01T', '2026-06-01T25:00', '2026-06-01 10:30', '1960-01-01', '999999w']) {
    it(`does not take "${text}" for one`, () => assert.equal(readTime(text, NOW), undefined))
  }
})

describe('the words of a text', () => {
  it('are runs of letters and digits in lower case', () => {
    assert.deepEqual(wordsOf(`SELECT "Straße", customer_id FROM public.Customers WHERE x='O''Brien' -- ﬁx 日本語 n°1`),
      ['select', 'straße', 'customer', 'id', 'from', 'public', 'customers', 'where', 'x', 'o', 'brien', 'fix', '日本語', 'n', '1'])
    assert.deepEqual(wordsOf(' ;-- '), [])
    assert.deepEqual(wordsOf('x'.repeat(100)), ['x'.repeat(MAX_WORD_UNITS)])
  })

  it('hold nothing that could part them, and are their own words', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const word of wordsOf(text)) {
        assert.match(word, /^[^\s"'=:%]+$/)
        assert.ok(word.isWellFormed() && word.length <= MAX_WORD_UNITS + 1)
      }
    }))
    fc.assert(fc.property(fc.string(), (text) => {
      assert.deepEqual(wordsOf(wordsOf(text).join(' ')), wordsOf(text))
    }))
  })
})
