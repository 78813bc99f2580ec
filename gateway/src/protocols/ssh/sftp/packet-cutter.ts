import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../../bytes/frame-assembler.ts'
import { MAX_PACKET_BYTES } from './message-types.ts'

/** Where packets go that were cut from a stream. `start` is where a packet's length stands. */
export interface PacketSink {
  /** A whole packet. @param owned the bytes are the packet's alone, and stay */
  packet(bytes: Buffer, start: number, end: number, owned: boolean): void
  /**
   * The beginning of a packet of `total` bytes, at least its type. @returns true when the sink takes it as it comes: the
   * rest then goes to {@link piece}. Else it is kept until it is whole.
   */
  begin(bytes: Buffer, start: number, end: number, total: number): boolean
  /** More of the packet that has begun. */
  piece(bytes: Buffer, start: number, end: number): void
}

const LENGTH_BYTES = 4
/** Length and type. */
const LEAST_BYTES = 5

/** Cuts a stream that comes in pieces of any size into packets: `uint32 length`, then as many bytes. */
export class PacketCutter {
  readonly #sink: PacketSink
  readonly #assembler = new FrameAssembler()
  /** Of the packet that the sink takes as it comes. */
  #left = 0

  constructor(sink: PacketSink) {
    this.#sink = sink
  }

  /** Bytes that wait for the rest of their packet. */
  get held(): number {
    return this.#assembler.filled
  }

  /** @throws MalformedFrameError for a length that cannot be */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const end = Math.min(chunk.length, at + this.#left)
        this.#left -= end - at
        this.#sink.piece(chunk, at, end)
        at = end
      } else if (this.#assembler.isEmpty && chunk.length - at >= LEAST_BYTES) at = this.#cut(chunk, at)
      else at = this.#assemble(chunk, at)
    }
  }

  #cut(chunk: Buffer, at: number): number {
    const total = totalOf(chunk, at)
    if (chunk.length - at >= total) {
      this.#sink.packet(chunk, at, at + total, false)
      return at + total
    }
    if (!this.#sink.begin(chunk, at, chunk.length, total)) return this.#assemble(chunk, at)
    this.#left = total - (chunk.length - at)
    return chunk.length
  }

  #assemble(chunk: Buffer, from: number): number {
    let at = from
    if (this.#assembler.filled < LENGTH_BYTES) at += this.#assembler.add(chunk, at, LENGTH_BYTES)
    if (this.#assembler.filled < LENGTH_BYTES) return at
    const total = totalOf(this.#assembler.bytes, 0)
    at += this.#assembler.add(chunk, at, total)
    if (this.#assembler.filled < total) return at
    const packet = this.#assembler.take()
    this.#sink.packet(packet, 0, total, true)
    return at
  }
}

function totalOf(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32BE(at)
  if (length === 0 || length > MAX_PACKET_BYTES) throw new MalformedFrameError(`a packet claims ${length} bytes, of at most ${MAX_PACKET_BYTES}`)
  return length + LENGTH_BYTES
}
