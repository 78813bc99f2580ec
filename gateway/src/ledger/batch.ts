import { MAX_ENTRY_BYTES } from '../governance/recording/ledger.ts'
import { PREFIX_BYTES } from './layout.ts'

export type Written = (error: Error | undefined) => void

const FIRST_BYTES = 256 * 1024
/** What may be framed for one write. Beyond it callers are refused: the disk is slower than the traffic. */
export const MAX_BATCH_BYTES = 64 * 1024 * 1024
export const MAX_BATCH_ENTRIES = 262_144

/** Bytes that texts may take before they are framed: what waits for long is kept once, as bytes, and its size is known. */
const FRAMED_TOGETHER = FIRST_BYTES
/** UTF-8 takes at most three bytes for one UTF-16 unit. */
const UNIT_BYTES = 3
/** Where the length of an entry goes. */
const PREFIX = '\0'.repeat(PREFIX_BYTES)

/**
 * Entries for one write, framed in a buffer that is used again and again, and those who wait for it. Writing a short text
 * into a buffer costs more for the call than for its bytes: so those that came together are written as one text.
 */
export class Batch {
  bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  /** Of what is framed. */
  length = 0
  /** Of all entries, framed or not. */
  count = 0
  waiting: Written[] = []
  #entries: string[] = []
  /** What they take at most once they are framed. */
  #room = 0

  /** @throws RangeError when the entry is empty or too large, Error when too much is waiting */
  add(entry: string): void {
    const units = entry.length
    if (units === 0 || (units * UNIT_BYTES > MAX_ENTRY_BYTES && Buffer.byteLength(entry) > MAX_ENTRY_BYTES)) {
      throw new RangeError(`a ledger entry has 1 to ${MAX_ENTRY_BYTES} bytes`)
    }
    if (this.count >= MAX_BATCH_ENTRIES) throw new Error('the ledger cannot keep up: too many entries are waiting')
    const room = PREFIX_BYTES + UNIT_BYTES * units
    if (this.#room + room > FRAMED_TOGETHER) this.frame()
    if (this.length + room > MAX_BATCH_BYTES) throw new Error('the ledger cannot keep up: too many bytes are waiting')
    this.#entries.push(entry)
    this.#room += room
    this.count++
  }

  /**
   * Puts what was added into `bytes`, as it is to stand in the file: each entry behind its length, big-endian uint16.
   * @throws RangeError when there is no memory for it
   */
  frame(): void {
    const entries = this.#entries
    if (entries.length === 0) return
    if (this.length + this.#room > this.bytes.length) this.#enlarge(this.length + this.#room)
    const text = PREFIX + entries.join(PREFIX)
    const isAscii = this.bytes.write(text, this.length, 'utf8') === text.length
    for (const entry of entries) {
      const start = this.length + PREFIX_BYTES
      const size = isAscii ? entry.length : Buffer.byteLength(entry)
      this.bytes[start - 2] = size >>> 8
      this.bytes[start - 1] = size & 0xff
      this.length = start + size
    }
    this.#entries = []
    this.#room = 0
  }

  /** Takes the framed entries of another batch too. */
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
    this.#entries = []
    this.#room = 0
  }

  #enlarge(room: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, room))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}
