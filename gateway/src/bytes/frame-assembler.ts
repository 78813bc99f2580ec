const FIRST_CAPACITY = 64 * 1024

/**
 * Puts a frame together that arrives in several reads. Memory grows with what has arrived, not with what the header
 * claims, and never beyond the frame.
 */
export class FrameAssembler {
  #bytes = Buffer.allocUnsafe(0)
  #filled = 0

  get filled(): number {
    return this.#filled
  }

  get isEmpty(): boolean {
    return this.#filled === 0
  }

  /** What has arrived so far; a view that the next `add` may invalidate. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#filled)
  }

  /** Takes bytes of `chunk` from `start` until `target` bytes are there. @returns how many it took */
  add(chunk: Buffer, start: number, target: number): number {
    const taken = Math.min(chunk.length - start, target - this.#filled)
    const needed = this.#filled + taken
    if (needed > this.#bytes.length) {
      const capacity = Math.min(target, Math.max(needed, this.#bytes.length * 2, FIRST_CAPACITY))
      const grown = Buffer.allocUnsafe(Math.max(capacity, needed))
      this.#bytes.copy(grown, 0, 0, this.#filled)
      this.#bytes = grown
    }
    chunk.copy(this.#bytes, this.#filled, start, start + taken)
    this.#filled = needed
    return taken
  }

  /** The frame, given away; the assembler is empty again. */
  take(): Buffer {
    const frame = this.bytes
    this.#bytes = Buffer.allocUnsafe(0)
    this.#filled = 0
    return frame
  }
}
