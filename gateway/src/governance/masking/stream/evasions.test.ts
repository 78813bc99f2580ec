import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DETECTOR_NAMES } from './detector-names.ts'
import { maskText } from './stream-masker.ts'

const key = Buffer.alloc(32, 7)
const ESC = '\x1b'
const CARD = '4111111111111111'
const each = (text: string, between: string): string => Array.from(text).join(between)

function masked(text: string): string {
  return maskText({ detectors: [{ name: 'm', detect: DETECTOR_NAMES, method: 'redact' }] }, key, text)
}

/** What a program may do to a value on its way out, and what is still found. */
const FOUND: readonly (readonly [how: string, text: string])[] = [
  ['blanks between groups', '4111 1111 1111 1111'],
  ['hyphens between groups', '4111-1111-1111-1111'],
  ['dots between groups', '4111.1111.1111.1111'],
  ['blanks around hyphens', '4111 - 1111 - 1111 - 1111'],
  ['blanks between digits', each(CARD, ' ')],
  ['hyphens between digits', each(CARD, '-')],
  ['three blanks between digits', each(CARD, '   ')],
  ['pairs of digits', '41 11 11 11 11 11 11 11'],
  ['halves', '41111111 11111111'],
  ['no-break spaces', '4111\u00a01111\u00a01111\u00a01111'],
  ['thin spaces', '4111\u20091111\u20091111\u20091111'],
  ['en dashes', '4111–1111–1111–1111'],
  ['no-break hyphens', '4111‑1111‑1111‑1111'],
  ['minus signs', '4111−1111−1111−1111'],
  ['zero-width spaces', each(CARD, '\u200b')],
  ['zero-width joiners', each(CARD, '\u200d')],
  ['word joiners', each(CARD, '\u2060')],
  ['soft hyphens', each(CARD, '\u00ad')],
  ['marks of the byte order', each(CARD, '\ufeff')],
  ['marks of direction', `\u202e${each(CARD, '\u200e')}\u202c`],
  ['digits as wide as Chinese characters', Array.from(CARD, (digit) => String.fromCodePoint(0xff10 + Number(digit))).join('')],
  ['NUL between digits, as in UTF-16', each(CARD, '\0')],
  ['bells between digits', each(CARD, '\x07')],
  ['a colour for each digit', Array.from(CARD, (digit, index) => `${ESC}[3${index % 8}m${digit}`).join('')],
  ['a colour of 24 bits inside', `4111111${ESC}[38;2;10;20;30m111111111`],
  ['colours by C1 controls', each(CARD, '\u009b1m')],
  ['attributes switched on and off', each(CARD, `${ESC}[1m${ESC}[22m`)],
  ['a title inside', `41111111${ESC}]0;window title\x0711111111`],
  ['a link around the second half', `41111111${ESC}]8;;http://x.example/${ESC}\\11111111${ESC}]8;;${ESC}\\`],
  ['a device control string inside', `41111111${ESC}P1$r0m${ESC}\\11111111`],
  ['character sets selected inside', `41111111${ESC}(B${ESC})011111111`],
  ['the rest of the line erased inside', `41111111${ESC}[K11111111`],
  ['the cursor hidden and shown inside', `41111111${ESC}[?25l11111111${ESC}[?25h`],
  ['the cursor saved inside', `41111111${ESC}711111111`],
  ['cursor moves in place of blanks', `4111${ESC}[C1111${ESC}[C1111${ESC}[C1111`],
  ['a digit struck over by itself, as in bold text of manuals', Array.from(CARD, (digit) => `${digit}\b${digit}`).join('')],
  ['underlined as in manuals', Array.from(CARD, (digit) => `_\b${digit}`).join('')],
  ['a wrong digit taken back', '4111111x\b111111111'],
  ['two wrong digits taken back by a sequence', `411111199${ESC}[2D111111111`],
  ['written, then struck over', `${CARD}${'\b'.repeat(16)}${'*'.repeat(16)}`],
  ['written, then a line drawn over it', `${CARD}\rnothing to see here`],
  ['repeated by a sequence', `41${ESC}[14b`],
  ['within a title', `${ESC}]0;${CARD}\x07`],
  ['within a link', `${ESC}]8;;http://x.example/?c=${CARD}${ESC}\\text${ESC}]8;;${ESC}\\`],
  ['as a parameter of a sequence', `${ESC}[${CARD}m`],
  ['within a title that never ends', `${ESC}]0;${CARD} `],
  ['an e-mail address in colours, as by grep', `${ESC}[01;31m${ESC}[Kalice${ESC}[m${ESC}[K@example.com`],
  ['a password in colours, as by jq', `${ESC}[34;1m"password"${ESC}[0m:${ESC}[0;32m"hunter2"${ESC}[0m`],
  ['an account number in small letters', 'de89 3704 0044 0532 0130 00'],
  ['in a row of a table', `│ 1 │ ${CARD} │ Bob │`],
  ['as a value in JSON within JSON', '{"body":"{\\"password\\":\\"hunter2\\"}"}'],
]

/** What is beyond detectors: the guide says so. */
const OUT_OF_REACH: readonly (readonly [how: string, text: string])[] = [
  ['base64', Buffer.from(CARD).toString('base64')],
  ['hexadecimal', Buffer.from(CARD).toString('hex')],
  ['backwards', Array.from(CARD, (_, index) => CARD[15 - index]).join('')],
  ['one digit a line', each(CARD, '\n')],
  ['over two lines', '41111111\n11111111'],
  ['other marks between digits', each(CARD, '~')],
  ['in words', 'four one one one one one one one one one one one one one one one'],
  ['with letters in place of digits', '4lll llll llll llll'],
  ['in unequal groups', '411 11111 111111 11'],
  ['added to a number', '4111111111111112 - 1'],
  ['digits of other scripts', Array.from(CARD, (digit) => String.fromCodePoint(0x660 + Number(digit))).join('')],
  ['drawn from right to left by moving the cursor', Array.from(CARD, (digit) => `${digit}${ESC}[2D`).join('')],
  ['drawn by absolute positions', Array.from(CARD, (digit, index) => `${ESC}[5;${40 - index}H${digit}`).join('')],
  ['inserted between others', `4111111${'1'.repeat(8)}${ESC}[5;1H${ESC}[@1`],
  ['as entities of HTML', Array.from(CARD, (digit) => `&#${digit.charCodeAt(0)};`).join('')],
  ['as escapes of URLs', Array.from(CARD, (digit) => `%${digit.charCodeAt(0).toString(16)}`).join('')],
  ['an e-mail address in words', 'alice at example dot com'],
]

describe('a value is found', () => {
  for (const [how, text] of FOUND) {
    test(how, () => {
      const got = masked(text)
      assert.match(got, /\[redacted\]/)
      assert.doesNotMatch(got.replaceAll(/[^0-9a-z@]/g, ''), /1{5}|hunter|alice@|3704/)
    })
  }
})

describe('a value is not found', () => {
  for (const [how, text] of OUT_OF_REACH) test(how, () => { assert.equal(masked(text), text) })
})
