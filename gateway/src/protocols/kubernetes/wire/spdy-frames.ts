/**
 * Frames of a SPDY/3.1 connection, as kubectl before 1.30 speaks it. Pure. Control frames are not looked into.
 *
 *    |0| stream 31 | flags 8 | length 24 | data          |1| version 15 | type 16 | flags 8 | length 24 | ...
 */
export type SpdyPiece =
  /** A part of a data frame. `ends`: nothing follows in this direction of the stream. */
  | { readonly kind: 'data'; readonly stream: number; readonly data: Buffer; readonly ends: boolean }
  /** A part of a control frame, as it came; `type` with the first part. */
  | { readonly kind: 'control'; readonly bytes: Buffer; readonly type: number | undefined }

export const SPDY_TYPES = { resetStream: 3, goAway: 7 } as const

const HEADER_BYTES = 8
const FIN = 1

/** Cuts one direction's bytes into frames, as they come: nothing but a header is ever held. */
export class SpdyReader {
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #filled = 0
  #left = 0

  push(bytes: Buffer): SpdyPiece[] {
    const found: SpdyPiece[] = []
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        const taken = bytes.copy(this.#header, this.#filled, at, at + HEADER_BYTES - this.#filled)
        this.#filled += taken
        at += taken
        if (this.#filled < HEADER_BYTES) break
        this.#filled = 0
        this.#left = this.#header.readUIntBE(5, 3)
        if (this.#isControl) found.push({ kind: 'control', bytes: Buffer.from(this.#header), type: this.#header.readUInt16BE(2) })
        else if (this.#left === 0) found.push(this.#data(Buffer.alloc(0)))
        continue
      }
      const end = Math.min(bytes.length, at + this.#left)
      this.#left -= end - at
      const part = bytes.subarray(at, end)
      found.push(this.#isControl ? { kind: 'control', bytes: part, type: undefined } : this.#data(part))
      at = end
    }
    return found
  }

  /** Within a control frame: no other frame may stand here. */
  get isInControl(): boolean {
    return this.#left > 0 && this.#isControl
  }

  get #isControl(): boolean {
    return ((this.#header[0] ?? 0) & 0x80) !== 0
  }

  #data(data: Buffer): SpdyPiece {
    return { kind: 'data', stream: this.#header.readUInt32BE(0), data, ends: this.#left === 0 && ((this.#header[4] ?? 0) & FIN) !== 0 }
  }
}

/** @param ends nothing follows on the stream */
export function writeSpdyData(stream: number, data: Buffer, ends: boolean): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(stream, 0)
  header[4] = ends ? FIN : 0
  header.writeUIntBE(data.length, 5, 3)
  return Buffer.concat([header, data])
}
