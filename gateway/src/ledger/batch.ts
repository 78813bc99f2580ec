import { MAX_ENTRY_BYTES } from '../governance/recording/ledger.ts'
import { PREFIX_BYTES } from './layout.ts'

export type Written = (error: Error | undefined) => void

const FIRST_BYTES = 256 * 1024
/** What may wait for one write. Beyond it callers are refused: the disk is slower than the traffic. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024
export const MAX_BATCH_ENTRIES = 262_144

/** Entries framed for one write, in a buffer that is used again and again, and those who wait for it. */
export class Batch {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  length = 0
  count = 0
  waiting: Written[] = []

  /** @throws RangeError when the entry is empty or too large, Error when too much is waiting */
  add(entry: string): void {
    // UTF-8 takes at most three bytes for one UTF-16 unit.
    const room = this.length + PREFIX_BYTES + 3 * entry.length
    if (room > this.bytes.length) this.#grow(entry.length, room)
    const start = this.length + PREFIX_BYTES
    const written = this.bytes.write(entry, start, 'utf8')
    if (written > MAX_ENTRY_BYTES || written === 0) {
      throw new RangeError(`a ledger entry has 1 to ${MAX_ENTRY_BYTES} bytes, not ${written}`)
    }
    if (this.count >= MAX_BATCH_ENTRIES) throw new Error('the ledger cannot keep up: too many entries are waiting')
    this.bytes[start - 2] = written >>> 8
    this.bytes[start - 1] = written & 0xff
    this.length = start + written
    this.count++
  }

  /** Takes the entries of another batch too. */
  addAll(other: Batch): void {
    if (this.length + other.length > this.bytes.length) this.#enlarge(this.length + other.length)
    other.bytes.copy(this.bytes, this.length, 0, other.length)
    this.length += other.length
    this.count += other.count
  }

  clear(): void {
    this.length = 0
    this.count = 0
    this.waiting = []
  }

  #grow(units: number, room: number): void {
    if (units > MAX_ENTRY_BYTES) throw new RangeError(`a ledger entry has at most ${MAX_ENTRY_BYTES} bytes`)
    if (room > MAX_BATCH_BYTES) throw new Error('the ledger cannot keep up: too many bytes are waiting')
    this.#enlarge(room)
  }

  #enlarge(room: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, room))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}
