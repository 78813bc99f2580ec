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

const ISSUER_DIGITS = 4
/** By how many of an issuer's digits are known, and their value: 1 where a card may begin so. */
const BEGINNINGS = Array.from({ length: ISSUER_DIGITS + 1 }, (_, known) => {
  const rest = 10 ** (ISSUER_DIGITS - known)
  return Uint8Array.from({ length: 10 ** known }, (__, value) => (ISSUERS.some(([from, to]) => (value + 1) * rest > from && value * rest <= to) ? 1 : 0))
})

/** How the digits of cards are grouped when they are written with separators. */
const GROUPINGS = new Set([
  [4, 4, 4, 4], [4, 4, 4, 4, 3], [4, 6, 5], [4, 6, 4], [4, 4, 4, 3], [4, 4, 5], [4, 3, 3, 3], [4, 4, 4, 2], [5, 4, 5, 2], [6, 13], [8, 8], [4, 12], [12, 4], [6, 6, 4], [6, 4, 6],
].map((sizes) => sizes.reduce(withGroup, 0)))

/** The sizes of some groups as one number. */
function withGroup(groups: number, size: number): number {
  return groups * (MAX_DIGITS + 1) + size
}

const digits = new Uint8Array(MAX_DIGITS)

/** A card number that begins at `start`, a digit after something else. */
export function findPaymentCard(scan: Scan, start: number): void {
  const { text, length } = scan
  const first = (text[start] ?? 0) - ZERO
  if (first < 2 || first > 6) return
  // The fraction of a number is no card.
  if (text[start - 1] === DOT && DIGIT[text[start - 2] ?? 0] === 1) return
  let count = 0
  let at = start
  let end = -1
  let separatorAt = -1
  let separatorSize = 0
  let groups = 0
  let number = 0
  // Of all groups, if it is the same.
  let size = 0
  for (;;) {
    const group = at
    while (count < MAX_DIGITS && at < length && DIGIT[text[at] ?? 0] === 1) {
      digits[count] = (text[at] ?? 0) - ZERO
      count += 1
      at += 1
    }
    // Longer than any card: the groups before may be one.
    if (at < length && DIGIT[text[at] ?? 0] === 1) break
    if (group - start < 8 && !couldBegin(count)) break
    number += 1
    size = number === 1 || size === at - group ? at - group : 0
    groups = number > 6 ? 0 : withGroup(groups, at - group)
    if (at >= length && !scan.final) return scan.undecided(start, true)
    let next = at
    while (next - at <= MAX_SEPARATOR && next < length && SEPARATOR[text[next] ?? 0] === 1) next += 1
    const isSeparator = next > at && next - at <= MAX_SEPARATOR
    const isContinued = isSeparator && next < length && DIGIT[text[next] ?? 0] === 1
    const isRegular = number === 1 || size === 1 || size === 2 || GROUPINGS.has(groups)
    if (isRegular && isCard(count) && !(number === 1 && isContinued && text[at] === DOT)) end = at
    if (isSeparator && next >= length && !scan.final && count < MAX_DIGITS) return scan.undecided(start, true)
    if (!isContinued || count >= MAX_DIGITS) break
    if (separatorAt === -1) {
      separatorAt = at
      separatorSize = next - at
    } else if (!isSame(text, separatorAt, separatorSize, at, next - at)) break
    // Digits one by one are a card only when there are exactly as many.
    if (size === 1 && number > 1 && DIGIT[text[next + 1] ?? 0] === 0) end = -1
    at = next
  }
  if (end !== -1) scan.add(start, end, 'payment-card')
}

function isSame(text: Uint8Array, one: number, oneSize: number, other: number, otherSize: number): boolean {
  if (oneSize !== otherSize) return false
  for (let index = 0; index < oneSize; index += 1) if (text[one + index] !== text[other + index]) return false
  return true
}

function isCard(count: number): boolean {
  return count >= MIN_DIGITS && couldBegin(count) && isIssued(count) && luhn(count)
}

/** True while a card may begin so. */
function couldBegin(count: number): boolean {
  const known = Math.min(count, ISSUER_DIGITS)
  return BEGINNINGS[known]?.[firstDigits(known)] === 1
}

/** True when an issuer's cards have so many digits. */
function isIssued(count: number): boolean {
  const issuer = firstDigits(ISSUER_DIGITS)
  return ISSUERS.some(([from, to, lengths]) => issuer >= from && issuer <= to && lengths.includes(count))
}

function firstDigits(count: number): number {
  let value = 0
  for (let place = 0; place < count; place += 1) value = value * 10 + (digits[place] ?? 0)
  return value
}

function luhn(count: number): boolean {
  let sum = 0
  for (let place = count - 1, double = false; place >= 0; place -= 1, double = !double) {
    const digit = digits[place] ?? 0
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return sum % 10 === 0 && digits.subarray(1, count).some((digit) => digit !== 0)
}
