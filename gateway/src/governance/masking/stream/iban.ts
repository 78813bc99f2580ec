import { ALPHANUMERIC, DIGIT, LETTER, SEPARATOR } from './byte-classes.ts'
import type { Scan } from './scan.ts'

/** Characters of an IBAN by country: the registry of ISO 13616. */
const LENGTHS: ReadonlyMap<string, number> = new Map(Object.entries({
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BI: 27, BR: 29, BY: 28, CH: 21, CR: 22, CY: 28, CZ: 24, DE: 22, DJ: 27, DK: 18,
  DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FK: 18, FO: 18, FR: 27, GB: 22, GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HN: 28, HR: 21, HU: 28, IE: 22, IL: 23,
  IQ: 23, IS: 26, IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, LY: 25, MC: 27, MD: 24, ME: 22, MK: 19, MN: 20, MR: 27,
  MT: 31, MU: 30, NI: 28, NL: 18, NO: 15, OM: 23, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29, RO: 24, RS: 22, RU: 33, SA: 24, SC: 31, SD: 18, SE: 24, SI: 19,
  SK: 24, SM: 27, SO: 23, ST: 25, SV: 28, TL: 23, TN: 24, TR: 26, UA: 29, VA: 22, VG: 24, XK: 20, YE: 30,
}))
const MAX_SEPARATOR = 2

/** An account number whose two letters begin at `start`; digits follow them. */
export function findIban(scan: Scan, start: number): void {
  if (ALPHANUMERIC[scan.at(start - 1)] === 1) return
  const country = String.fromCharCode(scan.at(start), scan.at(start + 1)).toUpperCase()
  const length = LENGTHS.get(country)
  if (length === undefined) return
  let value = ''
  let at = start
  while (value.length < length) {
    if (at >= scan.length) return scan.undecided(start, value.length > 2)
    const byte = scan.at(at)
    if (ALPHANUMERIC[byte] === 1) {
      if (value.length >= 2 && value.length < 4 && DIGIT[byte] === 0) return
      value += String.fromCharCode(byte)
      at += 1
      continue
    }
    let next = at
    while (SEPARATOR[scan.at(next)] === 1 && next - at <= MAX_SEPARATOR) next += 1
    if (next === at || next - at > MAX_SEPARATOR) return
    at = next
  }
  if (at >= scan.length) scan.undecided(start, true)
  else if (ALPHANUMERIC[scan.at(at)] === 1) return
  if (mod97(value) === 1) scan.add(start, at, 'iban')
}

/** Of the value with its first four characters at the end, letters as 10 to 35. */
function mod97(value: string): number {
  let rest = 0
  for (const character of value.slice(4) + value.slice(0, 4)) {
    const number = Number.parseInt(character, 36)
    rest = (number > 9 ? rest * 100 + number : rest * 10 + number) % 97
  }
  return rest
}

export function isIbanStart(scan: Scan, digit: number): boolean {
  return LETTER[scan.at(digit - 1)] === 1 && LETTER[scan.at(digit - 2)] === 1 && LETTER[scan.at(digit - 3)] === 0
}
