import type { Policy } from '../policy/policy.ts'
import type { Ledger } from './ledger.ts'
import { encodeRecordingDestroyed, recordEvent } from './recording-events.ts'
import type { EndedSession, RetentionStore, UnfinishedDestruction } from './retention-store.ts'
import type { SegmentStore } from './segment-store.ts'

const EVERY_MS = 3_600_000
const AFTER_FAILURE_MS = 60_000
const PAGE = 200
/** The clock may go so much faster than time between two sweeps; beyond that somebody has set it. */
const CLOCK_STEP_MS = 10 * 60_000

export interface RetentionOptions {
  readonly policy: () => Policy
  readonly records: RetentionStore
  readonly segments: Pick<SegmentStore, 'list' | 'delete'>
  readonly ledger: Ledger
  readonly now: () => number
  /** A clock that nobody can set, in milliseconds. */
  readonly steadyNow?: () => number
  readonly onDone: (destroyed: number) => void
  readonly onError: (error: Error) => void
}

/**
 * Destroys recordings whose retention is over and that nothing holds: at the start and every hour. First the key goes,
 * which is what counts; then the ledger says so; then the segments go. Each step is repeated after a crash until the
 * last is done, so an event may be there twice.
 *
 * Each gateway sees to the sessions that it had: a ledger that tells of segments must itself tell why they are gone. For
 * one that is away another destroys the keys, and says so in its own ledger too; the rest waits until that one is back.
 */
export class Retention {
  readonly #options: RetentionOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false
  #looked: { readonly now: number; readonly steady: number } | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Begins the first sweep and returns. */
  start(): void {
    clearTimeout(this.#timer)
    this.#running = this.#round()
  }

  /** Resolves once the sweep that goes on is over. */
  async idle(): Promise<void> {
    await this.#running
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  /**
   * One sweep. @returns how many recordings were destroyed
   * @throws Error of the store or the ledger; what was begun is finished by the next sweep
   */
  async sweep(): Promise<number> {
    const { policy, records, now } = this.#options
    let destroyed = await this.#finishAll()
    for (const { name, retentionMs } of policy().document.targets) {
      if (retentionMs === undefined) continue
      const reason = `retention of ${inWords(retentionMs)} is over`
      let after: EndedSession | undefined
      do {
        const page = await records.ended(name, now() - retentionMs, after, PAGE)
        const due = page.filter((one) => one.due)
        for (const { session } of due) await this.#destroy(session, reason)
        if (due.length > 0) destroyed += await this.#finishAll()
        after = page.at(-1)
        // A policy that was changed meanwhile may keep what was to go.
        if (this.#closed || !isSame(policy(), name, retentionMs)) return destroyed
      } while (after !== undefined)
    }
    return destroyed
  }

  async #round(): Promise<void> {
    let nextMs = EVERY_MS
    try {
      this.#checkClock()
      const destroyed = await this.sweep()
      if (destroyed > 0) this.#options.onDone(destroyed)
    } catch (error) {
      nextMs = error instanceof ClockJumped ? EVERY_MS : AFTER_FAILURE_MS
      this.#options.onError(error instanceof Error ? error : new Error(String(error)))
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.start(), nextMs).unref()
  }

  /** A key that a wrong clock destroys is gone for good: whoever set it has until the next sweep to see it. @throws ClockJumped */
  #checkClock(): void {
    const { now, steadyNow = () => performance.now() } = this.#options
    const before = this.#looked
    const looked = (this.#looked = { now: now(), steady: steadyNow() })
    if (before === undefined) return
    const aheadMs = looked.now - before.now - (looked.steady - before.steady)
    if (aheadMs > CLOCK_STEP_MS) throw new ClockJumped(`the clock was set forward by ${inWords(Math.round(aheadMs / 60_000) * 60_000)}: if that is wrong, mend it within the hour, before recordings are judged by it`)
  }

  async #destroy(session: string, reason: string): Promise<void> {
    let segments = 0
    for await (const _ of this.#options.segments.list(`${session}/`)) segments += 1
    await this.#options.records.destroyKey(session, { atMs: this.#options.now(), segments, reason })
  }

  async #finishAll(): Promise<number> {
    const { records } = this.#options
    let finished = 0
    for (;;) {
      const unfinished = await records.unfinished(PAGE)
      if (unfinished.length === 0) return finished
      await records.purge()
      for (const destruction of unfinished) {
        await this.#finish(destruction)
        finished += 1
      }
    }
  }

  async #finish({ session, segments, reason, own }: UnfinishedDestruction): Promise<void> {
    const { ledger, records, now } = this.#options
    const names: string[] = []
    for await (const name of this.#options.segments.list(`${session}/`)) names.push(name)
    await recordEvent(ledger, encodeRecordingDestroyed({ session, segments: Math.max(segments, names.length), reason }, now()))
    // In a folder that gateways share, what another one's ledger tells of stays until that ledger tells why it is gone.
    if (own) for (const name of names) await this.#options.segments.delete(name)
    await records.finish(session)
  }
}

class ClockJumped extends Error {}

function isSame(policy: Policy, target: string, retentionMs: number): boolean {
  return policy.document.targets.some((entry) => entry.name === target && entry.retentionMs === retentionMs)
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const

function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}
