import type { Wait } from '../exchange.ts'
import type { Session } from '../session.ts'

/** `left`: the client has gone, and may come again. `ended`: its session was ended from outside. */
export type Ending = 'cancelled' | 'left' | 'ended'

/** An operation whose client waits for people. */
export class HeldOperation implements Wait {
  readonly #abort = new AbortController()
  readonly #session: Session
  #ending: Ending | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** Why nobody waits any more, if so. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /** Aborted with it. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  cancel(): void {
    this.#end('cancelled')
  }

  leave(): void {
    this.#end(this.#session.ended === undefined ? 'left' : 'ended')
  }

  #end(how: Ending): void {
    if (this.#ending !== undefined) return
    this.#ending = how
    this.#abort.abort()
  }
}
