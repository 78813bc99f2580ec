import { ClearPackets } from '../wire/packets/clear-packets.ts'
import type { PacketOpener } from '../wire/packets/packet-codec.ts'

const FIRST_CAPACITY = 16 * 1024
const EMPTY = Buffer.alloc(0)

/** Takes packets out of what arrives, in pieces of any size, and opens them one by one. */
export class InboundPackets {
  /** The sequence number of the next packet. */
  sequence = 0
  /** Bytes of packets opened with the present keys. */
  bytes = 0
  packets = 0
  #opener: PacketOpener = new ClearPackets()
  readonly #packet: (payload: Buffer) => void
  /** What arrived and is not taken yet, because reading is stopped. */
  #waiting: Buffer[] = []
  #stopped = false
  #reading = false
  /** A packet that has arrived in part. */
  #partial = EMPTY
  #filled = 0

  /** @param packet gets each payload; it may stop reading, which takes effect with the next packet */
  constructor(packet: (payload: Buffer) => void) {
    this.#packet = packet
  }

  openWith(opener: PacketOpener, restart: boolean): void {
    this.#opener = opener
    this.bytes = 0
    this.packets = 0
    if (restart) this.sequence = 0
  }

  /** Something has arrived that was not taken yet. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0
  }

  stop(): void {
    this.#stopped = true
  }

  /** Goes on with what waits. @throws as `take` */
  go(): void {
    this.#stopped = false
    if (this.#reading) return
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#stopped ? undefined : this.#waiting.shift()) this.#take(next)
  }

  /** Forgets everything, for good. */
  end(): void {
    this.#stopped = true
    this.#waiting = []
    this.#partial = EMPTY
    this.#filled = 0
  }

  /** @throws MalformedFrameError, PacketForgedError, and what the receiver of the payloads throws */
  take(chunk: Buffer): void {
    if (this.#stopped || this.#reading || this.#waiting.length > 0) this.#waiting.push(chunk)
    else this.#take(chunk)
  }

  #take(chunk: Buffer): void {
    this.#reading = true
    let at = 0
    try {
      while (at < chunk.length && !this.#stopped) at = this.#filled > 0 ? this.#complete(chunk, at) : this.#next(chunk, at)
    } finally {
      this.#reading = false
    }
    if (at < chunk.length) this.#waiting.unshift(chunk.subarray(at))
    else if (this.#filled === 0) this.#partial = EMPTY
  }

  /** A packet that begins in this chunk. */
  #next(chunk: Buffer, at: number): number {
    const opener = this.#opener
    const left = chunk.length - at
    if (left >= opener.headBytes) {
      const length = opener.frameLength(chunk, at)
      if (left >= length) {
        this.#open(chunk, at, at + length)
        return at + length
      }
    }
    return this.#keep(chunk, at, chunk.length)
  }

  /** A packet that began in an earlier chunk. */
  #complete(chunk: Buffer, at: number): number {
    const opener = this.#opener
    const headEnd = this.#filled < opener.headBytes ? this.#keep(chunk, at, at + opener.headBytes - this.#filled) : at
    if (this.#filled < opener.headBytes) return headEnd
    const length = opener.frameLength(this.#partial, 0)
    const end = this.#keep(chunk, headEnd, headEnd + length - this.#filled)
    if (this.#filled === length) {
      this.#filled = 0
      this.#open(this.#partial, 0, length)
    }
    return end
  }

  #keep(chunk: Buffer, start: number, end: number): number {
    const stop = Math.min(end, chunk.length)
    const needed = this.#filled + stop - start
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#partial.length, FIRST_CAPACITY))
      this.#partial.copy(grown, 0, 0, this.#filled)
      this.#partial = grown
    }
    chunk.copy(this.#partial, this.#filled, start, stop)
    this.#filled = needed
    return stop
  }

  #open(bytes: Buffer, start: number, end: number): void {
    const payload = this.#opener.open(bytes, start, end, this.sequence)
    this.sequence = (this.sequence + 1) >>> 0
    this.bytes += end - start
    this.packets++
    this.#packet(payload)
  }
}
