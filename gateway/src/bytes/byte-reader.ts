/** Bytes of a string that are looked at one by one. */
const SHORT_BYTES = 32

/** Reads one frame's body. Never sees past its end: every read checks the frame's bounds first. */
export class ByteReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    if (start < 0 || end > bytes.length || start > end) throw new MalformedFrameError('frame bounds lie outside the buffer')
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  get position(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  /** A view, not a copy, of the next `length` bytes. */
  take(length: number): Buffer {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A NUL-terminated string, as UTF-8. */
  cstring(): string {
    const start = this.#at
    const stop = this.cstringEnd()
    return stop === start ? '' : this.#bytes.toString('utf8', start, stop)
  }

  /** The bytes of a NUL-terminated string, without the NUL: a view. */
  cstringBytes(): Buffer {
    const start = this.#at
    return this.#bytes.subarray(start, this.cstringEnd())
  }

  /** Goes behind a NUL-terminated string. @returns where its NUL stands */
  cstringEnd(): number {
    // Most are short: looking at a few bytes here costs less than a call into native code.
    const nearEnd = Math.min(this.#end, this.#at + SHORT_BYTES)
    let stop = this.#at
    while (stop < nearEnd && this.#bytes[stop] !== 0) stop++
    if (stop === nearEnd) stop = this.#bytes.indexOf(0, stop)
    if (stop === -1 || stop >= this.#end) throw new MalformedFrameError('a string has no terminator')
    this.#at = stop + 1
    return stop
  }

  /** @throws MalformedFrameError when bytes are left over */
  expectEnd(): void {
    if (this.#at !== this.#end) throw new MalformedFrameError(`${this.#end - this.#at} bytes are left over`)
  }

  #advance(length: number): number {
    const start = this.#at
    if (length < 0 || length > this.#end - start) throw new MalformedFrameError('the frame is shorter than its fields')
    this.#at = start + length
    return start
  }
}

/** What a peer sent does not follow the protocol. The message holds no content of it. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError'
}
