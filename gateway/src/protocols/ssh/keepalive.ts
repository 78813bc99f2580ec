/** How long a peer may be silent before it is asked whether it is there, and how often it may leave that unanswered. */
const EVERY_MS = 30_000
const UNANSWERED = 3

/** Notices that a peer is gone although its connection is not. */
export class Keepalive {
  readonly #timer: NodeJS.Timeout
  #heard = true
  #unanswered = 0

  /**
   * @param ask sends the peer what it must answer
   * @param isRead whether what the peer says is read now; while it is not, nobody can tell
   * @param gone called once, when it has not said anything for a while
   */
  constructor(ask: () => void, isRead: () => boolean, gone: () => void, everyMs = EVERY_MS) {
    this.#timer = setInterval(() => {
      const alive = this.#heard || !isRead()
      this.#heard = false
      if (alive) this.#unanswered = 0
      else if (++this.#unanswered <= UNANSWERED) ask()
      else {
        this.stop()
        gone()
      }
    }, everyMs).unref()
  }

  /** The peer said something. */
  heard(): void {
    this.#heard = true
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
