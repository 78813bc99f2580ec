import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { oneLine, plainText, shorten } from './plain-text.ts'
import { safeJson } from './safe-json.ts'
import { TerminalFilter } from './terminal-output.ts'

// oxlint-disable-next-line no-control-regex -- control characters are the point
const STEERING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/
const hostile = fc.array(fc.oneof(
  fc.constantFrom('\u001b', '\u009b', '\u009d', ']', '[', '52;c;', '0;', '\u0007', '\\', 'P', 'h', '?1049', '?', ';', '2J', 'm', '\u202e', '\u2028', '\r', '\n', '\b', '\u0018', '👍', 'é'),
  fc.string({ unit: 'binary', maxLength: 3 }),
)).map((parts) => parts.join(''))

describe('text of others', () => {
  it('holds nothing that steers a terminal', () => {
    fc.assert(fc.property(hostile, (text) => {
      assert.doesNotMatch(plainText(text), STEERING)
      assert.doesNotMatch(oneLine(text), /[\n\t]/)
      assert.ok(Array.from(shorten(text, 10)).length <= 10)
    }))
  })

  it('is otherwise as it was', () => {
    assert.equal(plainText('select\t1 -- Grüße 日本 👍\n'), 'select\t1 -- Grüße 日本 👍\n')
    assert.equal(plainText('\u001b[2J\u0000\u007f\u009b\u202e'), '␛[2J␀␡<U+009B><U+202E>')
    assert.equal(plainText('orders\ufe0f orders\u3164 or\u034fders\u2800\u00a0\u2003\ud800'), 'orders<U+FE0F> orders<U+3164> or<U+034F>ders<U+2800><U+00A0><U+2003><U+D800>')
    assert.equal(oneLine(' a \r\n\t b\u2028c '), 'a b c')
    assert.equal(shorten('abcdef', 4), 'abc…')
    assert.equal(shorten('👍👍👍👍', 4), '👍👍👍👍')
  })

  it('is the same document as JSON, and harmless', () => {
    fc.assert(fc.property(hostile, (text) => {
      assert.doesNotMatch(safeJson({ text }), STEERING)
      assert.deepEqual(JSON.parse(safeJson({ [text]: [text] })), { [text]: [text] })
    }))
  })
})

describe('a recorded terminal, played on another', () => {
  const play = (...parts: string[]) => {
    const filter = new TerminalFilter()
    return parts.map((part) => filter.write(part)).join('')
  }

  for (const drawn of [
    'plain text\r\n\tand\b\b more', '\u001b[1;31mred\u001b[0m', '\u001b[38;2;1;2;3mx', '\u001b[2J\u001b[H\u001b[10;20Hx', '\u001b[?25l\u001b[?1049h\u001b[?7l', '\u001b7\u001b8\u001bM\u001bD',
    '\u001b[4:3mcurly', '\u001b[5A\u001b[K\u001b[1P\u001b[3L\u001b[r', 'é日本👍',
  ]) {
    it(`draws ${JSON.stringify(drawn)}`, () => {
      assert.equal(play(drawn), drawn)
      assert.equal(play(...Array.from(drawn)), drawn)
    })
  }

  for (const [attack, left] of [
    ['\u001b]0;title\u0007after', 'after'], ['\u001b]52;c;b3duZWQ=\u001b\\after', 'after'], ['\u001b]8;;https://example.com\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001bP+q544e\u001b\\after', 'after'], ['\u001bPq#0;2;0;0;0\u001b\\x', 'x'], ['\u001b_payload\u001b\\x', 'x'], ['\u001b^payload\u001b\\x', 'x'], ['\u001bXpayload\u001b\\x', 'x'],
    ['\u009d0;title\u009cx', 'x'], ['\u0090data\u009cx', 'x'], ['\u009b31mx', '\u001b[31mx'], ['a\u001b[6nb', 'ab'], ['a\u001b[cb', 'ab'], ['a\u001b[>cb', 'ab'], ['a\u001b[21tb', 'ab'],
    ['a\u001b[?2004hb', 'ab'], ['a\u001b[?1000;1006hb', 'ab'], ['a\u001b[20;5$rb', 'ab'], ['a\u001b[!pb', 'ab'], ['a\u001bcb', 'ab'], ['a\u001b#8b', 'ab'], ['a\u001b(0b', 'ab'], ['a\u0007\u000eb', 'ab'],
    ['a\u001b]0;never ended', 'a'], ['a\u001b]0;x\u0018b', 'ab'], ['a\u001b]0;x\u001b[31mb', 'a\u001b[31mb'], [`a\u001b[${'1;'.repeat(100)}mb`, undefined], ['\u001b\u001b\u001b]0;x\u0007y', 'y'],
  ] as const) {
    it(`does not let through ${JSON.stringify(attack.slice(0, 30))}`, () => {
      assert.equal(play(...Array.from(attack)), play(attack), 'wherever it is split')
      if (left !== undefined) assert.equal(play(attack), left)
    })
  }

  it('lets through only sequences that draw, whatever it is given and however that is split', () => {
    fc.assert(fc.property(fc.array(hostile), (parts) => {
      const played = play(...parts)
      assert.equal(played, play(parts.join('')))
      // oxlint-disable-next-line no-control-regex -- control characters are the point
      const controls = /[\u0000-\u0007\u000e-\u001f\u007f-\u009f]/
      // oxlint-disable-next-line no-control-regex -- as above
      const rest = played.replaceAll(/\u001b(\[\??[\d;:]*[A-Za-z@`]|[78DEHM])/g, '')
      assert.doesNotMatch(rest, controls)
    }))
  })
})
