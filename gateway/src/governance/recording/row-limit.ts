/** Counts one operation's rows against what the policy wants on record. One object serves a session's operations in turn. */
export class RowLimit {
  readonly #perOperation: number
  #left: number
  #reached = false

  /** @param perOperation see `SessionRecorder.rowsPerOperation` */
  constructor(perOperation: number) {
    this.#perOperation = perOperation
    this.#left = perOperation
  }

  /** A new operation begins. */
  begin(): void {
    this.#left = this.#perOperation
    this.#reached = false
  }

  /** @returns how many of the next `rows` rows still go on record: the first ones */
  take(rows: number): number {
    const taken = Math.min(rows, this.#left)
    this.#left -= taken
    if (taken < rows) this.#reached = true
    return taken
  }

  /** Whether rows were left out: to be told once, by `SessionRecorder.limited`. */
  get reached(): boolean {
    return this.#reached
  }
}
