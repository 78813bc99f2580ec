/**
 * Tells texts that differ only in integers from others: `… where id = 4711` in a loop. Works on a text as JSON writes it.
 * Nothing depends on its being right about SQL: what it takes for an integer stays searchable, because it is a word of its own
 * (governance/recording/search-words.ts).
 */
export interface SplitText {
  /** The text with a mark for each integer. */
  readonly template: string
  /** The integers in their order, parted by blanks. */
  readonly integers: string
}

/** No text has it: JSON escapes control characters. */
const MARK = '\u0001'
const MAX_TEXT_UNITS = 4_096
const MAX_DIGITS = 18

const OTHER = 0
/** Whatever a number may be part of, such as a name, a decimal, `$1`, an escape or a letter that is not ASCII. */
const WORD = 1
const DIGIT = 2
const QUOTE = 3
const MINUS = 4
const SLASH = 5

const KINDS = new Uint8Array(256).fill(WORD, 128)
for (const char of '_.$\\abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') KINDS[char.charCodeAt(0)] = WORD
for (const char of '0123456789') KINDS[char.charCodeAt(0)] = DIGIT
for (const char of '\'"`') KINDS[char.charCodeAt(0)] = QUOTE
KINDS['-'.charCodeAt(0)] = MINUS
KINDS['/'.charCodeAt(0)] = SLASH

/** Integers in quotes and in comments stay in the template. */
export function splitIntegers(text: string): SplitText {
  if (text.length > MAX_TEXT_UNITS) return { template: text, integers: '' }
  let template = ''
  let integers = ''
  let copied = 0
  let touched = false
  let at = 0
  while (at < text.length) {
    const kind = kindAt(text, at)
    if (kind === DIGIT) {
      const start = at
      do at++
      while (kindAt(text, at) === DIGIT)
      const alone: boolean = !touched && kindAt(text, at) !== WORD && at - start <= MAX_DIGITS
      touched = !alone
      if (!alone) continue
      template += text.slice(copied, start) + MARK
      integers += integers === '' ? text.slice(start, at) : ` ${text.slice(start, at)}`
      copied = at
      continue
    }
    touched = kind === WORD
    at++
    if (kind <= WORD) continue
    const end = passageEnd(text, at - 1, kind)
    if (end < 0) break
    at = end
  }
  return copied === 0 ? { template: text, integers: '' } : { template: template + text.slice(copied), integers }
}

function kindAt(text: string, at: number): number {
  return KINDS[text.charCodeAt(at)] ?? (at < text.length ? WORD : OTHER)
}

/** Behind the quoted passage or comment that begins here; the next character where none does; -1 when it has no end. */
function passageEnd(text: string, at: number, kind: number): number {
  const close = kind === QUOTE ? text.charAt(at)
    : kind === MINUS && text.startsWith('--', at) ? '\\n'
      : kind === SLASH && text.startsWith('/*', at) ? '*/' : undefined
  if (close === undefined) return at + 1
  const end = text.indexOf(close, at + (kind === QUOTE ? 1 : 2))
  return end < 0 ? -1 : end + close.length
}

const LAST_WORD = /(?:^|(\\)|([\x80-\uffff])|[^\\a-z0-9])([a-z0-9]{1,64})[^a-z0-9\x80-\uffff]*$/i
/** What no word holds, so that no phrase reaches over it. */
const BREAK = '='

/** Says integers of later texts in terms of the index, each behind the word that it stands behind, so that `"id 4711"` finds it. */
export class IntegerTerms {
  readonly #first: readonly string[]
  /** By integer: the word before, empty where none is sure, undefined where the integer directly follows the one before. */
  readonly #behind: readonly (string | undefined)[]

  /** Of the first text. */
  constructor({ template, integers }: SplitText) {
    this.#first = integers.split(' ')
    this.#behind = template.split(MARK).slice(0, -1).map((part, index) => wordBefore(part, index > 0))
  }

  /** Those that differ from the first text's; each term has a blank before it. */
  of(integers: string): string {
    let terms = ''
    let last = -2
    for (const [index, integer] of integers.split(' ').entries()) {
      if (integer === this.#first[index]) continue
      const word = this.#behind[index]
      if (word !== undefined) terms += word === '' ? ` ${BREAK}` : ` ${BREAK} ${word}`
      else if (last !== index - 1) terms += ` ${BREAK}`
      terms += ` ${integer}`
      last = index
    }
    return terms
  }
}

function wordBefore(part: string, follows: boolean): string | undefined {
  const [found, escape, foreign, word = ''] = LAST_WORD.exec(part) ?? []
  if (found === undefined) return follows && !/[a-z0-9\x80-\uffff]/i.test(part) ? undefined : ''
  if (foreign !== undefined) return ''
  // In JSON `\n` is a line's end and `\u00e9` is a letter.
  if (escape !== undefined) return word.startsWith('u') ? '' : word.slice(1).toLowerCase()
  return word.toLowerCase()
}
