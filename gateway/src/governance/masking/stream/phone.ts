import { ALPHANUMERIC, DIGIT, SEPARATOR } from './byte-classes.ts'
import type { Scan } from './scan.ts'
import { wordBefore } from './words-before.ts'

const PLUS = 43
const SPACE = 32
/** What stands between a word and its number. */
const BETWEEN = Uint8Array.from({ length: 256 }, (_, byte) => (' :="\'(#.'.includes(String.fromCharCode(byte)) ? 1 : 0))
const OPEN = 40
const CLOSE = 41
/** Of ITU-T E.164. */
const MAX_DIGITS = 15
/** Of what is found here, with a word before it. */
const MIN_DIGITS = 7

/** Country codes of one and two digits; all others that begin so have three. */
const SHORT_CODES = new Set(['1', '7', ...'20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(' ')])
const WORDS = ['phone', 'tel', 'mobile', 'cell', 'fax', 'msisdn', 'whatsapp', 'call ']

/** Last letters of the words, and of those behind them: `phone no. 5551234`. */
const WORD_ENDS = Uint8Array.from({ length: 256 }, (_, byte) => ('elxnpor'.includes(String.fromCharCode(byte | 0x20)) && byte > 64 ? 1 : 0))

/** False for nearly all numbers but those that `findPhone` finds; `digit` to `end` is the first group. */
export function mayBePhone(scan: Scan, digit: number, end: number): boolean {
  const { text } = scan
  const before = text[digit - 1] ?? 0
  if (before === PLUS) return true
  const first = text[digit] ?? 0
  const size = end - digit
  const after = text[end] ?? 0
  if (before === OPEN) return (size > 2 && size < 6 && after === CLOSE) || text[digit - 2] === PLUS
  const isSeparated = SEPARATOR[after] === 1
  // Another group must follow, or a blank and a bracket.
  const next = text[end + 1] ?? 0
  if (isSeparated && end + 1 < scan.length && DIGIT[next] === 0 && SEPARATOR[next] === 0 && next !== OPEN && size < 7) return false
  if (isSeparated && size === 3 && first > 49 && after !== SPACE) return isGroup(scan, end + 1, 3)
  if (isSeparated && size === 2 && first === 48) return isGroup(scan, end + 1, 2)
  if (isSeparated && size > 2 && size < 6 && first === 48) return true
  if (isSeparated && size === 1 && first === 49 && isGroup(scan, end + 1, 3)) return true
  if (size < 7 && !isSeparated) return false
  let at = digit - 1
  while (at > 0 && digit - at < 5 && BETWEEN[text[at] ?? 0] === 1) at -= 1
  return WORD_ENDS[text[at] ?? 0] === 1
}

/** True when so many digits and a separator stand there, or the text ends before it can be told. */
function isGroup(scan: Scan, from: number, size: number): boolean {
  const { text, length } = scan
  for (let at = from; at < from + size; at += 1) {
    if (at >= length) return true
    if (DIGIT[text[at] ?? 0] === 0) return SEPARATOR[text[at] ?? 0] === 1 || text[at] === OPEN
  }
  return from + size >= length || SEPARATOR[text[from + size] ?? 0] === 1 || text[from + size] === CLOSE
}

/** A telephone number whose first digit is at `digit`, after something else. */
export function findPhone(scan: Scan, digit: number): void {
  let start = digit
  if (scan.at(start - 1) === OPEN) start -= 1
  const international = scan.at(start - 1) === PLUS
  if (international) start -= 1
  else if (start < digit && scan.at(start - 2) === PLUS) return
  const before = scan.at(start - 1)
  if (ALPHANUMERIC[before] === 1 || before === PLUS) return
  if (!international && SEPARATOR[before] === 1 && DIGIT[scan.at(start - 2)] === 1) return
  if (hasFewDigits(scan, digit)) return
  let at = digit
  let count = 0
  let value = ''
  let groups = ''
  let end = -1
  let separators = ''
  let bracket = start < digit && scan.at(digit - 1) === OPEN
  for (;;) {
    const group = at
    while (DIGIT[scan.at(at)] === 1 && count <= MAX_DIGITS) {
      value += String.fromCharCode(scan.at(at))
      count += 1
      at += 1
    }
    if (count > MAX_DIGITS) return
    if (at > group) groups += groups === '' ? String(at - group) : `-${at - group}`
    if (at >= scan.length) {
      if (couldBegin(value, groups, international)) scan.undecided(start, international || bracket || separators !== '')
      end = at
      break
    }
    end = at
    let next = at
    while (next - at < 3 && (SEPARATOR[scan.at(next)] === 1 || scan.at(next) === OPEN || scan.at(next) === CLOSE)) next += 1
    if (next >= scan.length && !scan.final && next - at < 3) {
      if (couldBegin(value, groups, international)) scan.undecided(start, international || bracket || separators !== '' || next > at)
      // It may end here all the same.
      return
    }
    if (next === at || DIGIT[scan.at(next)] === 0) break
    const separator = String.fromCharCode(...scan.text.subarray(at, next))
    if (separator.includes('(')) {
      if (bracket || !international) break
      bracket = true
    }
    if (separator.includes('  ')) break
    separators += separator
    at = next
  }
  if (ALPHANUMERIC[scan.at(end)] === 1) return
  if (international ? isInternational(value, groups) : isNational(scan, start, value, groups, separators)) scan.add(start, end, 'phone')
}

/** True where fewer digits stand together than any number has, however they are grouped: most that look like one at first. */
function hasFewDigits({ text, length }: Scan, from: number): boolean {
  let count = 0
  for (let at = from; at < length; at += 1) {
    const byte = text[at] ?? 0
    if (DIGIT[byte] === 1) {
      count += 1
      if (count >= MIN_DIGITS) return false
    } else if (SEPARATOR[byte] === 0 && byte !== OPEN && byte !== CLOSE) return true
  }
  return false
}

function couldBegin(value: string, groups: string, international: boolean): boolean {
  if (international) return value.length < 4 || hasCountryCode(value)
  return /^(?:1|1-[123]|1-3-[123]|1-3-3-[1-4]|[123]|3-[123]|3-3-[1-4]|10|11)$/.test(groups) || value.startsWith('0')
}

function hasCountryCode(value: string): boolean {
  return value.startsWith('1') || value.startsWith('7') || SHORT_CODES.has(value.slice(0, 2)) || /^(?:2[1-9]|3[578]|42|5[09]|67|68|69|8[058]|9[679])/.test(value)
}

function isInternational(value: string, groups: string): boolean {
  if (!hasCountryCode(value)) return false
  if (value.startsWith('1')) return /^1[2-9][0-9]{9}$/.test(value) && (groups.includes('-') || isNanp(value.slice(1)))
  // A number alone, as in differences of files, is a telephone number only when it is as long as one.
  return value.length >= (groups.includes('-') ? 8 : 10)
}

/** Of the North American Numbering Plan: area and exchange begin with 2 to 9, and end not in 11. */
function isNanp(value: string): boolean {
  return /^[2-9](?!11)[0-9]{2}[2-9](?!11)[0-9]{6}$/.test(value)
}

function isNational(scan: Scan, start: number, value: string, groups: string, separators: string): boolean {
  const spacedOnly = /^ +$/.test(separators)
  if (groups === '3-3-4' && isNanp(value) && !spacedOnly && separators !== '//') return true
  if (groups === '1-3-3-4' && value.startsWith('1') && isNanp(value.slice(1)) && !spacedOnly) return true
  if (value.startsWith('0') && value[1] !== '0' && isEuropean(value, groups, separators)) return true
  return value.length >= MIN_DIGITS && value.length <= 13 && wordBefore(scan, start, WORDS) !== undefined
}

/** `06 12 34 56 78`, `020 7946 0958`, `0161 496 0123`: as France and the United Kingdom write them. */
function isEuropean(value: string, groups: string, separators: string): boolean {
  if (groups === '2-2-2-2-2') return value[1] !== '0' && /^(.)\1{3}$/.test(separators)
  return /^(?:3-4-4|4-3-4|5-6|5-3-3)$/.test(groups) && value.length === 11 && /^[ -]+$/.test(separators)
}
