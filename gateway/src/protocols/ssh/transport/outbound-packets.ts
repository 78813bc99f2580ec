import type { Duplex } from 'node:stream'
import { ClearPackets } from '../wire/packets/clear-packets.ts'
import type { PacketPieces, PacketSealer } from '../wire/packets/packet-codec.ts'

const SLAB_BYTES = 16 * 1024
/** Shorter pieces are copied together; longer ones are handed over as they are. */
const MAX_COPIED_BYTES = 2048
/** So much is collected within one turn of the event loop before it is written. */
const MAX_BATCH_BYTES = 256 * 1024
/** Above it `isFull`: who sends is to wait. */
const HIGH_WATER_BYTES = 512 * 1024

/** Seals packets and writes them, together all that one turn of the event loop sends. */
export class OutboundPackets implements PacketPieces {
  /** The sequence number of the next packet. */
  sequence = 0
  /** Bytes of packets sealed with the present keys. */
  bytes = 0
  packets = 0
  readonly #socket: Duplex
  readonly #flushed: () => void
  #sealer: PacketSealer = new ClearPackets()
  #pieces: Buffer[] = []
  #batchBytes = 0
  #slab = Buffer.alloc(0)
  #slabStart = 0
  #slabEnd = 0
  #scheduled = false

  /** @param flushed told once all that one turn has sent is written */
  constructor(socket: Duplex, flushed: () => void) {
    this.#socket = socket
    this.#flushed = flushed
  }

  /** Bytes that are not written yet. */
  get waitingBytes(): number {
    return this.#batchBytes + this.#socket.writableLength
  }

  get isFull(): boolean {
    return this.waitingBytes > HIGH_WATER_BYTES
  }

  sealWith(sealer: PacketSealer, restart: boolean): void {
    this.#sealer = sealer
    this.bytes = 0
    this.packets = 0
    if (restart) this.sequence = 0
  }

  /** One packet, its payload `header` and data.subarray(start, end), both copied. */
  send(header: Buffer, data: Buffer, start: number, end: number): void {
    this.bytes += this.#sealer.seal(this, this.sequence, header, data, start, end)
    this.sequence = (this.sequence + 1) >>> 0
    this.packets++
    if (this.#batchBytes > MAX_BATCH_BYTES) this.flush()
    this.#schedule()
  }

  /** Bytes that are no packet: the identification. */
  add(bytes: Buffer): void {
    if (bytes.length <= MAX_COPIED_BYTES) {
      bytes.copy(this.reserve(bytes.length))
      return
    }
    this.#closeSlab()
    this.#pieces.push(bytes)
    this.#batchBytes += bytes.length
  }

  reserve(length: number): Buffer {
    this.#batchBytes += length
    if (length > SLAB_BYTES) {
      const own = Buffer.allocUnsafeSlow(length)
      this.#closeSlab()
      this.#pieces.push(own)
      return own
    }
    if (this.#slab.length - this.#slabEnd < length) {
      this.#closeSlab()
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#slabStart = 0
      this.#slabEnd = 0
    }
    const at = this.#slabEnd
    this.#slabEnd += length
    return this.#slab.subarray(at, this.#slabEnd)
  }

  flush(): void {
    this.#closeSlab()
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#batchBytes = 0
    if (this.#socket.writable) {
      if (pieces.length > 1) this.#socket.cork()
      for (const piece of pieces) this.#socket.write(piece)
      if (pieces.length > 1) this.#socket.uncork()
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.flush()
      this.#flushed()
    })
  }

  #closeSlab(): void {
    if (this.#slabStart === this.#slabEnd) return
    this.#pieces.push(this.#slab.subarray(this.#slabStart, this.#slabEnd))
    this.#slabStart = this.#slabEnd
  }
}
