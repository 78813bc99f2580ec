import { ALPHANUMERIC, DIGIT, LETTER, LOCAL_PART } from './byte-classes.ts'
import type { Scan } from './scan.ts'

/** RFC 5321, 4.5.3.1.1: the part before the `@`, in bytes. */
export const MAX_LOCAL = 64
/** Longer domains are cut here; DNS allows 253. */
const MAX_DOMAIN = 190
const DOT = 46
const HYPHEN = 45
const COLON = 58

/** Endings of file and unit names that stand where a top-level domain would: `icon@2x.png`, `getty@tty1.service`. */
const NO_DOMAINS = new Set([
  'png', 'jpg', 'jpeg', 'gif', 'svg', 'webp', 'ico', 'bmp', 'pdf', 'js', 'mjs', 'cjs', 'jsx', 'ts', 'tsx', 'css', 'scss', 'json', 'html', 'htm', 'md', 'txt',
  'yaml', 'yml', 'xml', 'log', 'conf', 'service', 'socket', 'timer', 'mount', 'slice', 'target', 'scope', 'device', 'path', 'swap', 'tgz', 'tar', 'gz', 'zip',
])

/** An address around the `@` at `sign`. */
export function findEmail(scan: Scan, sign: number): void {
  let start = sign
  while (start > 0 && sign - start < MAX_LOCAL && LOCAL_PART[scan.at(start - 1)] === 1) start -= 1
  // The trail of a character that began before, and dots, are not its beginning.
  while (start < sign && !beginsLocalPart(scan.at(start))) start += 1
  if (start === sign) return
  let at = sign + 1
  let end = -1
  let label = at
  for (; at < scan.length && at - sign <= MAX_DOMAIN; at += 1) {
    const byte = scan.at(at)
    if (byte === DOT) {
      if (at === label) break
      if (label > sign + 1 && isTop(scan, label, at)) end = at
      label = at + 1
    } else if (byte === HYPHEN) {
      if (at === label) break
    } else if (!isDomainByte(byte)) break
  }
  if (at >= scan.length) scan.undecided(start, true)
  if (at > label && label > sign + 1 && isTop(scan, label, at)) end = at
  if (end === -1) return
  // `git@host:path` and prompts like `root@host:~#` name no mailbox.
  if (scan.at(end) === COLON) {
    if (end + 1 >= scan.length && !scan.final) return scan.undecided(start, true)
    const next = scan.at(end + 1)
    if (next === 126 || isGit(scan, start, sign)) return
  }
  scan.add(start, end, 'email')
}

function beginsLocalPart(byte: number): boolean {
  return ALPHANUMERIC[byte] === 1 || byte === 95 || byte >= 0xc3
}

/** Hyphens and dots apart; letters beyond ASCII of two or three bytes, not what tables are drawn with. */
function isDomainByte(byte: number): boolean {
  return ALPHANUMERIC[byte] === 1 || (byte >= 0x80 && byte <= 0xbf) || (byte >= 0xc3 && byte <= 0xdf)
}

function isTop(scan: Scan, from: number, to: number): boolean {
  if (to - from < 2 || to - from > 24 || from === to) return false
  const text = scan.slice(from, to).toLowerCase()
  if (/^(?:xn--[a-z0-9-]+|[a-z]{2,24})$/.test(text)) return !NO_DOMAINS.has(text)
  return LETTER[scan.at(from)] === 0 && DIGIT[scan.at(from)] === 0 && scan.at(from) >= 0xc3
}

function isGit(scan: Scan, start: number, sign: number): boolean {
  return sign - start === 3 && scan.at(start) === 103 && scan.at(start + 1) === 105 && scan.at(start + 2) === 116
}
