/**
 * Collects pieces of buffers to be sent, joining neighbours, so that frames that arrived together and pass unchanged
 * leave in one write without being copied one by one.
 */
export class ByteRanges {
  #pieces: Buffer[] = []
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
    this.#close()
    this.#buffer = buffer
    this.#start = start
    this.#end = end
  }

  /** Everything added since the last call, as one buffer; a view where one piece is all there is. */
  take(): Buffer {
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    const total = this.#total
    this.#total = 0
    const only = pieces[0]
    if (only === undefined) return EMPTY
    return pieces.length > 1 ? Buffer.concat(pieces, total) : only
  }

  #close(): void {
    if (this.#buffer === undefined) return
    this.#pieces.push(this.#buffer.subarray(this.#start, this.#end))
    this.#buffer = undefined
  }
}

const EMPTY = Buffer.alloc(0)
