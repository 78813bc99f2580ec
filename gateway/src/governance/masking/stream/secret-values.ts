import { ALPHANUMERIC, LETTER, SPACE, TOKEN, WORD } from './byte-classes.ts'
import type { Run, Scan } from './scan.ts'
import { ClassRun } from './tokens.ts'

const TAB = 9
const LINE_END = 10
const DOUBLE = 34
const SINGLE = 39
const BACKTICK = 96
const BACKSLASH = 92
const COLON = 58
const EQUALS = 61
const GREATER = 62
const LESS = 60
const AMPERSAND = 38
const COMMA = 44
const SEMICOLON = 59

/** Names of what is secret, at the end of a key: `DB_PASSWORD`, `client-secret`, `apiKey`. */
const NAMES = /(?:pass(?:word|wd|phrase|code)|(?:[_.-]|db|user|my|root|admin|ftp|smtp|mysql|redis|^)pass|pwd|secret(?:[_.-]?(?:key|id|token))?|(?:^|[^a-z]|[a-z](?:id|ess|th|esh|ion|api|rf|bot|er|pat))[_.-]?token|credentials?|(?:api|access|auth|account|secret|private|encryption|signing|master|shared|admin|service|deploy|license)[_.-]?key|authtoken|accesstoken)$/
/** Last bytes of those names, lower case: looked at before anything else is. */
const LAST = Uint8Array.from({ length: 256 }, (_, byte) => ('dsetnyl'.includes(String.fromCharCode(byte | 0x20)) && LETTER[byte] === 1 ? 1 : 0))
const MAX_NAME = 48

/** What stands behind such a name without being secret. */
const NO_SECRETS = new Set([
  'null', 'nil', 'none', 'true', 'false', 'undefined', 'required', 'optional', 'incorrect', 'invalid', 'expired', 'missing', 'wrong', 'empty', 'set', 'unset', 'not', 'is', 'was',
  'has', 'must', 'mismatch', 'changed', 'updated', 'reset', 'failed', 'accepted', 'rejected', 'denied', 'string', 'str', 'text', 'bytes', 'number', 'int', 'bool', 'boolean', 'yes', 'no', 'on', 'off',
  'ok', 'the', 'a', 'an', 'for', 'and', 'or', 'to', 'of', 'in', 'enter', 'your', 'unknown', 'hidden', 'redacted', 'n/a', 'nan', 'disabled', 'enabled', 'success', 'failure', 'failed.', 'valid', 'function', 'self', 'this',
])
const SEEN = 12
/** Where more is known of a value before it counts. */
const PLACEHOLDER = /^(?:[*x•.#_-]{2,}|\[redacted|<[a-z_-]|\$[({a-z_]|\{\{|%[a-z(%{]|os\.|process\.|env\.|getenv|[({[])/i

/** A value behind a name such as `password=`; `sign` is at the `=`, the `:` or the `>`. */
export function findAssigned(scan: Scan, sign: number): void {
  let last = sign - 1
  // `password" : `, `password\": `, `["password"] =>`, `password :=`.
  while (sign - last < 6 && isBetween(scan.at(last))) last -= 1
  if (LAST[scan.at(last)] === 0) return
  let first = last
  while (last - first < MAX_NAME && WORD[scan.at(first - 1)] === 1) first -= 1
  const name = scan.slice(first, last + 1).toLowerCase()
  if (!NAMES.test(name)) return
  let at = sign + 1
  if (scan.at(sign) !== GREATER) {
    // `==`, `=>`, `:=`.
    while (at - sign < 3 && (scan.at(at) === EQUALS || scan.at(at) === GREATER)) at += 1
  }
  while (at - sign < 8 && (scan.at(at) === 32 || scan.at(at) === TAB) && at < scan.length) at += 1
  if (at >= scan.length) return scan.undecided(at, false, sign)
  let quote = 0
  let escaped = false
  if (scan.at(at) === BACKSLASH && (scan.at(at + 1) === DOUBLE || scan.at(at + 1) === SINGLE)) {
    escaped = true
    at += 1
  } else if (scan.at(at) === BACKSLASH && at + 1 >= scan.length) return scan.undecided(at, true, sign)
  if (scan.at(at) === DOUBLE || scan.at(at) === SINGLE || scan.at(at) === BACKTICK) {
    quote = scan.at(at)
    at += 1
  } else if (scan.at(sign) === GREATER && scan.at(sign - 1) !== EQUALS) quote = LESS
  let end = at
  while (end < scan.length && end - at < SEEN && !endsValue(scan.at(end), quote)) end += 1
  if (end >= scan.length && end - at < SEEN && !scan.final) {
    return scan.undecided(at, end > at, sign)
  }
  const value = scan.slice(at, end)
  if (!isSecret(value, name, quote !== 0, end - at >= SEEN)) return
  scan.addRun(at, 'password-assignment', new ValueRun(quote, escaped), sign)
}

/** Last three letters of names, five bits each. */
const NAME_ENDS = endings(['ord', 'swd', 'pwd', 'ase', 'ode', 'ass', 'ret', 'key', '_id', '-id', '.id', 'tid', 'ken', 'ial', 'als'])

function endings(words: readonly string[]): Uint8Array {
  const table = new Uint8Array(32_768)
  for (const word of words) table[fold(word.charCodeAt(0), word.charCodeAt(1), word.charCodeAt(2))] = 1
  return table
}

function fold(first: number, second: number, third: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | (third & 31)
}

/** False for nearly all of what stands before a `:` or `=` without being the name of a secret. */
export function mayBeName(scan: Scan, sign: number): boolean {
  const { text } = scan
  let last = sign - 1
  while (last > 2 && sign - last < 6 && LETTER[text[last] ?? 0] === 0) {
    if (!isBetween(text[last] ?? 0)) return false
    last -= 1
  }
  return NAME_ENDS[fold(text[last - 2] ?? 0, text[last - 1] ?? 0, text[last] ?? 0)] === 1
}

function isBetween(byte: number): boolean {
  return byte === 32 || byte === DOUBLE || byte === SINGLE || byte === BACKSLASH || byte === 93 || byte === COLON || byte === EQUALS || byte === BACKTICK
}

function endsValue(byte: number, quote: number): boolean {
  if (byte === LINE_END || byte === 13) return true
  return quote === 0 ? SPACE[byte] === 1 || byte === DOUBLE || byte === SINGLE || byte === BACKTICK : byte === quote
}

function isSecret(value: string, name: string, quoted: boolean, longer: boolean): boolean {
  const bare = value.replace(/[,;&)\]}.]+$/, '')
  if (bare === '' || PLACEHOLDER.test(value)) return false
  if (NO_SECRETS.has(bare.toLowerCase())) return false
  if (longer) return true
  // Words and counts are behind these names more often than secrets are.
  if (/(?:token|key|secret|credentials?|pass)$/.test(name) && !quoted) return bare.length >= 6 && !/^[0-9]{1,6}$/.test(bare) && !(name.endsWith('token') && /^[a-z]+$/.test(bare))
  return bare.length >= 3
}

/** Up to the end of a quoted text, or of a word; `&`, `;` and `,` end a word where another name follows. */
class ValueRun implements Run {
  readonly #quote: number
  readonly #escaped: boolean
  ended = false

  constructor(quote: number, escaped: boolean) {
    this.#quote = quote
    this.#escaped = escaped
  }

  step(scan: Scan, from: number): number {
    for (let at = from; ; at += 1) {
      if (at >= scan.length) {
        this.ended = scan.final
        return at
      }
      const byte = scan.at(at)
      if (byte === BACKSLASH && this.#quote !== 0) {
        if (at + 1 >= scan.length) {
          this.ended = scan.final
          return scan.final ? at + 1 : at
        }
        if (!this.#escaped) at += scan.at(at + 1) === LINE_END ? 0 : 1
        else if (scan.at(at + 1) === this.#quote) return this.#end(at)
        continue
      }
      if (endsValue(byte, this.#quote)) return this.#end(at)
      if (this.#quote === 0 && (byte === AMPERSAND || byte === SEMICOLON || byte === COMMA)) {
        const end = this.#nameFollows(scan, at)
        if (end === undefined) return at
        if (end) return this.#end(at)
      }
    }
  }

  #end(at: number): number {
    this.ended = true
    return at
  }

  /** Undefined when the text ends before it can be told. */
  #nameFollows(scan: Scan, sign: number): boolean | undefined {
    let at = sign + 1
    if (SPACE[scan.at(at)] === 1 && at < scan.length) return true
    while (at - sign < 32 && WORD[scan.at(at)] === 1) at += 1
    if (at >= scan.length) {
      if (scan.final) return at === sign + 1
      return undefined
    }
    return at > sign + 1 && (scan.at(at) === EQUALS || scan.at(at) === COLON)
  }
}

const LEAST_TOKEN = 8
const SCHEMES = ['bearer', 'basic', 'token', 'apikey', 'digest']
const LONGEST_SCHEME = 6

/** What follows `Bearer `; `word` is at its first letter. */
export function findBearer(scan: Scan, word: number): void {
  if (ALPHANUMERIC[scan.at(word - 1)] === 0 && (scan.at(word + 1) | 0x20) === 101) findCredentials(scan, word, word, 'bearer')
}

/** What follows `Basic ` and the like in an Authorization header; `sign` is at its `:`. */
export function findAuthorization(scan: Scan, sign: number): void {
  if (!/authorization["']?$/i.test(scan.slice(sign - 15, sign))) return
  let at = sign + 1
  while (at - sign < 4 && (scan.at(at) === 32 || scan.at(at) === DOUBLE || scan.at(at) === SINGLE)) at += 1
  for (const scheme of SCHEMES) if (scheme !== 'bearer') findCredentials(scan, at, sign, scheme)
}

function findCredentials(scan: Scan, word: number, anchor: number, scheme: string): void {
  const written = scan.slice(word, word + Math.min(scheme.length, LONGEST_SCHEME)).toLowerCase()
  const space = word + scheme.length
  if (!scheme.startsWith(written)) return
  if (space >= scan.length) return scan.undecided(scan.length, false, anchor)
  let at = space
  while (at - space < 4 && scan.at(at) === 32) at += 1
  if (at === space) return
  let end = at
  while (end < scan.length && end - at < 16 && TOKEN[scan.at(end)] === 1) end += 1
  if (end >= scan.length && end - at < 16 && !scan.final) {
    return scan.undecided(at, end > at, anchor)
  }
  const value = scan.slice(at, end)
  if (value.length < LEAST_TOKEN || (value.length < 16 && /^[a-z]+[:.,]?$/i.test(value)) || PLACEHOLDER.test(value)) return
  scan.addRun(at, 'bearer-token', new ClassRun(TOKEN), anchor)
}

const MAX_USER = 64
const SLASH = 47

/** The password of a URL such as `postgres://user:password@host`; `scheme` is at its first colon. */
export function findUrlPassword(scan: Scan, scheme: number): void {
  if (ALPHANUMERIC[scan.at(scheme - 1)] === 0) return
  let colon = scheme + 1
  while (colon - scheme < 3 && scan.at(colon) === SLASH) colon += 1
  if (colon >= scan.length) return scan.undecided(colon, false, scheme)
  if (colon - scheme < 3) return
  while (colon < scan.length && colon - scheme <= MAX_USER && isUserByte(scan.at(colon))) colon += 1
  if (colon >= scan.length) return scan.undecided(colon, false, scheme)
  if (scan.at(colon) !== COLON) return
  let end = colon + 1
  let sign = -1
  while (end < scan.length && end - colon < 200 && SPACE[scan.at(end)] === 0 && scan.at(end) !== DOUBLE && scan.at(end) !== SINGLE && scan.at(end) !== SLASH) {
    if (scan.at(end) === 64) sign = end
    end += 1
  }
  // A port is no password.
  if (end >= scan.length) scan.undecided(colon + 1, end > colon + 1, scheme)
  if (sign > colon + 1 && !PLACEHOLDER.test(scan.slice(colon + 1, sign))) scan.add(colon + 1, sign, 'url-password', scheme)
}

function isUserByte(byte: number): boolean {
  return WORD[byte] === 1 || byte === 37 || byte === 43 || byte === 126
}
