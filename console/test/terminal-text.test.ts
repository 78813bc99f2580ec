import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { plainText } from '../src/parts/plain-text.ts'
import { terminalText, withoutTurns } from '../src/screens/terminal-text.ts'

test('terminal output reads as it stood there', () => {
  const shown = (output: string) => terminalText(output).text
  assert.equal(shown('\u001b[31mred\u001b[0m and \u001b[1;4mbold\u001b[m\r\n$ '), 'red and bold\n$ ')
  assert.equal(shown(' 10%\r 50%\r100%\r\ndone'), '100%\ndone')
  assert.equal(shown('lss\b \b\r\n'), 'ls \n')
  assert.equal(shown('\u001b]0;a title\u0007$ \u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\'), '$ link')
  assert.equal(shown('\u001b(B\u001b=plain\u001b[?2004h'), 'plain')
  assert.equal(shown('cut \u001b[3'), 'cut ')
})

test('full-screen programs are told from lines of output', () => {
  assert.equal(terminalText('\u001b[?1049h\u001b[1;1Hvi').fullScreen, true)
  assert.equal(terminalText('\u001b[12;3H').fullScreen, true)
  assert.equal(terminalText('\u001b[32mgreen\u001b[K\r\n').fullScreen, false)
})

test('nothing that a terminal sends steers the page, and all of it is read in a moment', () => {
  const pieces = fc.array(fc.constantFrom('\u001b', '[', ']', '0', ';', 'm', 'x', '\u0007', '\r', '\b', '\n', '\u202e', '\u009b', '\\', 'P', '(')).map((parts) => parts.join(''))
  fc.assert(fc.property(pieces, (output) => {
    assert.doesNotMatch(plainText(terminalText(output).text), /[\p{Cc}\p{Cf}](?<![\n\t])/u)
  }), { numRuns: 2_000 })
  for (const evil of ['\u001b', '\u001b[', '\u001b]', '\u001bP\u001b', '\r', '\u001b[0;', '\b']) {
    const started = performance.now()
    terminalText(evil.repeat(100_000 / evil.length))
    assert.ok(performance.now() - started < 3_000, JSON.stringify(evil))
  }
})

test('marks that turn text are left out of what is drawn as a terminal, and nothing else is', () => {
  assert.equal(withoutTurns('a\u202eb\u2066c\u2069\u200fd \u001b[31mשלום\u001b[0m'), 'abcd \u001b[31mשלום\u001b[0m')
  const turns = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069']
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...turns, 'a', '\n', '\u001b', '\u200b', '\u200d', 'ש', '😀', '\ud83d') }), (output) => {
    assert.equal(withoutTurns(output), Array.from(output).filter((char) => !turns.includes(char)).join(''))
  }))
})

test('text of others hides nothing that nobody sees', () => {
  assert.equal(plainText('orders\ufe0f orders\u3164 or\u034fders\u2800\u00a0\u2003\ud800\n'), 'orders⟨U+FE0F⟩ orders⟨U+3164⟩ or⟨U+034F⟩ders⟨U+2800⟩⟨U+00A0⟩⟨U+2003⟩⟨U+D800⟩\n')
})
