import { Buffer } from 'node:buffer'
import { atEndOfTurn } from '../../bytes/end-of-turn.ts'
import { ByteRanges } from '../../bytes/byte-ranges.ts'
import type { RelayState } from './relay-state.ts'

/** Answers to most statements fit, and may wait for each other; the buffer for them comes from Node's pool. */
const SMALL_BYTES = 1024
const SCRATCH_BYTES = 64 * 1024
const EMPTY = Buffer.alloc(0)

/**
 * What one read from the target leaves for the client, sent in one write. The bytes may stand in the shared read buffer,
 * and a write may not end at once: so it is a copy that is written. Short answers that came together leave together: a
 * client with several connections is woken once for all of them.
 */
export class ToClient extends ByteRanges {
  readonly #state: Pick<RelayState, 'client' | 'upstream' | 'recordingIsFull'>
  #delivered = 0
  /** Holds what waits or is being written; given up when a write does not end at once. */
  #scratch = Buffer.allocUnsafe(SMALL_BYTES)
  /** The beginning of `#viewed`, as long as the last answer. */
  #view = EMPTY
  #viewed = EMPTY
  /** The view is not written yet. */
  #waits = false

  constructor(state: Pick<RelayState, 'client' | 'upstream' | 'recordingIsFull'>) {
    super()
    this.#state = state
  }

  /** Bytes sent to the client so far, with what is about to be. */
  get position(): number {
    return this.#delivered + this.byteLength
  }

  /** Sends everything added: at once what is long, with what waited before it; else at the end of the turn. */
  send(): void {
    const length = this.byteLength
    if (length === 0) return
    this.flush()
    this.#delivered += length
    if (length > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(Math.max(length, SCRATCH_BYTES))
    // Answers to the same statement are often of the same length, and a view costs more than the copy.
    if (this.#view.length !== length || this.#viewed !== this.#scratch) {
      this.#viewed = this.#scratch
      this.#view = this.#scratch.subarray(0, length)
    }
    this.moveTo(this.#view)
    if (length > SMALL_BYTES) return this.#write()
    this.#waits = true
    atEndOfTurn(this.flush)
  }

  /** Writes what waits for the end of the turn. */
  readonly flush = (): void => {
    if (this.#waits) this.#write()
  }

  #write(): void {
    const { client, upstream } = this.#state
    this.#waits = false
    if (!client.write(this.#view) || this.#state.recordingIsFull) upstream.pause()
    // Still in use unless the socket has taken all of it: then what follows goes through another.
    if (client.socket.writableLength > 0) this.#scratch = this.#view.length > SMALL_BYTES ? Buffer.allocUnsafeSlow(SCRATCH_BYTES) : Buffer.allocUnsafe(SMALL_BYTES)
  }
}
