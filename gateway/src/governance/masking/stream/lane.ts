const STRIDE = 4
const SIZE = 1
const RAW = 2
const RAW_SIZE = 3

/** Text as it is read, apart from what controls a terminal, and where each byte of it stands in the stream. */
export class Lane {
  /** What was read; before `shown` it is there to be looked back at. */
  text = Buffer.alloc(512)
  length = 0
  /** Up to here all is settled: sent on or replaced. */
  shown = 1
  /** End of what was replaced last: that is not taken back. */
  replaced = 0
  /** Where looking for values begins again. */
  resume = 1
  /** Where the stream is. */
  end = 0
  /** Bytes of text that were dropped before `text`. */
  dropped = 0
  /** Parts, one after the other: place in the text, size, place in the stream, size there. Equal sizes map byte by byte. */
  #parts = new Float64Array(16 * STRIDE)
  /** Numbers in use of `#parts`. */
  #used = 0

  constructor() {
    // A line's end, so that the first byte has one before it.
    this.text[0] = 10
    this.length = 1
    this.#add(0, 1, 0, 0)
  }

  /** Adds bytes that stand for themselves. */
  append(bytes: Uint8Array, from: number, to: number, raw: number): void {
    const size = to - from
    if (this.length + size > this.text.length) this.#grow(size)
    if (size < 32) for (let index = 0; index < size; index += 1) this.text[this.length + index] = bytes[from + index] ?? 0
    else this.text.set(bytes.subarray(from, to), this.length)
    const parts = this.#parts
    const last = this.#used - STRIDE
    if (parts[last + SIZE] === parts[last + RAW_SIZE] && (parts[last + RAW] ?? 0) + (parts[last + RAW_SIZE] ?? 0) === raw) {
      parts[last + SIZE] = (parts[last + SIZE] ?? 0) + size
      parts[last + RAW_SIZE] = (parts[last + RAW_SIZE] ?? 0) + size
    } else this.#add(this.length, size, raw, size)
    this.length += size
  }

  /** Adds a byte, `times` over, that stands for `rawSize` bytes of the stream; none for what is only seen. */
  appendFor(byte: number, times: number, raw: number, rawSize: number): void {
    if (this.length + times > this.text.length) this.#grow(times)
    this.text.fill(byte, this.length, this.length + times)
    if (times > 1 && times === rawSize) {
      this.#add(this.length, times - 1, raw, rawSize)
      this.#add(this.length + times - 1, 1, raw + rawSize, 0)
    } else this.#add(this.length, times, raw, rawSize)
    this.length += times
  }

  /** Takes the last byte back, as what is overwritten; its place in the stream stays with what surrounds it. */
  pop(): void {
    const last = this.text[this.length - 1]
    // At a line's beginning there is nothing to go back to.
    if (last === 10 || last === 13 || this.length <= this.replaced) return
    this.length -= 1
    this.shown = Math.min(this.shown, this.length)
    this.resume = Math.min(this.resume, this.length)
    const parts = this.#parts
    let filled = this.#used - STRIDE
    while (filled > 0 && parts[filled + SIZE] === 0) filled -= STRIDE
    const size = parts[filled + SIZE] ?? 0
    const rawSize = parts[filled + RAW_SIZE] ?? 0
    parts[filled + SIZE] = size - 1
    for (let part = filled + STRIDE; part < this.#used; part += STRIDE) parts[part] = Math.min(parts[part] ?? 0, this.length)
    if (size !== rawSize || size === 1) return
    parts[filled + RAW_SIZE] = rawSize - 1
    this.#add(this.length, 0, (parts[filled + RAW] ?? 0) + rawSize - 1, 1)
  }

  /** Bytes of the stream that are seen no more, such as a backspace. */
  ghost(raw: number, rawSize: number): void {
    this.#add(this.length, 0, raw, rawSize)
  }

  /** Where a byte of the text stands in the stream. */
  rawOf(place: number): number {
    if (place >= this.length) return this.end
    const part = this.#partOf(place)
    const raw = this.#parts[part + RAW] ?? 0
    return this.#isByteByByte(part) ? raw + Math.max(0, place - (this.#parts[part] ?? 0)) : raw
  }

  /** Calls with the places in the stream of what stands for a part of the text, and with `overwritten` of what was taken back within it. */
  rawParts(from: number, to: number, overwritten: boolean, take: (raw: number, size: number) => void): void {
    const parts = this.#parts
    for (let part = this.#partOf(from); part < this.#used; part += STRIDE) {
      const at = parts[part] ?? 0
      if (at >= to) break
      const size = parts[part + SIZE] ?? 0
      const raw = parts[part + RAW] ?? 0
      const rawSize = parts[part + RAW_SIZE] ?? 0
      if (size === 0 && (at === from || !overwritten)) continue
      if (size === rawSize) {
        const start = Math.max(from, at)
        const end = Math.min(to, at + size)
        if (end > start) take(raw + start - at, end - start)
      } else if (rawSize > 0) take(raw, rawSize)
    }
  }

  /** Forgets text that nobody looks back at: not what is `lookBack` before, or behind, `keepFrom` and what is not settled. */
  compact(lookBack: number, keepFrom: number): void {
    const drop = Math.min(this.resume, this.shown, keepFrom) - lookBack
    if (drop < 2048) return
    this.text.copyWithin(0, drop, this.length)
    const first = this.#partOf(drop)
    this.#parts.copyWithin(0, first, this.#used)
    this.#used -= first
    for (let part = 0; part < this.#used; part += STRIDE) this.#parts[part] = (this.#parts[part] ?? 0) - drop
    this.length -= drop
    this.shown -= drop
    this.replaced -= drop
    this.resume -= drop
    this.dropped += drop
  }

  #add(at: number, size: number, raw: number, rawSize: number): void {
    if (this.#used === this.#parts.length) {
      const parts = new Float64Array(this.#parts.length * 2)
      parts.set(this.#parts)
      this.#parts = parts
    }
    this.#parts[this.#used] = at
    this.#parts[this.#used + SIZE] = size
    this.#parts[this.#used + RAW] = raw
    this.#parts[this.#used + RAW_SIZE] = rawSize
    this.#used += STRIDE
  }

  #isByteByByte(part: number): boolean {
    return this.#parts[part + SIZE] === this.#parts[part + RAW_SIZE]
  }

  /** The part that a byte is in. */
  #partOf(place: number): number {
    let low = 0
    let high = this.#used / STRIDE
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#parts[middle * STRIDE] ?? 0) + (this.#parts[middle * STRIDE + SIZE] ?? 0) > place) high = middle
      else low = middle + 1
    }
    return low * STRIDE
  }

  #grow(size: number): void {
    const text = Buffer.alloc(Math.max(this.text.length * 2, this.length + size))
    text.set(this.text.subarray(0, this.length))
    this.text = text
  }
}
