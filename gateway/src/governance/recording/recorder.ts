import { BLOCK_BYTES, type BlockPool } from './block-pool.ts'
import { AT_OFFSET, CHUNK_HEADER_BYTES, CHUNK_KINDS, LENGTH_OFFSET, OPERATION_OFFSET } from './chunk-format.ts'
import { encodeRecordingLimited, recordEvent } from './recording-events.ts'
import type { OriginalsBatch } from './originals.ts'
import type { Ledger } from './ledger.ts'
import { MAX_SEGMENT_BYTES } from './segment-format.ts'
import type { PendingSegment, SegmentWriter } from './segment-writer.ts'
import type { SessionRecorder } from './stream.ts'

/** Recorded and not yet kept: at this much the session is asked to wait. */
const FULL_BYTES = 4 * MAX_SEGMENT_BYTES
/** Beyond this nobody waited. One answer of a target may be as large as 64 MiB. */
const MAX_HELD_BLOCKS = (96 * MAX_SEGMENT_BYTES) / BLOCK_BYTES
const MAX_BLOCKS = MAX_SEGMENT_BYTES / BLOCK_BYTES
/** What comes within this time goes into the chunk before it, if it is of the same kind and operation. */
const SAME_CHUNK_MS = 10

/** What recorders of one gateway share. */
export interface RecorderHost {
  readonly pool: BlockPool
  readonly writer: SegmentWriter
  readonly ledger: Ledger
  /** Something waits in this recorder to be cut into a segment. */
  dirty(recorder: Recorder): void
  /** Nothing waits any more. */
  clean(recorder: Recorder): void
  /** The recorder said that it is full: it wants to hear when it is not. */
  waits(recorder: Recorder): void
  /** Something was kept: there may be room now. */
  kept(): void
  closed(recorder: Recorder): void
}

export interface RecordedSession {
  readonly id: string
  readonly openedAtMs: number
  /** The session's data key; overwritten at the end. */
  readonly key: Buffer
  /** Rows of an operation that go on record; infinite for all. */
  readonly rowsPerOperation: number
  /** Where the policy wants masked values sealed to an auditor. */
  readonly originals?: OriginalsBatch | undefined
}

export class Recorder implements SessionRecorder {
  readonly rowsPerOperation: number
  readonly keepsOriginals: boolean
  onRoom: () => void = () => undefined
  onFailure: (error: Error) => void = () => undefined
  /** When the oldest of what is not yet cut came, as `performance.now()`; 0 when there is nothing. */
  dirtySinceMs = 0
  readonly #host: RecorderHost
  readonly #session: RecordedSession
  readonly #openedAtMs: number
  /** The block being filled, up to where, and where the header of its last chunk is. */
  #block: Buffer = NO_BLOCK
  #at = BLOCK_BYTES
  #headerAt = 0
  /** The last chunk's; kind 0 when there is none to go on with. */
  #kind = 0
  #operation = 0
  #atMs = 0
  #blocks: Buffer[] = []
  #ends: number[] = []
  #firstOperation = 0
  #lastOperation = 0
  readonly #queue: PendingSegment[] = []
  #heldBlocks = 0
  #segments = 0
  #draining: Promise<void> | undefined
  #failure: Error | undefined
  #lost = false
  #closing: Promise<void> | undefined

  constructor(host: RecorderHost, session: RecordedSession) {
    this.#host = host
    this.#session = session
    this.#openedAtMs = session.openedAtMs
    this.rowsPerOperation = session.rowsPerOperation
    this.keepsOriginals = session.originals !== undefined
  }

  get full(): boolean {
    if (this.#heldBlocks * BLOCK_BYTES < FULL_BYTES && !this.#host.pool.isFull) return false
    this.#host.waits(this)
    return true
  }

  /** Whether one that was full has room enough again to go on for a while. */
  get hasRoom(): boolean {
    return this.#heldBlocks * BLOCK_BYTES <= FULL_BYTES / 2 && !this.#host.pool.isFull
  }

  received(operation: number, bytes: Buffer, start: number, end: number): void {
    this.#write(CHUNK_KINDS.received, operation, bytes, start, end)
  }

  sent(operation: number, bytes: Buffer, start: number, end: number): void {
    this.#write(CHUNK_KINDS.sent, operation, bytes, start, end)
  }

  limited(operation: number, why: string): void {
    const bytes = Buffer.from(why)
    this.#write(CHUNK_KINDS.limited, operation, bytes, 0, bytes.length)
    this.#tellLimit(operation, why).catch((error: Error) => this.#fail(error))
  }

  original(operation: number, row: number, column: number, value: Buffer): void {
    if (this.#session.originals?.add({ operation, row, column, value }) === true) this.#sealOriginals()
    else if (this.dirtySinceMs === 0) this.#becomeDirty()
  }

  /** Makes a segment of what there is. */
  cut(): void {
    this.#sealOriginals()
    this.#endBlock()
    this.dirtySinceMs = 0
    this.#host.clean(this)
    if (this.#blocks.length === 0) return
    this.#queue.push({ blocks: this.#blocks, ends: this.#ends, firstOperation: this.#firstOperation, lastOperation: this.#lastOperation })
    this.#blocks = []
    this.#ends = []
    this.#firstOperation = 0
    this.#lastOperation = 0
    this.#draining ??= this.#drain()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.cut()
    await this.#draining
    this.#session.key.fill(0)
    this.#host.closed(this)
    if (this.#lost) throw this.#failure ?? new Error('a part of the recording was lost')
  }

  #write(kind: number, operation: number, bytes: Buffer, start: number, end: number): void {
    const atMs = Date.now() - this.#openedAtMs
    const at = this.#at
    const length = end - start
    if (operation === this.#operation && kind === this.#kind && length <= BLOCK_BYTES - at && atMs - this.#atMs < SAME_CHUNK_MS) {
      bytes.copy(this.#block, at, start, end)
      this.#at = at + length
    } else this.#newChunk(kind, operation, atMs, bytes, start, end)
  }

  #newChunk(kind: number, operation: number, atMs: number, bytes: Buffer, start: number, end: number): void {
    if (start >= end || this.#closing !== undefined) return
    // The system's clock may be set back; a stream never goes back.
    if (atMs > this.#atMs) this.#atMs = atMs
    for (let from = start; from < end;) {
      this.#endChunk()
      if (BLOCK_BYTES - this.#at <= CHUNK_HEADER_BYTES && !this.#newBlock()) return
      const block = this.#block
      const headerAt = this.#at
      block[headerAt] = kind
      block.writeUInt32LE(operation, headerAt + OPERATION_OFFSET)
      block.writeUInt32LE(this.#atMs, headerAt + AT_OFFSET)
      const at = headerAt + CHUNK_HEADER_BYTES
      const to = Math.min(end, from + BLOCK_BYTES - at)
      bytes.copy(block, at, from, to)
      this.#headerAt = headerAt
      this.#at = at + to - from
      this.#kind = kind
      this.#operation = operation
      // A segment may be cut between two blocks of one chunk.
      if (this.#firstOperation === 0) this.#firstOperation = operation
      if (operation > this.#lastOperation) this.#lastOperation = operation
      from = to
    }
  }

  #endChunk(): void {
    if (this.#kind === 0) return
    this.#block.writeUInt32LE(this.#at - this.#headerAt - CHUNK_HEADER_BYTES, this.#headerAt + LENGTH_OFFSET)
    this.#kind = 0
  }

  /** @returns false when there may be no more */
  #newBlock(): boolean {
    this.#endBlock()
    if (this.#blocks.length === MAX_BLOCKS) this.cut()
    if (this.#heldBlocks >= MAX_HELD_BLOCKS) {
      this.#fail(new Error('the recording is far behind, and nobody waited for it'))
      return false
    }
    if (this.dirtySinceMs === 0) this.#becomeDirty()
    this.#block = this.#host.pool.take()
    this.#heldBlocks += 1
    this.#at = 0
    return true
  }

  #becomeDirty(): void {
    this.dirtySinceMs = performance.now()
    this.#host.dirty(this)
  }

  #sealOriginals(): void {
    const sealed = this.#session.originals?.seal()
    if (sealed !== undefined) this.#write(CHUNK_KINDS.original, 0, sealed, 0, sealed.length)
  }

  #endBlock(): void {
    this.#endChunk()
    if (this.#block === NO_BLOCK) return
    this.#blocks.push(this.#block)
    this.#ends.push(this.#at)
    this.#block = NO_BLOCK
    this.#at = BLOCK_BYTES
  }

  async #drain(): Promise<void> {
    for (let pending = this.#queue[0]; pending !== undefined; pending = this.#queue[0]) {
      if (!this.#lost) await this.#keep(pending)
      this.#queue.shift()
      this.#heldBlocks -= pending.blocks.length
      this.#host.pool.settle(pending.blocks.length)
      this.#host.kept()
    }
    // In the same turn as the look at the empty queue, so that nothing is queued with nobody to write it.
    this.#draining = undefined
  }

  async #keep(pending: PendingSegment): Promise<void> {
    try {
      await this.#host.writer.write(this.#session.key, this.#session.id, this.#segments + 1, pending, (error) => this.#fail(error))
      this.#segments += 1
    } catch (error) {
      this.#lost = true
      this.#fail(error as Error)
      // Tried once: what keeps segments from being kept may keep this too, and the session ends in any case.
      await this.#tellLimit(pending.firstOperation, 'what came from here on could not be kept, and is lost').catch(() => undefined)
    }
  }

  #tellLimit(operation: number, limit: string): Promise<void> {
    const facts = { session: this.#session.id, n: operation, limit }
    return recordEvent(this.#host.ledger, encodeRecordingLimited(facts, Date.now()))
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    // Not within a call of the session's own.
    setImmediate(() => this.onFailure(error))
  }
}

const NO_BLOCK = Buffer.alloc(0)
