import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../bytes/frame-assembler.ts'
import type { Connection } from './connection.ts'

/** Waits for bytes of a peer while a connection is being set up; bounded in bytes, and in time by `fail`. */
export class HandshakeReader {
  readonly connection: Connection
  /** Rejects when the connection ends or the time is over; never resolves. */
  readonly failed: Promise<never>
  readonly #received = new FrameAssembler()
  #wake: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(connection: Connection, maxBytes: number) {
    this.connection = connection
    this.failed = new Promise<never>((_, reject) => (this.#reject = reject))
    this.failed.catch(() => undefined)
    connection.receive = (chunk) => {
      if (this.#received.filled + chunk.length > maxBytes) return this.fail(new MalformedFrameError('too many bytes before the login is over'))
      this.#received.add(chunk, 0, this.#received.filled + chunk.length)
      this.#wake()
    }
    connection.closed = () => this.fail(new HandshakeEnded('the connection was closed during the login'))
  }

  fail(error: Error): void {
    this.#reject(error)
  }

  /** True when nothing has arrived that was not read. */
  get isDrained(): boolean {
    return this.#received.isEmpty
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#received.filled < count) await this.#more()
    const all = this.#received.take()
    if (all.length > count) this.#received.add(all, count, all.length - count)
    return Buffer.from(all.subarray(0, count))
  }

  /** Everything that has arrived, at least one byte, without taking it. */
  async peek(): Promise<Buffer> {
    while (this.#received.isEmpty) await this.#more()
    return this.#received.bytes
  }

  /** Takes everything that has arrived. */
  drain(): Buffer {
    return this.#received.take()
  }

  async #more(): Promise<void> {
    const more = new Promise<void>((resolve) => (this.#wake = resolve))
    await Promise.race([more, this.failed])
  }
}

export class HandshakeEnded extends Error {
  override readonly name = 'HandshakeEnded'
}
