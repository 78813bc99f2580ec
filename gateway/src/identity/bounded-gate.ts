/** Lets a bounded number of tasks run at once, and a bounded number wait for a bounded time. */
export class BoundedGate {
  readonly #maxRunning: number
  readonly #maxWaiting: number
  readonly #waitMs: number
  #running = 0
  readonly #waiting = new Set<() => void>()

  constructor(limits: { readonly maxRunning: number; readonly maxWaiting: number; readonly waitMs: number }) {
    this.#maxRunning = limits.maxRunning
    this.#maxWaiting = limits.maxWaiting
    this.#waitMs = limits.waitMs
  }

  /** @throws GateFull when there is no place, or none came free in time; then `task` was not begun */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#maxRunning) await this.#place()
    else this.#running += 1
    try {
      return await task()
    } finally {
      const next = this.#waiting.values().next().value
      if (next === undefined) this.#running -= 1
      // The place goes straight to the one who waited longest.
      else next()
    }
  }

  #place(): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) return Promise.reject(new GateFull())
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(enter)
        reject(new GateFull())
      }, this.#waitMs)
      const enter = () => {
        clearTimeout(timer)
        this.#waiting.delete(enter)
        resolve()
      }
      this.#waiting.add(enter)
    })
  }
}

export class GateFull extends Error {
  override readonly name = 'GateFull'
}
