import { DIGIT } from './byte-classes.ts'
import type { DetectorName } from './detector-names.ts'
import { findEmail, MAX_LOCAL } from './email.ts'
import { TAIL } from './byte-classes.ts'
import { findIban, isIbanStart } from './iban.ts'
import { findIpv4, findIpv6 } from './ip-address.ts'
import { findPaymentCard } from './payment-card.ts'
import { findPhone } from './phone.ts'
import { findPrivateKey } from './private-key.ts'
import type { Scan } from './scan.ts'
import { findAssigned, findBearer, findUrlPassword } from './secret-values.ts'
import { findJwt, findPrefixed, prefixAnchors } from './tokens.ts'
import { findSsn } from './us-ssn.ts'

/** Kinds of bytes at which something may be found; 0 for all others. */
const KIND = { digit: 1, at: 2, colon: 3, equals: 4, greater: 5, space: 6, keyK: 7, jwtJ: 8, prefix: 9 } as const

const code = (character: string): number => character.charCodeAt(0)

/** Looks for what some detectors find. */
export class ValueFinder {
  readonly #kinds = new Uint8Array(256)
  readonly #names: ReadonlySet<DetectorName>
  readonly #wanted: (name: DetectorName) => boolean

  constructor(names: ReadonlySet<DetectorName>) {
    this.#names = names
    this.#wanted = (name) => names.has(name)
    const kinds = this.#kinds
    const digits = ['payment-card', 'us-ssn', 'iban', 'phone', 'ip-address'] as const
    if (digits.some(this.#wanted)) for (let byte = 0; byte < 256; byte += 1) if (DIGIT[byte] === 1) kinds[byte] = KIND.digit
    for (const byte of prefixAnchors(this.#wanted)) kinds[byte] = KIND.prefix
    if (names.has('email')) kinds[code('@')] = KIND.at
    if (names.has('ip-address') || names.has('password-assignment') || names.has('url-password')) kinds[code(':')] = KIND.colon
    if (names.has('password-assignment')) {
      kinds[code('=')] = KIND.equals
      kinds[code('>')] = KIND.greater
    }
    if (names.has('bearer-token')) kinds[code(' ')] = KIND.space
    if (names.has('private-key')) kinds[code('K')] = KIND.keyK
    if (names.has('jwt')) kinds[code('J')] = KIND.jwtJ
  }

  /** Adds to `scan` what begins from `from` on, and what may begin. */
  find(scan: Scan, from: number): void {
    const { text, length } = scan
    const kinds = this.#kinds
    for (let at = from; at < length; at += 1) {
      const kind = kinds[text[at] ?? 0]
      if (kind === 0) continue
      switch (kind) {
        case KIND.digit:
          if (DIGIT[text[at - 1] ?? 0] === 0) this.#atNumber(scan, at)
          break
        case KIND.at:
          findEmail(scan, at)
          break
        case KIND.colon:
          this.#atColon(scan, at)
          break
        case KIND.equals:
        case KIND.greater:
          findAssigned(scan, at)
          break
        case KIND.space: {
          const before = (text[at - 1] ?? 0) | 0x20
          if (before === 114 || before === 99 || before === 110 || before === 121 || before === 116) findBearer(scan, at)
          break
        }
        case KIND.keyK:
          findPrivateKey(scan, at)
          break
        case KIND.jwtJ:
          if (text[at - 1] === 121 && text[at - 2] === 101) findJwt(scan, at - 2)
          break
        default:
          findPrefixed(scan, at, this.#wanted)
      }
    }
    this.#tail(scan, from)
  }

  #atNumber(scan: Scan, at: number): void {
    if (this.#names.has('payment-card')) findPaymentCard(scan, at)
    if (this.#names.has('us-ssn')) findSsn(scan, at)
    if (this.#names.has('iban') && isIbanStart(scan, at)) findIban(scan, at - 2)
    if (this.#names.has('phone')) findPhone(scan, at)
    if (this.#names.has('ip-address')) findIpv4(scan, at)
  }

  #atColon(scan: Scan, at: number): void {
    if (this.#names.has('ip-address')) findIpv6(scan, at)
    if (this.#names.has('password-assignment')) findAssigned(scan, at)
    if (this.#names.has('url-password')) findUrlPassword(scan, at)
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
