import { setTimeout as delay } from 'node:timers/promises'
import type { Checkpoint } from '../checkpoint.ts'
import type { Anchor, AnchorStatus } from './anchor.ts'

export interface AnchoringOptions {
  readonly anchor: Anchor
  /** The latest published checkpoint. */
  readonly latest: () => Checkpoint
  /** At most one checkpoint in this time, except at the end. */
  readonly everyMs: number
  /** Told when the very first attempt fails: the place may be named wrongly. */
  readonly onUnreached: (unreached: { readonly anchor: string; readonly error: string }) => void
  /** Told once when it has failed for {@link tellAfterMs}, and once when it works again after that. */
  readonly onFailed: (failed: { readonly anchor: string; readonly sinceMs: number; readonly error: string }) => void
  readonly onRecovered: (recovered: { readonly anchor: string; readonly sinceMs: number; readonly size: number }) => void
  /** Default 5 minutes. */
  readonly tellAfterMs?: number
  /** Default 30 s for one attempt. */
  readonly attemptMs?: number
  /** First wait after a failure, default 1 s; doubled up to 5 minutes. */
  readonly firstRetryMs?: number
}

const MAX_RETRY_MS = 300_000

/**
 * Takes the newest checkpoint to one anchor, again and again. Only the newest ever waits, since it covers all before it:
 * an anchor that is slow or down costs no memory and holds up nothing.
 */
export class Anchoring {
  readonly #options: AnchoringOptions & Required<Pick<AnchoringOptions, 'tellAfterMs' | 'attemptMs' | 'firstRetryMs'>>
  #kept: { readonly checkpoint: Checkpoint; readonly atMs: number } | undefined
  #failing: { readonly sinceMs: number; readonly error: string; readonly times: number } | undefined
  #told = false
  /** An attempt under way, also after it was given up. No other begins until it is over. */
  #attempt: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #bound: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: AnchoringOptions) {
    this.#options = { tellAfterMs: 300_000, attemptMs: 30_000, firstRetryMs: 1_000, ...options }
    this.#schedule(0)
  }

  get status(): AnchorStatus {
    const { anchor } = this.#options
    const kept = this.#kept
    const failing = this.#failing
    return {
      anchor: anchor.name,
      state: failing !== undefined ? 'failing' : kept === undefined ? 'waiting' : 'kept',
      ...(kept && { size: kept.checkpoint.size, keptAtMs: kept.atMs }),
      ...(failing && { failingSinceMs: failing.sinceMs, error: failing.error }),
    }
  }

  /**
   * One last attempt for the newest checkpoint.
   * @returns words for why it is not kept there, or undefined when it is
   */
  async close(withinMs: number): Promise<string | undefined> {
    this.#closed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#bound)
    const until = Date.now() + withinMs
    // A checkpoint that is on its way may be an older one.
    for (let times = 0; times < 2 && this.#isBehind(); times++) {
      const problem = await this.#keepWithin(Math.max(0, until - Date.now()))
      if (problem !== undefined) return problem.message
    }
    return undefined
  }

  #schedule(ms: number): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#turn(), ms).unref()
  }

  async #turn(): Promise<void> {
    const { everyMs, attemptMs } = this.#options
    if (!this.#isBehind()) return this.#schedule(everyMs)
    const problem = await this.#keepWithin(attemptMs)
    this.#schedule(problem === undefined ? everyMs : this.#failed(problem))
  }

  #isBehind(): boolean {
    return this.#kept?.checkpoint.note !== this.#options.latest().note
  }

  /** Never throws, and never lasts longer than it may. @returns what was wrong */
  async #keepWithin(ms: number): Promise<Error | undefined> {
    this.#attempt ??= this.#keep().finally(() => (this.#attempt = undefined))
    const over = new AbortController()
    try {
      const late = delay(ms, new Error('it takes too long'), { signal: over.signal, ref: this.#closed }).then((error) => Promise.reject(error))
      late.catch(() => undefined)
      await Promise.race([this.#attempt, late])
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      over.abort()
    }
  }

  async #keep(): Promise<void> {
    const checkpoint = this.#options.latest()
    await this.#options.anchor.keep(checkpoint)
    this.#kept = { checkpoint, atMs: Date.now() }
    clearTimeout(this.#bound)
    const failing = this.#failing
    this.#failing = undefined
    if (failing === undefined || !this.#told) return
    this.#told = false
    this.#options.onRecovered({ anchor: this.#options.anchor.name, sinceMs: failing.sinceMs, size: checkpoint.size })
  }

  /** @returns how long to wait */
  #failed(problem: Error): number {
    const { anchor, onFailed, onUnreached, tellAfterMs, firstRetryMs } = this.#options
    const times = (this.#failing?.times ?? 0) + 1
    if (this.#failing === undefined) {
      if (this.#kept === undefined) onUnreached({ anchor: anchor.name, error: problem.message })
      this.#bound = setTimeout(() => {
        if (this.#failing === undefined || this.#closed) return
        this.#told = true
        const { sinceMs, error } = this.#failing
        onFailed({ anchor: anchor.name, sinceMs, error })
      }, tellAfterMs).unref()
    }
    this.#failing = { sinceMs: this.#failing?.sinceMs ?? Date.now(), error: problem.message, times }
    const backoff = Math.min(firstRetryMs * 2 ** Math.min(times - 1, 30), MAX_RETRY_MS)
    // Up to half as long again, so that many gateways do not come back at once.
    return Math.max(backoff * (1 + Math.random() / 2), askedFor(problem))
  }
}

function askedFor(problem: Error): number {
  return 'retryAfterMs' in problem && typeof problem.retryAfterMs === 'number' ? problem.retryAfterMs : 0
}
