const FIRST_CAPACITY = 256

/** Writes the data types of RFC 4251 section 5 one after the other. */
export class SshWriter {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY)
  #length = 0

  /** @param message the number that a message begins with; none for a structure inside of one */
  constructor(message?: number) {
    if (message !== undefined) this.uint8(message)
  }

  uint8(value: number): this {
    const at = this.#grow(1)
    this.#bytes[at] = value
    return this
  }

  boolean(value: boolean): this {
    return this.uint8(value ? 1 : 0)
  }

  uint32(value: number): this {
    const at = this.#grow(4)
    this.#bytes.writeUInt32BE(value, at)
    return this
  }

  uint64(value: bigint): this {
    const at = this.#grow(8)
    this.#bytes.writeBigUInt64BE(value, at)
    return this
  }

  /** Bytes as they are, without a length before them. */
  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length)
    this.#bytes.set(value, at)
    return this
  }

  string(value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value
    return this.uint32(bytes.length).bytes(bytes)
  }

  /** @param magnitude a number above zero, the highest byte first; leading zeros are left out */
  mpint(magnitude: Uint8Array): this {
    let start = 0
    while (start < magnitude.length && magnitude[start] === 0) start++
    const sign = (magnitude[start] ?? 0) > 0x7f
    this.uint32(magnitude.length - start + (sign ? 1 : 0))
    if (sign) this.uint8(0)
    return this.bytes(magnitude.subarray(start))
  }

  nameList(names: readonly string[]): this {
    return this.string(names.join(','))
  }

  /** All that was written; a view that further writing may change. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, at)
      this.#bytes = grown
    }
    this.#length = needed
    return at
  }
}
