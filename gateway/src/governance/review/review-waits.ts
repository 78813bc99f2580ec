import type { OperationReview, Review } from './review.ts'

/** Held at once in one gateway; beyond, nobody is held, and a ticket is given at once. */
const MAX_WAITS = 20_000
/** Reviews read at the same time because they may have changed. */
const MAX_READS = 8
const AFTER_FAILURE_MS = 1_000

interface Waiter {
  readonly settle: (review: OperationReview) => void
  /** Not in time, or not any more: the review is read once again for them. */
  readonly leave: () => void
}

/**
 * Who waits for which review. Keeps no review in memory: only ids, and how to go on. The store is read when something is
 * said to have changed; an answer given through this gateway wakes without.
 */
export class ReviewWaits {
  readonly #read: (id: string) => Promise<Review | undefined>
  readonly #waiting = new Map<string, Set<Waiter>>()
  readonly #toRead = new Set<string>()
  readonly #retries = new Set<NodeJS.Timeout>()
  #reads = 0
  #waits = 0
  #closed = false
  /** Last reads under way, and who wants to know that there are none. */
  #leaving = 0
  #onLeft: () => void = () => undefined

  constructor(read: (id: string) => Promise<Review | undefined>) {
    this.#read = read
  }

  get size(): number {
    return this.#waits
  }

  /** See {@link ReviewDesk.wait}. @throws Error when it cannot be read at the end */
  async wait(id: string, ms: number, signal: AbortSignal): Promise<OperationReview> {
    if (ms > 0 && !signal.aborted && !this.#closed && this.#waits < MAX_WAITS) {
      const review = await this.#held(id, ms, signal)
      if (review !== undefined) return review
    }
    this.#leaving++
    try {
      const review = await this.#read(id)
      if (review?.kind !== 'operation') throw new Error(`there is no review ${id} of an operation any more`)
      return review
    } finally {
      if (--this.#leaving === 0) this.#onLeft()
    }
  }

  /** Lets those go on who wait for a review that is not open any more. */
  wake(review: Review): void {
    if (review.state === 'open' || review.kind !== 'operation') return
    for (const waiter of [...this.#waiting.get(review.id) ?? []]) waiter.settle(review)
  }

  /** It may have changed. */
  look(id: string): void {
    if (!this.#waiting.has(id)) return
    this.#toRead.add(id)
    this.#readNext()
  }

  lookAll(): void {
    for (const id of this.#waiting.keys()) this.#toRead.add(id)
    this.#readNext()
  }

  /** Everybody goes on with the review as it is; resolves once all of them have it. */
  async close(): Promise<void> {
    this.#closed = true
    this.#toRead.clear()
    for (const retry of this.#retries) clearTimeout(retry)
    for (const waiters of [...this.#waiting.values()]) for (const waiter of [...waiters]) waiter.leave()
    // They go on in the next turn.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#leaving > 0) await new Promise<void>((resolve) => (this.#onLeft = resolve))
  }

  #held(id: string, ms: number, signal: AbortSignal): Promise<OperationReview | undefined> {
    return new Promise((resolve) => {
      const end = (review: OperationReview | undefined): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', waiter.leave)
        this.#remove(id, waiter)
        resolve(review)
      }
      const waiter: Waiter = { settle: end, leave: () => end(undefined) }
      const timer = setTimeout(waiter.leave, Math.min(ms, MAX_TIMER_MS))
      signal.addEventListener('abort', waiter.leave)
      this.#add(id, waiter)
      // It may have been answered between being asked for and now.
      this.look(id)
    })
  }

  #add(id: string, waiter: Waiter): void {
    this.#waits++
    const waiters = this.#waiting.get(id)
    if (waiters === undefined) this.#waiting.set(id, new Set([waiter]))
    else waiters.add(waiter)
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(id)
    if (!waiters?.delete(waiter)) return
    this.#waits--
    if (waiters.size === 0) this.#waiting.delete(id)
  }

  #readNext(): void {
    while (this.#reads < MAX_READS) {
      const [id] = this.#toRead
      if (id === undefined) return
      this.#toRead.delete(id)
      if (!this.#waiting.has(id)) continue
      void this.#readOne(id)
    }
  }

  /** Never rejects. */
  async #readOne(id: string): Promise<void> {
    this.#reads++
    try {
      this.#found(id, await this.#read(id))
    } catch {
      this.#lookLater(id)
    }
    this.#reads--
    this.#readNext()
  }

  #found(id: string, review: Review | undefined): void {
    if (review !== undefined) this.wake(review)
    else for (const waiter of [...this.#waiting.get(id) ?? []]) waiter.leave()
  }

  #lookLater(id: string): void {
    if (this.#closed) return
    const retry = setTimeout(() => {
      this.#retries.delete(retry)
      this.look(id)
    }, AFTER_FAILURE_MS)
    this.#retries.add(retry)
  }
}

/** Longest that a timer of Node can be set for. */
export const MAX_TIMER_MS = 2 ** 31 - 1
