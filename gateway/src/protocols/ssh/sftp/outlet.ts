/** Sends on what comes through unchanged in pieces as large as they came, in order with what the gateway adds. */
export class Outlet {
  readonly #send: (bytes: Buffer) => void
  #chunk: Buffer | undefined = undefined
  #start = 0
  #end = 0

  constructor(send: (bytes: Buffer) => void) {
    this.#send = send
  }

  /** Part of a chunk. It goes out with what follows it, at the latest by {@link flush}, to be called before the chunk ends. */
  pass(chunk: Buffer, start: number, end: number): void {
    if (this.#chunk === chunk && this.#end === start) {
      this.#end = end
      return
    }
    this.flush()
    this.#chunk = chunk
    this.#start = start
    this.#end = end
  }

  write(bytes: Buffer): void {
    this.flush()
    this.#send(bytes)
  }

  flush(): void {
    const chunk = this.#chunk
    if (chunk === undefined) return
    this.#chunk = undefined
    this.#send(chunk.subarray(this.#start, this.#end))
  }
}
