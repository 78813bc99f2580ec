/**
 * Remembers values by text, at most so many and so many bytes of text. What was not asked for during the time in which
 * half of the room filled up is forgotten: as good as least-recently-used here, and a hit costs one look-up.
 */
export class BoundedCache<Value> {
  readonly #maxEntries: number
  readonly #maxBytes: number
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #youngBytes = 0

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries / 2
    this.#maxBytes = maxBytes / 2
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  get(text: string): Value | undefined {
    const young = this.#young.get(text)
    if (young !== undefined) return young
    const old = this.#old.get(text)
    if (old !== undefined) this.set(text, old)
    return old
  }

  /** @param value not undefined */
  set(text: string, value: Value): void {
    const bytes = 2 * text.length
    if (bytes > this.#maxBytes) return
    if (this.#young.size >= this.#maxEntries || this.#youngBytes + bytes > this.#maxBytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngBytes = 0
    }
    if (!this.#young.has(text)) this.#youngBytes += bytes
    this.#young.set(text, value)
  }
}
