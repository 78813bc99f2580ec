import type { DetectorName } from './detector-names.ts'

/** Follows a value of any length from its beginning, in pieces. */
export interface Run {
  /**
   * Goes on from `at`.
   * @returns up to where the text belongs to the value for certain
   */
  step(scan: Scan, at: number): number
  /** True once the value's end was seen. */
  readonly ended: boolean
}

export interface Match {
  readonly start: number
  /** Exclusive; of a run that has not ended, up to where it is certain. */
  readonly end: number
  /** A detector, or the index of a pattern. */
  readonly by: DetectorName | number
  /** What made the detector look there. */
  readonly anchor: number
  /** A value of any length: what begins inside of it is part of it. */
  readonly isRun: boolean
  /** Of one that has not ended. */
  readonly run?: Run
}

/** One look at a text: what was found, and from where on more text could change that. */
export class Scan {
  readonly text: Buffer
  /** End of the text, exclusive. */
  readonly length: number
  /** True when nothing follows. */
  readonly final: boolean
  readonly found: Match[] = []
  /** From here on more text may change what is found. */
  open: number
  /** Where the next look has to begin to find it. */
  resume: number
  /** Beginnings of what may become a value: not more than their first characters may be shown. */
  readonly partial: number[] = []
  #runStart = -1
  #runEnd = -1

  constructor(text: Buffer, length: number, final: boolean) {
    this.text = text
    this.length = length
    this.final = final
    this.open = length
    this.resume = length
  }

  /** The byte at a place; 10, a line's end, beyond the text. */
  at(place: number): number {
    return place >= 0 && place < this.length ? (this.text[place] ?? 10) : 10
  }

  /** Bytes as characters, each by itself. */
  slice(from: number, to: number): string {
    return this.text.toString('latin1', Math.max(0, from), Math.max(0, Math.min(to, this.length)))
  }

  /** What is part of a value of any length. */
  cover(start: number, end: number): void {
    this.#runStart = start
    this.#runEnd = Math.max(end, start + 1)
  }

  add(start: number, end: number, by: DetectorName | number, anchor = start): void {
    this.found.push({ start, end, by, anchor, isRun: false })
  }

  /** Starts to follow a value; `end` stays open when the text ends before it. */
  addRun(start: number, by: DetectorName, run: Run, anchor = start): void {
    // Following each of many that begin inside another would take the square of the time.
    if (start >= this.#runStart && start < this.#runEnd) return
    const end = run.step(this, start)
    this.cover(start, end)
    if (run.ended) {
      if (end > start) this.found.push({ start, end, by, anchor, isRun: true })
    } else this.found.push({ start, end, by, anchor, isRun: true, run })
  }

  /**
   * The text ended before it could be told.
   * @param hard what is there already looks like the beginning of a value
   * @param anchor what made the detector look there
   */
  undecided(start: number, hard: boolean, anchor = start): void {
    if (this.final) return
    if (start < this.open) this.open = start
    if (anchor < this.resume) this.resume = anchor
    if (hard) this.partial.push(start)
  }
}
