/** Work on one thing at a time, in the order in which it came, within this process. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  /** Runs `work` once all that came before for the same key has ended, however it ended. */
  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key)
    const mine = before === undefined ? work() : before.then(work)
    const ended = mine.then(() => undefined, () => undefined)
    this.#last.set(key, ended)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === ended) this.#last.delete(key)
    }
  }
}
