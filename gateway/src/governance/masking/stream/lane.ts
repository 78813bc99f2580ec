/** Text as it is read, apart from what controls a terminal, and where each byte of it stands in the stream. */
export class Lane {
  /** What was read; before `shown` it is there to be looked back at. */
  text = Buffer.alloc(512)
  length = 0
  /** Up to here all is settled: sent on or replaced. */
  shown = 1
  /** Where looking for values begins again. */
  resume = 1
  /** Where the stream is. */
  end = 0
  /** Bytes of text that were dropped before `text`. */
  dropped = 0
  // Of the parts, by index: a part of equal lengths maps byte by byte, any other as a whole.
  readonly #at: number[] = []
  readonly #size: number[] = []
  readonly #raw: number[] = []
  readonly #rawSize: number[] = []

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
    this.text.set(bytes.subarray(from, to), this.length)
    const last = this.#at.length - 1
    if (last >= 0 && this.#size[last] === this.#rawSize[last] && (this.#raw[last] ?? 0) + (this.#rawSize[last] ?? 0) === raw) {
      this.#size[last] = (this.#size[last] ?? 0) + size
      this.#rawSize[last] = (this.#rawSize[last] ?? 0) + size
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
    if (this.length <= 1) return
    this.length -= 1
    this.shown = Math.min(this.shown, this.length)
    this.resume = Math.min(this.resume, this.length)
    const last = this.#lastFilled()
    const size = this.#size[last] ?? 0
    const rawSize = this.#rawSize[last] ?? 0
    if (size === rawSize && size > 1) {
      this.#size[last] = size - 1
      this.#rawSize[last] = rawSize - 1
      this.#add(this.length, 0, (this.#raw[last] ?? 0) + rawSize - 1, 1)
    } else this.#size[last] = size - 1
    for (let part = last + 1; part < this.#at.length; part += 1) this.#at[part] = Math.min(this.#at[part] ?? 0, this.length)
  }

  /** Bytes of the stream that are seen no more, such as a backspace. */
  ghost(raw: number, rawSize: number): void {
    this.#add(this.length, 0, raw, rawSize)
  }

  /** Where a byte of the text stands in the stream. */
  rawOf(place: number): number {
    if (place >= this.length) return this.end
    const part = this.#firstPartFrom(place)
    const inside = place - (this.#at[part] ?? 0)
    return (this.#raw[part] ?? 0) + (this.#isByteByByte(part) ? Math.max(0, inside) : 0)
  }

  /** Calls with the places in the stream of what stands for a part of the text, and with `overwritten` of what was taken back within it. */
  rawParts(from: number, to: number, overwritten: boolean, take: (raw: number, size: number) => void): void {
    for (let part = this.#firstPartFrom(from); part < this.#at.length; part += 1) {
      const at = this.#at[part] ?? 0
      if (at >= to) break
      if (this.#size[part] === 0 && (at === from || !overwritten)) continue
      if (this.#isByteByByte(part)) {
        const start = Math.max(from, at)
        const end = Math.min(to, at + (this.#size[part] ?? 0))
        if (end > start) take((this.#raw[part] ?? 0) + start - at, end - start)
      } else if ((this.#rawSize[part] ?? 0) > 0) take(this.#raw[part] ?? 0, this.#rawSize[part] ?? 0)
    }
  }

  /** Forgets text that nobody looks back at. */
  compact(lookBack: number): void {
    const drop = Math.min(this.resume, this.shown) - lookBack
    if (drop < 2048) return
    this.text.copyWithin(0, drop, this.length)
    let part = 0
    while (part + 1 < this.#at.length && (this.#at[part + 1] ?? 0) <= drop) part += 1
    for (const list of [this.#at, this.#size, this.#raw, this.#rawSize]) list.splice(0, part)
    for (let index = 0; index < this.#at.length; index += 1) this.#at[index] = (this.#at[index] ?? 0) - drop
    this.length -= drop
    this.shown -= drop
    this.resume -= drop
    this.dropped += drop
  }

  #add(at: number, size: number, raw: number, rawSize: number): void {
    this.#at.push(at)
    this.#size.push(size)
    this.#raw.push(raw)
    this.#rawSize.push(rawSize)
  }

  #isByteByByte(part: number): boolean {
    return this.#size[part] === this.#rawSize[part]
  }

  #lastFilled(): number {
    let part = this.#at.length - 1
    while (part > 0 && this.#size[part] === 0) part -= 1
    return part
  }

  /** The part that a byte is in. */
  #firstPartFrom(place: number): number {
    let low = 0
    let high = this.#at.length
    while (low < high) {
      const middle = (low + high) >> 1
      const at = this.#at[middle] ?? 0
      if (at + (this.#size[middle] ?? 0) > place) high = middle
      else low = middle + 1
    }
    return low
  }

  #grow(size: number): void {
    const text = Buffer.alloc(Math.max(this.text.length * 2, this.length + size))
    text.set(this.text.subarray(0, this.length))
    this.text = text
  }
}
