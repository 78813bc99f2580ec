/**
 * Recognises texts that differ only in integers, without parsing them.
 *
 * Drivers that speak the simple protocol write values into the text: `… WHERE aid = 4711`, a new text each time. Two
 * texts with the same template have the same tokens except for the values of integer constants, because
 * - only ASCII letters, digits, `_`, blanks and `, . ( ) = < > * + ; -` are accepted. No quote, `$`, backslash or
 *   carriage return can begin a token that swallows another, `--` is refused and `/` is no part of it, so there are no
 *   comments; nothing in it is read differently under any `standard_conforming_strings` or ASCII-based encoding;
 * - a number is left out only when it stands alone: no letter, digit, `_` or `.` touches it. So it is not a part of an
 *   identifier, a decimal, `1e5`, `0x1F` or `1_000`, and with at most 9 digits it always fits the token ICONST, never
 *   FCONST;
 * - the placeholder `?` cannot occur in an accepted text, so no other text has the same template.
 *
 * What is left is whether the value of an integer can matter to the analysis. The walk over the tree says so
 * (`Findings.integersMatter`: ordinals, type names), and templates are kept only for single SELECT, INSERT, UPDATE and
 * DELETE statements: not for SET, FETCH, or EXPLAIN's options. A constant condition is unfiltered whatever its value.
 */

const REFUSED = 0
const OTHER = 1
const WORD = 2
const DIGIT = 3
const DOT = 4
const MINUS = 5

const CLASSES = new Uint8Array(128)
for (const character of ' \t\n,()=<>*+;') CLASSES[character.charCodeAt(0)] = OTHER
for (const character of '_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') CLASSES[character.charCodeAt(0)] = WORD
for (const character of '0123456789') CLASSES[character.charCodeAt(0)] = DIGIT
CLASSES['.'.charCodeAt(0)] = DOT
CLASSES['-'.charCodeAt(0)] = MINUS

const MAX_TEMPLATE_LENGTH = 1024
const MAX_DIGITS = 9

/** The text with its integers left out; undefined when it is not of the simple kind, or has none. */
export function integerTemplate(text: string): string | undefined {
  if (text.length > MAX_TEMPLATE_LENGTH) return undefined
  let template = ''
  let copied = 0
  let before = OTHER
  let at = 0
  while (at < text.length) {
    const kind = CLASSES[text.charCodeAt(at)] ?? REFUSED
    if (kind === REFUSED || (kind === MINUS && before === MINUS)) return undefined
    if (kind !== DIGIT) {
      before = kind
      at++
      continue
    }
    const start = at
    do at++
    while (CLASSES[text.charCodeAt(at)] === DIGIT)
    const after = CLASSES[text.charCodeAt(at)]
    if (before !== WORD && before !== DOT && after !== WORD && after !== DOT && at - start <= MAX_DIGITS) {
      template += text.slice(copied, start) + '?'
      copied = at
      before = OTHER
    } else {
      // What follows a digit without a blank belongs to the same word or number.
      before = WORD
    }
  }
  return copied === 0 ? undefined : template + text.slice(copied)
}
