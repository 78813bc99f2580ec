import type { Change, ChangeSignals } from '../governance/review/change-signals.ts'

/** More than so many that were not read yet are forgotten, and everything is read anew instead. */
const MOST = 1_000

/** Changes of reviews for one reader that may be slow: each review once, however often it changed. */
export class ChangeQueue {
  readonly #ids = new Set<string>()
  readonly #signal: AbortSignal
  readonly #forget: readonly (() => void)[]
  /** True at the beginning, and after changes were missed. */
  #everything = true
  #wake: (() => void) | undefined

  /** @param signal ends the queue */
  constructor(signals: Pick<ChangeSignals, 'onChange' | 'onGap'>, signal: AbortSignal) {
    this.#signal = signal
    const wake = () => this.#wake?.()
    signal.addEventListener('abort', wake)
    this.#forget = [
      signals.onChange((change) => this.#add(change)),
      signals.onGap(() => this.#readAll()),
      () => signal.removeEventListener('abort', wake),
    ]
  }

  /** What to read: one review, or everything; at first it is everything. Undefined at the end. */
  async next(): Promise<{ readonly id: string } | 'everything' | undefined> {
    while (!this.#signal.aborted) {
      if (this.#everything) {
        this.#everything = false
        return 'everything'
      }
      const [id] = this.#ids
      if (id !== undefined) {
        this.#ids.delete(id)
        return { id }
      }
      await new Promise<void>((resolve) => { this.#wake = resolve })
    }
    return undefined
  }

  close(): void {
    for (const forget of this.#forget) forget()
  }

  #add({ what, id }: Change): void {
    if (what !== 'review' || this.#everything) return
    if (this.#ids.size >= MOST) return this.#readAll()
    this.#ids.add(id)
    this.#wake?.()
  }

  #readAll(): void {
    this.#ids.clear()
    this.#everything = true
    this.#wake?.()
  }
}
