import { ALPHANUMERIC } from './byte-classes.ts'
import type { Run, Scan } from './scan.ts'

const END = Buffer.from('KEY-----', 'latin1')
const PGP_END = Buffer.from('KEY BLOCK-----', 'latin1')
const HYPHEN = 45
const LINE_END = 10
const SPACE = 32
/** More than any private key has; what follows is shown again. */
const MAX_BYTES = 32_768
/** Words shorter than this, two in a line, are prose. */
const LEAST_WORD = 16

/** The body behind `-----BEGIN … PRIVATE KEY-----`; `k` is at the K of KEY. */
export function findPrivateKey(scan: Scan, k: number): void {
  for (const end of [END, PGP_END]) {
    let same = 0
    while (same < end.length && k + same < scan.length && scan.text[k + same] === end[same]) same += 1
    if (same < end.length) {
      if (k + same >= scan.length) scan.undecided(k, false)
      continue
    }
    if (/-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE $/.test(scan.slice(k - 40, k))) scan.addRun(k + end.length, 'private-key', new KeyRun(), k)
  }
}

/** Base64, with what stands around it in files, listings and texts of JSON or YAML. */
class KeyRun implements Run {
  ended = false
  #bytes = 0
  #word = 0
  #shortWords = 0
  #isLineStart = false

  step(scan: Scan, from: number): number {
    for (let at = from; ; at += 1) {
      if (at >= scan.length) {
        this.ended = scan.final
        return at
      }
      const byte = scan.at(at)
      if (byte === HYPHEN) {
        let hyphens = 1
        while (hyphens < 5 && scan.at(at + hyphens) === HYPHEN) hyphens += 1
        if (at + hyphens >= scan.length && hyphens < 5 && !scan.final) return at
        if (hyphens === 5) return this.#end(at)
      }
      if (!this.#goesOn(byte)) return this.#end(at)
    }
  }

  #end(at: number): number {
    this.ended = true
    return at
  }

  #goesOn(byte: number): boolean {
    this.#bytes += 1
    if (this.#bytes > MAX_BYTES) return false
    if (byte === LINE_END || byte === 13) {
      this.#word = 0
      this.#shortWords = 0
      this.#isLineStart = true
      return true
    }
    if (byte === SPACE || byte === 9 || byte === COLON) {
      if (this.#word > 0 && this.#word < LEAST_WORD) this.#shortWords += 1
      this.#word = 0
      return this.#shortWords < 3
    }
    this.#word += 1
    if (ALPHANUMERIC[byte] === 1 || BODY.includes(byte)) {
      this.#isLineStart = false
      return true
    }
    // Marks of differences and of quotations.
    return this.#isLineStart && MARKS.includes(byte)
  }
}

const COLON = 58
const BODY = Buffer.from('+/=\\,-_.')
const MARKS = Buffer.from('<>|#*')
