import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_ENTRY_BYTES } from '../governance/recording/ledger.ts'
import { Batch, MAX_BATCH_BYTES, MAX_BATCH_ENTRIES } from './batch.ts'

/** Each by itself: its length, big-endian uint16, and its bytes. */
function framedOneByOne(entries: readonly string[]): Buffer {
  return Buffer.concat(entries.flatMap((entry) => {
    const bytes = Buffer.from(entry)
    return [Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]
  }))
}
const fits = (entry: string): boolean => Buffer.from(entry).length >= 1 && Buffer.from(entry).length <= MAX_ENTRY_BYTES
const framed = ({ bytes, length }: Batch): Buffer => bytes.subarray(0, length)

/** Borders of UTF-16 and UTF-8: lone surrogates of both kinds, pairs, NUL, one to four bytes a character. */
const unit = fc.constantFrom('a', '\0', '\x7f', '\x80', 'é', '\u07ff', '\u0800', '€', '\ud83d', '\ude00', '😀', '\udbff\udfff', '\uffff')
const short = fc.string({ unit, maxLength: 12 })
const long = fc.tuple(unit, fc.constantFrom(21_845, 32_767, 65_534, 65_535, 65_536), short)
  .map(([piece, bytes, rest]) => piece.repeat(Math.floor(bytes / Buffer.byteLength(piece))) + rest)
const entry = fc.oneof({ weight: 8, arbitrary: fc.string({ maxLength: 300 }) }, { weight: 8, arbitrary: short }, { weight: 1, arbitrary: long })

test('entries framed together have the bytes that framing one by one gives, some refused, in several turns', () => {
  const turns = fc.array(fc.array(entry, { maxLength: 60 }), { minLength: 1, maxLength: 4 })
  fc.assert(fc.property(turns, fc.boolean(), (rounds, clears) => {
    const batch = new Batch()
    let taken: string[] = []
    for (const round of rounds) {
      if (clears) {
        batch.clear()
        taken = []
      }
      for (const text of round) {
        if (fits(text)) {
          batch.add(text)
          taken.push(text)
        } else assert.throws(() => batch.add(text), RangeError)
      }
      batch.frame()
      assert.equal(batch.count, taken.length)
      assert.ok(framed(batch).equals(framedOneByOne(taken)))
    }
  }), { numRuns: 300 })
})

test('an entry has at most 65,535 bytes, whatever its characters, and at least one', () => {
  for (const [character, bytes] of [['a', 1], ['é', 2], ['€', 3], ['\ud800', 3], ['😀', 4]] as const) {
    const most = character.repeat(Math.floor(MAX_ENTRY_BYTES / bytes)) + 'b'.repeat(MAX_ENTRY_BYTES % bytes)
    const batch = new Batch()
    batch.add(most)
    assert.throws(() => batch.add(`${most}c`), RangeError)
    assert.throws(() => batch.add(''), RangeError)
    batch.add('after')
    batch.frame()
    assert.ok(framed(batch).equals(framedOneByOne([most, 'after'])), character)
  }
})

test('what waits is bounded by its bytes, not by what they might have been, and what was taken stays', () => {
  const batch = new Batch()
  const text = 'x'.repeat(60_000)
  let taken = 0
  assert.throws(() => {
    for (;; taken++) batch.add(text)
  }, /too many bytes are waiting/)
  batch.frame()
  assert.equal(batch.count, taken)
  assert.ok(batch.length <= MAX_BATCH_BYTES && batch.length > MAX_BATCH_BYTES - 512 * 1024, String(batch.length))
  assert.ok(batch.bytes.length <= 2 * MAX_BATCH_BYTES)
  assert.ok(framed(batch).equals(framedOneByOne(Array.from({ length: taken }, () => text))))
})

test('what waits is bounded in entries', () => {
  const batch = new Batch()
  for (let n = 0; n < MAX_BATCH_ENTRIES; n++) batch.add('1')
  assert.throws(() => batch.add('1'), /too many entries are waiting/)
  batch.frame()
  assert.equal(batch.length, 3 * MAX_BATCH_ENTRIES)
})

test('entries of several batches follow each other in one', () => {
  fc.assert(fc.property(fc.array(fc.array(short.filter(fits), { maxLength: 20 }), { maxLength: 5 }), (rounds) => {
    const all = new Batch()
    const one = new Batch()
    for (const round of rounds) {
      for (const text of round) one.add(text)
      one.frame()
      all.addAll(one)
      one.clear()
    }
    assert.equal(all.count, rounds.flat().length)
    assert.ok(framed(all).equals(framedOneByOne(rounds.flat())))
  }))
})
