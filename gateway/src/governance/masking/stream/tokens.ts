import { ALPHANUMERIC, BASE64_URL } from './byte-classes.ts'
import type { DetectorName } from './detector-names.ts'
import type { Run, Scan } from './scan.ts'

/** Goes on over the bytes of one class. */
export class ClassRun implements Run {
  readonly #bytes: Uint8Array
  ended = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  step(scan: Scan, from: number): number {
    let at = from
    while (at < scan.length && this.#bytes[scan.text[at] ?? 0] === 1) at += 1
    this.ended = at < scan.length || scan.final
    return at
  }
}

const ALNUM_UNDERSCORE = ALPHANUMERIC.slice()
ALNUM_UNDERSCORE[95] = 1

/** Tokens that begin with a word of their own: the word, the bytes that follow, and how many at least. */
interface Prefix {
  readonly word: string
  readonly by: DetectorName
  readonly bytes: Uint8Array
  readonly least: number
  /** Exactly as many as `least`. */
  readonly fixed?: true
}

const dots = BASE64_URL.slice()
dots[46] = 1

const PREFIXES: readonly Prefix[] = [
  ...['AKIA', 'ASIA', 'ABIA', 'ACCA'].map((word): Prefix => ({ word, by: 'aws-access-key', bytes: ALPHANUMERIC, least: 16, fixed: true })),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((word): Prefix => ({ word, by: 'github-token', bytes: dots, least: 30 })),
  { word: 'github_pat_', by: 'github-token', bytes: ALNUM_UNDERSCORE, least: 30 },
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'].map((word): Prefix => ({ word, by: 'api-token', bytes: dots, least: 20 })),
  ...['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'whsec_'].map((word): Prefix => ({ word, by: 'api-token', bytes: ALNUM_UNDERSCORE, least: 16 })),
  ...['sk-ant-', 'sk-proj-', 'glpat-', 'glptt-', 'gldt-', 'glrt-', 'pypi-', 'shpat_', 'npm_', 'dop_v1_', 'hf_', 'hvs.'].map((word): Prefix => ({ word, by: 'api-token', bytes: dots, least: 20 })),
  { word: 'sk-', by: 'api-token', bytes: ALPHANUMERIC, least: 32 },
  { word: 'AIza', by: 'api-token', bytes: BASE64_URL, least: 35 },
  { word: 'SG.', by: 'api-token', bytes: dots, least: 40 },
]

interface AnchoredPrefix {
  readonly prefix: Prefix
  /** Distance of the anchor from the word's beginning. */
  readonly offset: number
  readonly codes: Uint8Array
  /** The byte before the anchor. */
  readonly before: number
}

/** The byte of a word that is rarest in texts, where a scan stops. */
function anchorOf(word: string): number {
  for (const rare of ['_', '-', 'I', 'C', 'G', 'v']) {
    const offset = word.indexOf(rare)
    if (offset !== -1) return offset
  }
  return word.length - 1
}

/** Looks for tokens that begin with a word of their own. */
export class PrefixFinder {
  /** 1 for pairs of bytes that an anchor ends. */
  readonly #pairs = new Uint8Array(65_536)
  readonly #byAnchor: AnchoredPrefix[][] = Array.from({ length: 256 }, () => [])

  constructor(wanted: (name: DetectorName) => boolean) {
    for (const prefix of PREFIXES) {
      if (!wanted(prefix.by)) continue
      const offset = anchorOf(prefix.word)
      const codes = Buffer.from(prefix.word, 'latin1')
      const anchor = codes[offset] ?? 0
      if (offset > 0) this.#pairs[(codes[offset - 1] ?? 0) << 8 | anchor] = 1
      else for (let before = 0; before < 256; before++) this.#pairs[before << 8 | anchor] = 1
      this.#byAnchor[anchor]?.push({ prefix, offset, codes, before: codes[offset - 1] ?? 0 })
    }
  }

  /** Bytes at which `find` has to look. */
  get anchors(): readonly number[] {
    return this.#byAnchor.flatMap((all, byte) => (all.length > 0 ? [byte] : []))
  }

  /** False for nearly all bytes but those at which `find` finds something. */
  mayEnd(before: number, anchor: number): boolean {
    return this.#pairs[before << 8 | anchor] === 1
  }

  /** @param anchor where {@link PrefixFinder.mayEnd} holds */
  find(scan: Scan, anchor: number): void {
    const { text } = scan
    const before = text[anchor - 1] ?? 0
    const candidates = this.#byAnchor[text[anchor] ?? 0]
    if (candidates === undefined) return
    for (const candidate of candidates) {
      if (candidate.offset > 0 && candidate.before !== before) continue
      const { prefix, offset, codes } = candidate
      const start = anchor - offset
      if (start < 1 || ALPHANUMERIC[text[start - 1] ?? 0] === 1) continue
      let same = 0
      while (same < codes.length && start + same < scan.length && text[start + same] === codes[same]) same += 1
      if (same === codes.length) findRest(scan, start, start + codes.length, prefix)
      else if (start + same >= scan.length) scan.undecided(start, true)
    }
  }
}

function findRest(scan: Scan, start: number, from: number, { by, bytes, least, fixed }: Prefix): void {
  let at = from
  while (at < scan.length && at - from < least && bytes[scan.at(at)] === 1) at += 1
  if (at >= scan.length) scan.undecided(start, true)
  if (at - from < least) return
  if (fixed === true) {
    if (at < scan.length && bytes[scan.at(at)] === 1) return
    scan.add(start, at, by)
  } else if (at < scan.length || scan.final) scan.addRun(start, by, new ClassRun(bytes))
}

const MAX_JWT_HEADER = 1024
const DOT = 46

/** A JWT or JWE whose first three characters, `eyJ`, are at `start`: the header says an algorithm. */
export function findJwt(scan: Scan, start: number): void {
  if (BASE64_URL[scan.at(start - 1)] === 1) return
  let dot = start
  while (dot < scan.length && dot - start < MAX_JWT_HEADER && BASE64_URL[scan.at(dot)] === 1) dot += 1
  if (dot >= scan.length) return scan.undecided(start, true)
  if (scan.at(dot) !== DOT || dot - start < 12) return
  const header = Buffer.from(scan.slice(start, dot), 'base64url').toString('latin1')
  if (!/"(?:alg|typ|enc|kid)"\s*:/.test(header)) return
  if (dot + 1 >= scan.length) return scan.undecided(start, true)
  if (BASE64_URL[scan.at(dot + 1)] === 0 && scan.at(dot + 1) !== DOT) return
  scan.addRun(start, 'jwt', new ClassRun(dots))
}
