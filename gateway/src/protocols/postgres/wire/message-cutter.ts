import { Buffer } from 'node:buffer'
import { FrameAssembler } from '../../../bytes/frame-assembler.ts'
import { HEADER_BYTES } from './message-types.ts'

/** What becomes of a message: given when it is whole; its pieces given as they come, or dropped; or nothing of it for now. */
export type Course = 'whole' | 'pass' | 'drop' | 'wait'

/** Where messages go that were cut from a stream. */
export interface MessageSink {
  /**
   * A message begins: its header is there.
   * @param length as the message states it: without its type
   * @throws MalformedFrameError for what cannot be; whatever is below 4 must be refused
   */
  begins(type: number, length: number): Course
  /** A whole message. @returns false when it must wait: nothing was done with it */
  message(bytes: Buffer, start: number, end: number): boolean
  /** A piece of a message that passes, the header first. */
  piece(bytes: Buffer, start: number, end: number): void
}

/**
 * Cuts a stream that comes in pieces of any size into messages: type, `int32 length`, then the rest of the length. Only a
 * message that is given whole is ever put together.
 */
export class MessageCutter {
  readonly #sink: MessageSink
  readonly #partial = new FrameAssembler()
  /** Of the message that is being put together, with its type; 0 until its header is there. */
  #total = 0
  /** Bytes still to come of a message that passes, or is dropped. */
  #left = 0
  #drops = false

  constructor(sink: MessageSink) {
    this.#sink = sink
  }

  /** Whether the last message is over, and nothing of the next one has come. */
  get isBetween(): boolean {
    return this.#left === 0 && this.#partial.isEmpty
  }

  /**
   * @returns what must wait, from the first byte of a message on: to be given again in front of what comes next
   * @throws whatever the sink does
   */
  push(chunk: Buffer): Buffer | undefined {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) at = this.#goOn(chunk, at)
      else if (!this.#partial.isEmpty || chunk.length - at < HEADER_BYTES) {
        const next = this.#assemble(chunk, at)
        if (typeof next !== 'number') return next
        at = next
      } else {
        const length = chunk.readInt32BE(at + 1)
        const course = this.#sink.begins(chunk[at] ?? 0, length)
        const end = at + 1 + length
        if (course !== 'whole') {
          if (course === 'wait') return chunk.subarray(at)
          this.#left = end - at
          this.#drops = course === 'drop'
        } else if (end > chunk.length) {
          this.#total = end - at
          at += this.#partial.add(chunk, at, this.#total)
        } else {
          if (!this.#sink.message(chunk, at, end)) return chunk.subarray(at)
          at = end
        }
      }
    }
    return undefined
  }

  #goOn(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    if (!this.#drops) this.#sink.piece(chunk, at, end)
    return end
  }

  /** @returns where to go on, or what must wait */
  #assemble(chunk: Buffer, from: number): number | Buffer {
    let at = from
    if (this.#total === 0) {
      at += this.#partial.add(chunk, at, HEADER_BYTES)
      if (this.#partial.filled < HEADER_BYTES) return at
      const length = this.#partial.bytes.readInt32BE(1)
      const course = this.#sink.begins(this.#partial.bytes[0] ?? 0, length)
      if (course !== 'whole') {
        const header = this.#partial.take()
        if (course === 'wait') return Buffer.concat([header, chunk.subarray(at)])
        this.#left = 1 + length
        this.#drops = course === 'drop'
        this.#goOn(header, 0)
        return at
      }
      this.#total = 1 + length
    }
    at += this.#partial.add(chunk, at, this.#total)
    if (this.#partial.filled < this.#total) return at
    this.#total = 0
    const message = this.#partial.take()
    return this.#sink.message(message, 0, message.length) ? at : Buffer.concat([message, chunk.subarray(at)])
  }
}
