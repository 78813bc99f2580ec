import type { Policy } from '../policy/policy.ts'
import type { Ledger } from './ledger.ts'
import { encodeRecordingDestroyed, recordEvent } from './recording-events.ts'
import type { Destruction, EndedSession, RetentionStore } from './retention-store.ts'
import type { SegmentStore } from './segment-store.ts'

const EVERY_MS = 3_600_000
const AFTER_FAILURE_MS = 60_000
const LEASE_MS = 5 * 60_000
const PAGE = 200
const WORK = 'retention'

export interface RetentionOptions {
  readonly policy: () => Policy
  readonly records: RetentionStore
  readonly segments: Pick<SegmentStore, 'list' | 'delete'>
  readonly ledger: Ledger
  readonly now: () => number
  readonly onDone: (destroyed: number) => void
  readonly onError: (error: Error) => void
}

/**
 * Destroys recordings whose retention is over and that nothing holds: at the start and every hour, in one gateway at a
 * time. First the key goes, which is what counts; then the ledger says so; then the segments go. Each step is repeated
 * after a crash until the last is done, so an event may be there twice.
 */
export class Retention {
  readonly #options: RetentionOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** Begins the first sweep and returns. */
  start(): void {
    this.#running = this.#round()
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
    if (!(await records.lease(WORK, LEASE_MS))) return 0
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
        if (this.#closed || !isSame(policy(), name, retentionMs) || !(await records.lease(WORK, LEASE_MS))) return destroyed
      } while (after !== undefined)
    }
    return destroyed
  }

  async #round(): Promise<void> {
    let nextMs = EVERY_MS
    try {
      const destroyed = await this.sweep()
      if (destroyed > 0) this.#options.onDone(destroyed)
    } catch (error) {
      nextMs = AFTER_FAILURE_MS
      this.#options.onError(error instanceof Error ? error : new Error(String(error)))
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.start(), nextMs).unref()
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

  async #finish({ session, segments, reason }: Destruction & { readonly session: string }): Promise<void> {
    const { ledger, records, now } = this.#options
    await recordEvent(ledger, encodeRecordingDestroyed({ session, segments, reason }, now()))
    const names: string[] = []
    for await (const name of this.#options.segments.list(`${session}/`)) names.push(name)
    for (const name of names) await this.#options.segments.delete(name)
    await records.finish(session)
  }
}

function isSame(policy: Policy, target: string, retentionMs: number): boolean {
  return policy.document.targets.some((entry) => entry.name === target && entry.retentionMs === retentionMs)
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]] as const

function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}
