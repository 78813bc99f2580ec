import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffLines, nearChanges } from '../src/screens/line-diff.ts'

const side = (lines: ReturnType<typeof diffLines>, without: 'added' | 'removed') => lines.filter(({ kind }) => kind !== without).map(({ text }) => text).join('\n')
const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 30 }).map((lines) => lines.join('\n'))

/** The longest common subsequence by the plain table: what the fewest edits leave. */
function common(a: readonly string[], b: readonly string[]): number {
  let row = Array<number>(b.length + 1).fill(0)
  for (const line of a) {
    const next = [0]
    for (let at = 1; at <= b.length; at += 1) next.push(line === b[at - 1] ? (row[at - 1] ?? 0) + 1 : Math.max(row[at] ?? 0, next[at - 1] ?? 0))
    row = next
  }
  return row[b.length] ?? 0
}

test('a difference holds both texts, each in its order, with as few edits as there can be', () => {
  fc.assert(fc.property(text, text, (older, newer) => {
    const lines = diffLines(older, newer)
    assert.equal(side(lines, 'added'), older)
    assert.equal(side(lines, 'removed'), newer)
    assert.equal(lines.filter(({ kind }) => kind === 'same').length, common(older.split('\n'), newer.split('\n')))
    assert.deepEqual(lines.flatMap(({ before }) => before ?? []), older.split('\n').map((_, index) => index + 1))
    assert.deepEqual(lines.flatMap(({ after }) => after ?? []), newer.split('\n').map((_, index) => index + 1))
  }), { numRuns: 1_000 })
})

test('texts that have nothing in common end too', () => {
  const lines = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}`).join('\n')
  const started = performance.now()
  assert.equal(diffLines(lines('a'), lines('b')).length, 10_000)
  assert.ok(performance.now() - started < 10_000)
})

test('only what is near a change is shown, with what was left out before it', () => {
  const older = Array.from({ length: 30 }, (_, index) => `line ${index}`)
  const pieces = nearChanges(diffLines(older.join('\n'), older.map((line, index) => (index === 10 ? 'other' : line)).join('\n')))
  assert.deepEqual(pieces.map(({ skipped, lines }) => [skipped, lines.length]), [[7, 8]])
  assert.deepEqual(nearChanges(diffLines('a\nb', 'a\nb')), [])
})
