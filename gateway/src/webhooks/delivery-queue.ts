import { type WebhookMessage, WebhookFailure } from '../governance/webhook-sender.ts'

/** A message on its way to one receiver. */
export interface Delivery {
  readonly message: WebhookMessage
  /** Unix milliseconds: told later it is of no use. */
  readonly untilMs: number
  /** What it asks an answer for; undefined when it only tells. */
  readonly asksFor: string | undefined
}

export interface DeliveryQueueOptions {
  /** One attempt. @throws WebhookFailure */
  readonly send: (message: WebhookMessage, signal: AbortSignal) => Promise<void>
  /** Told once when it has failed for {@link tellAfterMs}, and once when it works again after that. */
  readonly onFailed: (failed: { readonly sinceMs: number; readonly error: string }) => void
  readonly onRecovered: (recovered: { readonly sinceMs: number; readonly dropped: number }) => void
  /** Default 1,000; beyond it the oldest is given up. */
  readonly maxWaiting?: number
  /** Default 5 minutes. */
  readonly tellAfterMs?: number
  /** First wait after a failure, default 1 s; doubled up to a minute. */
  readonly firstRetryMs?: number
  readonly now?: () => number
}

type Waiting = Delivery & { refusals: number }

const MAX_RETRY_MS = 60_000
/** The receiver does not like this very message; any other failure is taken for its own, and the message stays the next one. */
const REFUSED: ReadonlySet<number> = new Set([400, 413, 415, 422])
/** So that one message that a receiver never takes does not hold up those behind it. */
const MAX_REFUSALS = 6

/** Messages to one receiver, one at a time and in order, each again until it is taken or of no use any more. */
export class DeliveryQueue {
  readonly #options: DeliveryQueueOptions & Required<Pick<DeliveryQueueOptions, 'maxWaiting' | 'tellAfterMs' | 'firstRetryMs' | 'now'>>
  /** By id of the message, oldest first; the one that is being sent, too. */
  readonly #waiting = new Map<string, Waiting>()
  #sending: string | undefined
  #delivered = 0
  #dropped = 0
  #failing: { readonly sinceMs: number; readonly error: string; readonly times: number; readonly droppedBefore: number } | undefined
  #told = false
  #tellTimer: NodeJS.Timeout | undefined
  #atWork = false
  #work: Promise<void> | undefined
  #endWait: (() => void) | undefined
  #closed = false
  readonly #givenUp = new AbortController()

  constructor(options: DeliveryQueueOptions) {
    this.#options = { maxWaiting: 1_000, tellAfterMs: 300_000, firstRetryMs: 1_000, now: Date.now, ...options }
  }

  get state() {
    return {
      state: this.#failing !== undefined ? 'failing' : this.#delivered === 0 ? 'waiting' : 'ok',
      failingSinceMs: this.#failing?.sinceMs, lastError: this.#failing?.error,
      waiting: this.#waiting.size, dropped: this.#dropped, delivered: this.#delivered,
    } as const
  }

  /** Returns at once. What waits already under this id is not taken twice. */
  add(delivery: Delivery): void {
    const { id } = delivery.message
    if (this.#closed || this.#waiting.has(id)) return
    this.#waiting.set(id, { ...delivery, refusals: 0 })
    if (this.#waiting.size > this.#options.maxWaiting) this.#dropOldest()
    if (this.#atWork) return
    this.#atWork = true
    this.#work = this.#deliver()
  }

  /** Leaves out what asks for something that needs no answer any more. */
  forget(asked: string): void {
    for (const [id, { asksFor }] of this.#waiting) if (asksFor === asked) this.#waiting.delete(id)
  }

  /** It has just taken something else: it fails no more, and what waits is sent at once. */
  receiverIsThere(): void {
    this.#recovered()
    this.#endWait?.()
  }

  /**
   * Goes on while the receiver takes what waits, but not longer than it may, and leaves the rest.
   * @returns how many were never told
   */
  async close(withinMs: number): Promise<number> {
    this.#closed = true
    clearTimeout(this.#tellTimer)
    const late = setTimeout(() => this.#givenUp.abort(), withinMs)
    this.#endWait?.()
    await this.#work
    clearTimeout(late)
    const left = this.#waiting.size
    this.#waiting.clear()
    return left
  }

  #dropOldest(): void {
    for (const id of this.#waiting.keys()) {
      if (id === this.#sending) continue
      this.#waiting.delete(id)
      this.#dropped++
      return
    }
  }

  /** Never throws. */
  async #deliver(): Promise<void> {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      const waitMs = await this.#handle(next)
      if (waitMs > 0 && !this.#closed) await this.#wait(waitMs)
      if (waitMs > 0 && this.#closed) break
    }
    // In the same turn in which nothing was found: what is added later must find nobody at work.
    this.#atWork = false
  }

  /** @returns how long to wait before the next attempt */
  async #handle(delivery: Waiting): Promise<number> {
    const { id } = delivery.message
    this.#sending = id
    const failure = await this.#attempt(delivery)
    this.#sending = undefined
    if (failure !== undefined) {
      this.#giveUpRefused(delivery, failure)
      return this.#failed(failure)
    }
    this.#waiting.delete(id)
    this.#delivered++
    this.#recovered()
    return 0
  }

  /** The oldest that is not too old. */
  #next(): Waiting | undefined {
    if (this.#givenUp.signal.aborted) return undefined
    for (const [id, next] of this.#waiting) {
      if (next.untilMs > this.#options.now()) return next
      this.#waiting.delete(id)
      this.#dropped++
    }
    return undefined
  }

  async #attempt({ message }: Delivery): Promise<WebhookFailure | undefined> {
    try {
      await this.#options.send(message, this.#givenUp.signal)
      return undefined
    } catch (error) {
      // Words of any other error are not known to be fit to be shown.
      return error instanceof WebhookFailure ? error : new WebhookFailure('it could not be sent')
    }
  }

  #giveUpRefused(delivery: Waiting, { status }: WebhookFailure): void {
    if (status === undefined || !REFUSED.has(status) || ++delivery.refusals < MAX_REFUSALS) return
    if (this.#waiting.delete(delivery.message.id)) this.#dropped++
  }

  #recovered(): void {
    clearTimeout(this.#tellTimer)
    const failing = this.#failing
    this.#failing = undefined
    if (failing === undefined || !this.#told) return
    this.#told = false
    this.#options.onRecovered({ sinceMs: failing.sinceMs, dropped: this.#dropped - failing.droppedBefore })
  }

  /** @returns how long to wait */
  #failed({ message, retryAfterMs }: WebhookFailure): number {
    const { tellAfterMs, firstRetryMs, now } = this.#options
    const before = this.#failing
    const times = (before?.times ?? 0) + 1
    this.#failing = { sinceMs: before?.sinceMs ?? now(), error: message, times, droppedBefore: before?.droppedBefore ?? this.#dropped }
    if (before === undefined && !this.#closed) this.#tellTimer = setTimeout(() => this.#tell(), tellAfterMs).unref()
    const backoff = Math.min(firstRetryMs * 2 ** Math.min(times - 1, 30), MAX_RETRY_MS)
    // Up to half as long again, so that many gateways do not come back at once.
    return Math.max(backoff * (1 + Math.random() / 2), retryAfterMs ?? 0)
  }

  #tell(): void {
    if (this.#failing === undefined || this.#closed) return
    this.#told = true
    this.#options.onFailed({ sinceMs: this.#failing.sinceMs, error: this.#failing.error })
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endWait?.(), ms).unref()
      this.#endWait = () => {
        clearTimeout(timer)
        this.#endWait = undefined
        resolve()
      }
    })
  }
}
