import { DIGIT, LETTER, SEPARATOR } from './byte-classes.ts'
import { wordBefore } from './words-before.ts'
import type { Scan } from './scan.ts'

const LENGTHS = [3, 2, 4]
const MAX_SEPARATOR = 3

/** A social security number that begins at `start`, a digit after something else. */
export function findSsn(scan: Scan, start: number): void {
  const before = scan.at(start - 1)
  if (LETTER[before] === 1 || (SEPARATOR[before] === 1 && DIGIT[scan.at(start - 2)] === 1)) return
  let at = start
  let value = ''
  let separator: string | undefined
  for (const [index, length] of LENGTHS.entries()) {
    for (let count = 0; count < length; count += 1, at += 1) {
      if (at >= scan.length) {
        if (isPossible(value)) scan.undecided(start, separator !== undefined)
        return
      }
      const byte = scan.at(at)
      if (DIGIT[byte] === 0) return
      value += String.fromCharCode(byte)
    }
    if (!isPossible(value)) return
    if (index === 2) break
    let next = at
    while (SEPARATOR[scan.at(next)] === 1 && next - at <= MAX_SEPARATOR) next += 1
    if (next >= scan.length) return scan.undecided(start, next > at || separator !== undefined)
    const text = String.fromCharCode(...scan.text.subarray(at, next))
    if (next - at > MAX_SEPARATOR || (separator !== undefined && text !== separator)) return
    separator = text
    at = next
  }
  if (separator === '' && wordBefore(scan, start, SSN_WORDS) === undefined) return
  if (at >= scan.length) scan.undecided(start, true)
  else if (DIGIT[scan.at(at)] === 1 || (LETTER[scan.at(at)] === 1)) return
  else if (SEPARATOR[scan.at(at)] === 1) {
    if (at + 1 >= scan.length) scan.undecided(start, true)
    // Part of a longer number, or of a table.
    else if (DIGIT[scan.at(at + 1)] === 1) return
  }
  scan.add(start, at, 'us-ssn')
}

const SSN_WORDS = ['ssn', 'social security', 'social_security', 'socialsecurity', 'soc sec', 'tax id', 'taxpayer']

/** Areas, groups and serial numbers that are never given out. */
function isPossible(value: string): boolean {
  if (value.length >= 1 && value.startsWith('9')) return false
  const area = value.slice(0, 3)
  if (area.length === 3 && (area === '000' || area === '666')) return false
  if (value.length >= 5 && value.slice(3, 5) === '00') return false
  return value.length < 9 || value.slice(5) !== '0000'
}
