interface Range {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/**
 * Collects pieces of buffers to be sent, joining neighbours, so that frames that arrived together and pass unchanged
 * leave in one write without being copied one by one.
 */
export class ByteRanges {
  readonly #closed: Range[] = []
  #buffer: Buffer | undefined
  #start = 0
  #end = 0
  #total = 0

  get byteLength(): number {
    return this.#total
  }

  add(buffer: Buffer, start = 0, end = buffer.length): void {
    if (start === end) return
    this.#total += end - start
    if (this.#buffer === buffer && this.#end === start) {
      this.#end = end
      return
    }
    if (this.#buffer !== undefined) this.#closed.push({ buffer: this.#buffer, start: this.#start, end: this.#end })
    this.#buffer = buffer
    this.#start = start
    this.#end = end
  }

  /** Everything added since it was last empty, as one buffer; a view where one piece is all there is. */
  take(): Buffer {
    const last = this.#buffer
    if (last === undefined) return EMPTY
    if (this.#closed.length === 0) {
      const view = this.#start === 0 && this.#end === last.length ? last : last.subarray(this.#start, this.#end)
      this.#empty()
      return view
    }
    const joined = Buffer.allocUnsafe(this.#total)
    this.moveTo(joined)
    return joined
  }

  /** Copies everything to the beginning of `target`, which must be long enough, and is empty then. */
  moveTo(target: Buffer): void {
    let at = 0
    for (const { buffer, start, end } of this.#closed) at += buffer.copy(target, at, start, end)
    this.#buffer?.copy(target, at, this.#start, this.#end)
    this.#empty()
  }

  #empty(): void {
    if (this.#closed.length > 0) this.#closed.length = 0
    this.#buffer = undefined
    this.#total = 0
  }
}

const EMPTY = Buffer.alloc(0)
