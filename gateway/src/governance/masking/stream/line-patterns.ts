import type { RE2JS } from 're2js'
import type { Scan } from './scan.ts'

/** Longer lines are looked at in parts, each with the beginning of the next. */
const MAX_LINE = 4096
/** Longest match that is found for certain, whatever the line. */
export const MAX_PATTERN_MATCH = 512
const STEP = MAX_LINE - MAX_PATTERN_MATCH

export interface LinePattern {
  readonly pattern: RE2JS
  /** Tells it from others: index in the masks' patterns. */
  readonly by: number
}

/** Looks for patterns within each line of one lane. */
export class LinePatterns {
  readonly #patterns: readonly LinePattern[]
  /** Where parts of lines begin that are not settled, counted from the stream's beginning; the first is where to go on. */
  #parts: number[] = [1]

  constructor(patterns: readonly LinePattern[]) {
    this.#patterns = patterns
  }

  /** @param dropped bytes of the stream's text before `scan.text` */
  find(scan: Scan, dropped: number): void {
    let from = Math.max(1, (this.#parts[0] ?? 1) - dropped)
    this.#parts = []
    for (;;) {
      this.#parts.push(from + dropped)
      let end = from
      while (end < scan.length && end - from < MAX_LINE && !isLineEnd(scan.at(end))) end += 1
      const isCut = end - from >= MAX_LINE
      const isWhole = isCut || end < scan.length || scan.final
      if (!isWhole) scan.undecided(from, false)
      else if (end > from) this.#match(scan, from, end, isCut ? from + STEP : end)
      if (!isWhole || end >= scan.length) return
      from = isCut ? from + STEP : end + 1
    }
  }

  /** Forgets parts that are settled. */
  settled(until: number): void {
    const open = this.#parts.findIndex((_, index) => (this.#parts[index + 1] ?? Infinity) > until)
    if (open > 0) this.#parts.splice(0, open)
  }

  /** Up to where the text need not be kept. */
  get from(): number {
    return this.#parts[0] ?? 0
  }

  #match(scan: Scan, from: number, end: number, before: number): void {
    const line = scan.text.subarray(from, end)
    for (const { pattern, by } of this.#patterns) {
      const matcher = pattern.matcher(line)
      while (matcher.find()) {
        const start = from + matcher.start()
        if (start >= before) break
        if (matcher.end() > matcher.start()) scan.add(start, from + matcher.end(), by, from)
      }
    }
  }
}

function isLineEnd(byte: number): boolean {
  return byte === 10 || byte === 13
}
