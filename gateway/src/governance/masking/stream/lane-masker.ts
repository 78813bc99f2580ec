import type { DetectorSet } from './detector-set.ts'
import type { Lane } from './lane.ts'
import type { LinePatterns } from './line-patterns.ts'
import { Replacement } from './replacement.ts'
import { type Match, type Run, Scan } from './scan.ts'

/** What is known of what follows: more may come soon, or not soon, or nothing. */
export type Moment = 'more' | 'idle' | 'end'

/** Bytes of the stream that others take the place of. */
export interface Edit {
  readonly at: number
  readonly size: number
  readonly insert?: Buffer
}

/** Characters of what may become a value that a flush shows. */
const MAX_SHOWN = 4
/** How far before a value its name, and what else is looked back at, may begin. */
const LOOK_BACK = 192

/** Decides which parts of a lane's text are replaced. */
export class LaneMasker {
  readonly #lane: Lane
  readonly #detectors: DetectorSet
  readonly #key: Uint8Array
  readonly #edit: (edit: Edit) => void
  readonly #patterns: LinePatterns | undefined
  /** A value whose end was not seen yet. */
  #running: { readonly run: Run; readonly replacement: Replacement; readonly isContinued: boolean } | undefined
  /** Beginning of the value replaced last, counted from the stream's. */
  #lastStart = -1
  /** The value of any length replaced last, counted in the same way. */
  #runStart = -1
  #runEnd = -1
  masked = 0

  constructor(lane: Lane, detectors: DetectorSet, key: Uint8Array, edit: (edit: Edit) => void) {
    this.#lane = lane
    this.#detectors = detectors
    this.#key = key
    this.#edit = edit
    this.#patterns = detectors.linePatterns()
  }

  /** Replaces what is complete now, since what follows changes the text before it. */
  settle(): void {
    const lane = this.#lane
    this.#settle('more', true)
    if (lane.shown < lane.length) this.#settle('idle', false)
  }

  /** @returns where in the stream what is held begins; Infinity when all is settled */
  settleFor(moment: Moment): number {
    const lane = this.#lane
    if (lane.shown >= lane.length && this.#running === undefined) return Infinity
    const limit = this.#settle(moment, true)
    const from = limit >= lane.length ? Infinity : lane.rawOf(limit)
    this.#patterns?.settled(lane.dropped + lane.shown)
    lane.compact(LOOK_BACK, this.#patterns === undefined ? Infinity : this.#patterns.from - lane.dropped)
    return from
  }

  #settle(moment: Moment, show: boolean): number {
    const lane = this.#lane
    const scan = new Scan(lane.text, lane.length, moment === 'end')
    if (this.#running !== undefined) {
      this.#swallow(this.#running.run.step(scan, lane.shown))
      scan.cover(0, lane.shown)
    }
    this.#find(scan)
    const { matches, limit } = moment === 'idle' ? this.#whenIdle(scan) : { matches: scan.found, limit: scan.open }
    matches.sort(inOrder)
    let resume = scan.resume
    for (const match of matches) {
      if ((match.run === undefined && match.end <= lane.shown) || (match.isRun && this.#isWithinRun(match.start))) continue
      // What waits for others before it is found again.
      if (this.#running !== undefined || match.start > limit || (match.start === limit && (limit < scan.length || match.run === undefined))) {
        resume = Math.min(resume, match.anchor)
      } else this.#replace(match)
    }
    if (show && this.#running === undefined) lane.shown = Math.max(lane.shown, limit)
    lane.resume = Math.min(resume, lane.length)
    return lane.shown
  }

  #find(scan: Scan): void {
    this.#detectors.finder.find(scan, this.#lane.resume)
    this.#patterns?.find(scan, this.#lane.dropped)
  }

  /** True for what begins in the value of any length that was replaced last, or is being replaced. */
  #isWithinRun(start: number): boolean {
    const position = this.#lane.dropped + start
    return position < this.#runEnd && (this.#running === undefined ? position > this.#runStart : position >= this.#runStart)
  }

  /** All that may be a value as it stands, and the first characters of what may become one. */
  #whenIdle(scan: Scan): { readonly matches: Match[]; readonly limit: number } {
    const last = new Scan(scan.text, scan.length, true)
    this.#find(last)
    const matches = [...scan.found, ...last.found.filter((one) => !scan.found.some((other) => other.start === one.start && other.by === one.by))]
    let limit = scan.length
    for (const start of scan.partial) {
      let covered = start + MAX_SHOWN
      for (const match of matches) if (match.start <= start) covered = Math.max(covered, match.run === undefined ? match.end : scan.length)
      limit = Math.min(limit, covered)
    }
    return { matches, limit }
  }

  #replace({ start, end, by, run, isRun }: Match): void {
    const lane = this.#lane
    const from = Math.max(start, lane.shown)
    const position = lane.dropped + start
    const isContinued = position === this.#lastStart || (isRun && position === this.#runStart)
    if (isRun) {
      this.#runStart = position
      this.#runEnd = Math.max(lane.dropped + end, position + 1)
    }
    this.#lastStart = position
    if (!isContinued) this.masked += 1
    const replacement = new Replacement(this.#detectors.maskOf(by), this.#key, from - start)
    replacement.add(lane.text.subarray(start, from))
    if (!isContinued) this.#insert(from, replacement.before)
    if (run !== undefined) {
      this.#running = { run, replacement, isContinued }
      lane.shown = from
      this.#swallow(end)
      return
    }
    replacement.add(lane.text.subarray(from, end))
    // What stands for the value's beginning, which was flushed, stands for all of it.
    if (!isContinued) this.#insert(end, replacement.after())
    this.#remove(from, end, !isRun)
    lane.shown = end
  }

  /** Takes what belongs to the value that is under way, up to `end`. */
  #swallow(end: number): void {
    if (this.#running === undefined) return
    const lane = this.#lane
    const { run, replacement, isContinued } = this.#running
    if (end > lane.shown) {
      replacement.add(lane.text.subarray(lane.shown, end))
      this.#remove(lane.shown, end, false)
      lane.shown = end
      this.#runEnd = Math.max(this.#runEnd, lane.dropped + end)
    }
    if (!run.ended) return
    this.#running = undefined
    if (!isContinued) this.#insert(lane.shown, replacement.after())
  }

  #insert(place: number, insert: Buffer): void {
    if (insert.length > 0) this.#edit({ at: this.#lane.rawOf(place), size: 0, insert })
  }

  #remove(from: number, to: number, overwritten: boolean): void {
    this.#lane.replaced = to
    this.#lane.rawParts(from, to, overwritten, (at, size) => { this.#edit({ at, size }) })
  }
}

/** From left to right; of those that begin together the longest, values of any length first. */
function inOrder(one: Match, other: Match): number {
  return one.start - other.start || Number(other.isRun) - Number(one.isRun) || (one.isRun ? one.anchor - other.anchor : other.end - one.end)
}
