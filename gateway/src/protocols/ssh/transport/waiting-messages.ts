/** Far above what the windows of channels let anyone send in one exchange; beyond it the peer holds up on purpose. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** Messages that wait for the end of a key exchange, in order. */
export class WaitingMessages {
  #messages: Buffer[] = []
  #bytes = 0

  get byteLength(): number {
    return this.#bytes
  }

  /** Copies the message. @throws RangeError where too much waits */
  add(header: Buffer, data: Buffer, start: number, end: number): void {
    const message = Buffer.concat([header, data.subarray(start, end)])
    this.#bytes += message.length
    if (this.#bytes > MAX_WAITING_BYTES) throw new RangeError('too much waits for the end of a key exchange')
    this.#messages.push(message)
  }

  /** All of them; none waits any more. */
  take(): Buffer[] {
    const messages = this.#messages
    this.#messages = []
    this.#bytes = 0
    return messages
  }
}
