import type { Wait } from '../exchange.ts'

/** An operation whose client waits for people. */
export class HeldOperation implements Wait {
  readonly #abort = new AbortController()
  #ending: 'cancelled' | 'left' | undefined

  /** How the client gave up, if it did. */
  get ending(): 'cancelled' | 'left' | undefined {
    return this.#ending
  }

  /** Aborted when the client gives up. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  cancel(): void {
    this.#end('cancelled')
  }

  leave(): void {
    this.#end('left')
  }

  #end(how: 'cancelled' | 'left'): void {
    if (this.#ending !== undefined) return
    this.#ending = how
    this.#abort.abort()
  }
}
