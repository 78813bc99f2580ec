import { ALPHANUMERIC, DIGIT, HEX } from './byte-classes.ts'
import type { Scan } from './scan.ts'

const DOT = 46
const COLON = 58
const MAX_V6 = 45

/** An IPv4 address that begins at `start`, a digit after something else. Loopback, `0.0.0.0` and network masks say nothing of anybody. */
export function findIpv4(scan: Scan, start: number): void {
  const before = scan.at(start - 1)
  if (before === DOT || ALPHANUMERIC[before] === 1 || before === COLON && HEX[scan.at(start - 2)] === 1 && HEX[scan.at(start - 3)] === 1) return
  let at = start
  const parts: number[] = []
  for (;;) {
    const from = at
    let value = 0
    while (DIGIT[scan.at(at)] === 1 && at - from < 4) {
      value = value * 10 + scan.at(at) - 48
      at += 1
    }
    if (at === from) {
      if (at >= scan.length) scan.undecided(start, true)
      return
    }
    if (at - from > 3 || value > 255) return
    parts.push(value)
    if (at >= scan.length) {
      scan.undecided(start, parts.length > 1)
      if (parts.length < 4) return
      break
    }
    if (parts.length === 4) break
    if (scan.at(at) !== DOT) return
    at += 1
  }
  if (scan.at(at) === DOT) {
    if (at + 1 >= scan.length) scan.undecided(start, true)
    else if (DIGIT[scan.at(at + 1)] === 1) return
  } else if (ALPHANUMERIC[scan.at(at)] === 1) return
  if (parts[0] === 127 || parts[0] === 255 || parts.every((part) => part === 0)) return
  scan.add(start, at, 'ip-address')
}

/** An IPv6 address whose first colon is at `colon`. */
export function findIpv6(scan: Scan, colon: number): void {
  if (HEX[scan.text[colon - 1] ?? 0] === 0 && scan.at(colon + 1) !== COLON && colon + 1 < scan.length) return
  let start = colon
  while (colon - start < 5 && HEX[scan.at(start - 1)] === 1) start -= 1
  const before = scan.at(start - 1)
  if (colon - start > 4 || ALPHANUMERIC[before] === 1 || before === COLON || before === DOT) return
  let at = start
  let colons = 0
  let isShort = false
  for (; at - start <= MAX_V6; at += 1) {
    const byte = scan.at(at)
    if (byte === COLON) {
      colons += 1
      if (scan.at(at + 1) === COLON) isShort = true
    } else if (HEX[byte] === 0) break
  }
  if (at - start > MAX_V6) return
  // A time, a port, the end of a word.
  if (at < scan.length && !isShort && colons < 7) return
  if (at >= scan.length) scan.undecided(start, true, colon)
  else if (ALPHANUMERIC[scan.at(at)] === 1) return
  let text = scan.slice(start, at)
  // What follows an address in prose, such as `fe80::1:`.
  if (text.endsWith(':') && !text.endsWith('::')) text = text.slice(0, -1)
  if (isIpv6(text)) scan.add(start, start + text.length, 'ip-address')
}

function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2 || text.length < 6 || !/[0-9]/.test(text) || text === '::') return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  return halves.length === 2 ? groups.length >= 2 && groups.length <= 7 : groups.length === 8
}
