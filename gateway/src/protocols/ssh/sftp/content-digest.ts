import { createHash, type Hash } from 'node:crypto'

/** Content that came before what it follows is kept up to here, for each file. */
const MAX_EARLY_BYTES = 1024 * 1024
const MAX_EARLY_PIECES = 256

/**
 * SHA-256 over the content of a file from its beginning, as it passes in pieces. Clients ask for several pieces at once,
 * and need not do it in order: early pieces are kept for a while. Without a digest is what has gaps, or came twice.
 */
export class ContentDigest {
  #hash: Hash | undefined = createHash('sha256')
  #next = 0
  #early: Map<number, Buffer> | undefined = undefined
  #earlyBytes = 0
  #bytes = 0

  /** All that passed, twice what passed twice. */
  get bytes(): number {
    return this.#bytes
  }

  /** Where the next piece would go on. */
  get next(): number {
    return this.#next
  }

  /** Nothing waits for what comes before it. */
  get isGapless(): boolean {
    return this.#early === undefined
  }

  add(offset: number, bytes: Buffer, start: number, end: number): void {
    const length = end - start
    this.#bytes += length
    if (this.#hash === undefined || length === 0) return
    if (offset === this.#next) {
      this.#hash.update(bytes.subarray(start, end))
      this.#next += length
      if (this.#early !== undefined) this.#takeEarly(this.#early, this.#hash)
    } else this.#keep(offset, bytes, start, end)
  }

  /** There is none: it is not known what the content is. */
  abandon(): void {
    this.#hash = undefined
    this.#early = undefined
  }

  /** @returns hex; undefined when it is not over all the content that passed, and for none */
  finish(): string | undefined {
    const complete = this.isGapless && this.#bytes > 0
    const digest = complete ? this.#hash?.digest('hex') : undefined
    this.abandon()
    return digest
  }

  #keep(offset: number, bytes: Buffer, start: number, end: number): void {
    this.#early ??= new Map()
    this.#earlyBytes += end - start
    const overlaps = offset < this.#next || this.#early.has(offset)
    if (overlaps || this.#earlyBytes > MAX_EARLY_BYTES || this.#early.size === MAX_EARLY_PIECES) return this.abandon()
    this.#early.set(offset, Buffer.from(bytes.subarray(start, end)))
  }

  #takeEarly(early: Map<number, Buffer>, hash: Hash): void {
    for (let piece = early.get(this.#next); piece !== undefined; piece = early.get(this.#next)) {
      early.delete(this.#next)
      hash.update(piece)
      this.#next += piece.length
      this.#earlyBytes -= piece.length
    }
    if (early.size === 0) this.#early = undefined
    // One that is behind by now overlapped what was digested.
    else for (const offset of early.keys()) if (offset < this.#next) return this.abandon()
  }
}
