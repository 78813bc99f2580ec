import { DIGIT, SEPARATOR } from './byte-classes.ts'
import type { Scan } from './scan.ts'

/** Digits of the longest card number (ISO/IEC 7812). */
const MAX_DIGITS = 19
const MIN_DIGITS = 12
/** ` - ` is the longest separator that is taken as one. */
const MAX_SEPARATOR = 3
const ZERO = 48
const DOT = 46

/** Numbers of digits. */
const ANY = [12, 13, 14, 15, 16, 17, 18, 19]
const LONG = [16, 17, 18, 19]

/** Of the issuers: first four digits from, to, and the numbers of digits their cards have. */
const ISSUERS: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [2200, 2204, LONG], [2221, 2720, [16]],
  [3000, 3059, [14, 16, 19]], [3095, 3095, [14, 16, 19]], [3400, 3499, [15]], [3528, 3589, LONG], [3600, 3699, [14, 16, 19]],
  [3700, 3799, [15]], [3800, 3999, [14, 16, 19]],
  [4000, 4999, [13, 16, 19]],
  [5018, 5018, ANY], [5020, 5020, ANY], [5038, 5038, ANY], [5080, 5089, [16]], [5100, 5599, [16]], [5893, 5893, ANY],
  [6000, 6099, [16, 19]], [6200, 6299, LONG], [6304, 6304, ANY], [6440, 6599, [16, 19]], [6759, 6763, ANY],
]

/** How the digits of cards are grouped when they are written with separators. */
const GROUPINGS = new Set(['4-4-4-4', '4-4-4-4-3', '4-6-5', '4-6-4', '4-4-4-3', '4-4-5', '4-3-3-3', '4-4-4-2', '5-4-5-2', '6-13', '8-8', '4-12', '12-4', '6-6-4', '6-4-6'])

const digits = new Uint8Array(MAX_DIGITS)

/** A card number that begins at `start`, a digit after something else. */
export function findPaymentCard(scan: Scan, start: number): void {
  const first = scan.at(start) - ZERO
  if (first < 2 || first > 6) return
  const second = scan.at(start + 1) - ZERO
  // No issuer has 20, 21 and 23 to 26 with these.
  if (first === 2 && second >= 0 && second <= 9 && (second < 2 || second > 7)) return
  // The fraction of a number is no card.
  if (scan.at(start - 1) === DOT && DIGIT[scan.at(start - 2)] === 1) return
  let count = 0
  let at = start
  let end = -1
  let separator = ''
  let groups = ''
  for (;;) {
    const group = at
    while (DIGIT[scan.at(at)] === 1 && count < MAX_DIGITS) {
      digits[count] = scan.at(at) - ZERO
      count += 1
      at += 1
    }
    if (DIGIT[scan.at(at)] === 1) {
      // Longer than any card: of a wide-spaced or grouped one the groups before may still be it.
      break
    }
    if (at >= scan.length) {
      if (couldBegin(count)) scan.undecided(start, true)
      if (!scan.final) return
    }
    groups += groups === '' ? String(at - group) : `-${at - group}`
    let next = at
    while (SEPARATOR[scan.at(next)] === 1 && next - at < MAX_SEPARATOR + 1) next += 1
    const continues = next > at && next - at <= MAX_SEPARATOR && DIGIT[scan.at(next)] === 1
    if (isCard(count, groups, separator) && !(separator === '' && scan.at(at) === DOT && continues)) end = at
    if (next >= scan.length && !scan.final && next - at <= MAX_SEPARATOR && count < MAX_DIGITS) {
      if (couldBegin(count)) scan.undecided(start, true)
      return
    }
    if (!continues) break
    let text = ''
    for (let place = at; place < next; place += 1) text += String.fromCharCode(scan.at(place))
    if (separator !== '' && text !== separator) break
    // Digits one by one are a card only when there are exactly as many.
    if (end !== -1 && DIGIT[scan.at(next + 1)] === 0 && /^1(?:-1)*$/.test(groups)) end = -1
    separator = text
    if (count >= MAX_DIGITS || !couldBegin(count)) break
    at = next
  }
  if (end !== -1) scan.add(start, end, 'payment-card')
}

function isCard(count: number, groups: string, separator: string): boolean {
  if (count < MIN_DIGITS || !issued(count, true)) return false
  const regular = separator === '' || GROUPINGS.has(groups) || /^1(?:-1)+$/.test(groups) || /^2(?:-2)+$/.test(groups)
  return regular && luhn(count)
}

/** True while a card may begin so. */
function couldBegin(count: number): boolean {
  return issued(count, false)
}

function issued(count: number, whole: boolean): boolean {
  let low = 0
  let high = 0
  for (let place = 0; place < 4; place += 1) {
    low = low * 10 + (place < count ? (digits[place] ?? 0) : 0)
    high = high * 10 + (place < count ? (digits[place] ?? 0) : 9)
  }
  for (const [from, to, lengths] of ISSUERS) {
    if (high >= from && low <= to && (!whole || lengths.includes(count))) return true
  }
  return false
}

function luhn(count: number): boolean {
  let sum = 0
  for (let place = count - 1, double = false; place >= 0; place -= 1, double = !double) {
    const digit = digits[place] ?? 0
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0 && digits.subarray(1, count).some((digit) => digit !== 0)
}
