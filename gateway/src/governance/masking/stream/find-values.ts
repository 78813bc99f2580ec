import { DIGIT, LETTER, SEPARATOR, TAIL } from './byte-classes.ts'
import type { DetectorName } from './detector-names.ts'
import { findEmail, MAX_LOCAL } from './email.ts'
import { findIban, isIbanStart } from './iban.ts'
import { findIpv4, findIpv6 } from './ip-address.ts'
import { findPaymentCard } from './payment-card.ts'
import { findPhone, mayBePhone } from './phone.ts'
import { findPrivateKey } from './private-key.ts'
import type { Scan } from './scan.ts'
import { findAssigned, findAuthorization, findBearer, findUrlPassword, mayBeName } from './secret-values.ts'
import { findJwt, PrefixFinder } from './tokens.ts'
import { findSsn } from './us-ssn.ts'

/** Kinds of bytes at which something may be found; 0 for all others. */
const KIND = { digit: 1, at: 2, colon: 3, equals: 4, greater: 5, bearerB: 6, keyK: 7, jwtJ: 8, prefix: 9 } as const

const DOT = 46
/** Of `Authorization`, its last. */
const LETTER_N = 110
const SLASH = 47

const code = (character: string): number => character.charCodeAt(0)

/** Looks for what some detectors find. */
export class ValueFinder {
  readonly #kinds = new Uint8Array(256)
  readonly #card: boolean
  readonly #ssn: boolean
  readonly #iban: boolean
  readonly #phone: boolean
  readonly #ip: boolean
  readonly #assignment: boolean
  readonly #url: boolean
  readonly #bearer: boolean
  readonly #prefixes: PrefixFinder

  constructor(names: ReadonlySet<DetectorName>) {
    const wanted = (name: DetectorName): boolean => names.has(name)
    this.#card = wanted('payment-card')
    this.#ssn = wanted('us-ssn')
    this.#iban = wanted('iban')
    this.#phone = wanted('phone')
    this.#ip = wanted('ip-address')
    this.#assignment = wanted('password-assignment')
    this.#url = wanted('url-password')
    this.#bearer = wanted('bearer-token')
    this.#prefixes = new PrefixFinder(wanted)
    const kinds = this.#kinds
    const digits = ['payment-card', 'us-ssn', 'iban', 'phone', 'ip-address'] as const
    if (digits.some(wanted)) for (let byte = 0; byte < 256; byte += 1) if (DIGIT[byte] === 1) kinds[byte] = KIND.digit
    for (const byte of this.#prefixes.anchors) kinds[byte] = KIND.prefix
    if (names.has('email')) kinds[code('@')] = KIND.at
    if (names.has('ip-address') || names.has('password-assignment') || this.#url || this.#bearer) kinds[code(':')] = KIND.colon
    if (names.has('password-assignment')) {
      kinds[code('=')] = KIND.equals
      kinds[code('>')] = KIND.greater
    }
    if (this.#bearer) kinds[code('b')] = kinds[code('B')] = KIND.bearerB
    if (names.has('private-key')) kinds[code('K')] = KIND.keyK
    if (names.has('jwt')) kinds[code('J')] = KIND.jwtJ
  }

  /** Adds to `scan` what begins from `from` on, and what may begin. */
  find(scan: Scan, from: number): void {
    const { text, length } = scan
    const kinds = this.#kinds
    const prefixes = this.#prefixes
    for (let at = from; at < length; at += 1) {
      const kind = kinds[text[at] ?? 0]
      if (kind === 0) continue
      switch (kind) {
        case KIND.digit:
          if (DIGIT[text[at - 1] ?? 0] === 0) at = this.#atNumber(scan, at) - 1
          break
        case KIND.at:
          findEmail(scan, at)
          break
        case KIND.colon:
          this.#atColon(scan, at)
          break
        case KIND.equals:
        case KIND.greater:
          if (mayBeName(scan, at)) findAssigned(scan, at)
          break
        case KIND.bearerB:
          findBearer(scan, at)
          break
        case KIND.keyK:
          findPrivateKey(scan, at)
          break
        case KIND.jwtJ:
          if (text[at - 1] === 121 && text[at - 2] === 101) findJwt(scan, at - 2)
          break
        default:
          if (prefixes.mayEnd(text[at - 1] ?? 0, text[at] ?? 0)) prefixes.find(scan, at)
      }
    }
    this.#tail(scan, from)
  }

  /** Most numbers are told by their first group: how long it is, and what stands around it. */
  #atNumber(scan: Scan, at: number): number {
    const { text, length } = scan
    let end = at + 1
    while (end < length && DIGIT[text[end] ?? 0] === 1) end += 1
    const size = end - at
    const before = text[at - 1] ?? 0
    const isOpen = end >= length
    const isSeparated = isOpen || SEPARATOR[text[end] ?? 0] === 1
    if (LETTER[before] === 1) {
      if (this.#iban && isIbanStart(scan, at)) findIban(scan, at - 2)
      if (this.#card && (size >= 12 || isOpen)) findPaymentCard(scan, at)
      return end
    }
    if (this.#card && size < 20 && (size >= 12 || isSeparated)) findPaymentCard(scan, at)
    if (this.#ssn && (isOpen || (size === 3 && isSeparated) || size === 9)) findSsn(scan, at)
    if (this.#ip && size <= 3 && (isOpen || text[end] === DOT)) findIpv4(scan, at)
    if (this.#phone && size < 16 && (isOpen || mayBePhone(scan, at, end))) findPhone(scan, at)
    return end
  }

  #atColon(scan: Scan, at: number): void {
    if (this.#ip) findIpv6(scan, at)
    if (this.#assignment && mayBeName(scan, at)) findAssigned(scan, at)
    if (this.#bearer && ((scan.at(at - 1) | 0x20) === LETTER_N || (scan.at(at - 2) | 0x20) === LETTER_N)) findAuthorization(scan, at)
    if (this.#url && (scan.text[at + 1] === SLASH || at + 1 >= scan.length)) findUrlPassword(scan, at)
  }

  /** A word at the end may go on to be anything: an address, a token. */
  #tail(scan: Scan, from: number): void {
    if (scan.final) return
    let at = scan.length
    while (at > from && scan.length - at < MAX_LOCAL && TAIL[scan.at(at - 1)] === 1) at -= 1
    // `+(` before a telephone number, `-----` before a key.
    while (at > from && scan.length - at < MAX_LOCAL + 2 && (scan.at(at - 1) === 43 || scan.at(at - 1) === 40)) at -= 1
    if (at < scan.length) scan.undecided(at, false)
  }
}
