/**
 * Data frames of a SPDY/3.1 connection, as kubectl before 1.30 speaks it. Pure. Control frames are passed over.
 *
 *    |0| stream 31 | flags 8 | length 24 | data          |1| version 15 | type 16 | flags 8 | length 24 | ...
 */
export interface SpdyData {
  readonly stream: number
  readonly data: Buffer
}

const HEADER_BYTES = 8

/** Finds the data in one direction's bytes, as it comes: nothing but a header is ever held. */
export class SpdyReader {
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #filled = 0
  #left = 0

  push(bytes: Buffer): SpdyData[] {
    const found: SpdyData[] = []
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        const taken = bytes.copy(this.#header, this.#filled, at, at + HEADER_BYTES - this.#filled)
        this.#filled += taken
        at += taken
        if (this.#filled < HEADER_BYTES) break
        this.#filled = 0
        this.#left = this.#header.readUIntBE(5, 3)
        continue
      }
      const end = Math.min(bytes.length, at + this.#left)
      const isControl = ((this.#header[0] ?? 0) & 0x80) !== 0
      if (!isControl) found.push({ stream: this.#header.readUInt32BE(0), data: bytes.subarray(at, end) })
      this.#left -= end - at
      at = end
    }
    return found
  }
}
