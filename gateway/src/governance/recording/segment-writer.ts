import { hash } from 'node:crypto'
import type { Ledger } from './ledger.ts'
import type { SegmentStore } from './segment-store.ts'
import { BLOCK_BYTES, type BlockPool } from './block-pool.ts'
import { encodeSegmentSealed, recordEvent } from './recording-events.ts'
import { MAX_SEGMENT_BYTES, sealSegment, segmentName } from './segment-format.ts'

/** A part of a stream that waits to be sealed. */
export interface PendingSegment {
  readonly blocks: readonly Buffer[]
  /** Bytes in the last block; the others' ends are in `ends` too. */
  readonly ends: readonly number[]
  readonly firstOperation: number
  readonly lastOperation: number
}

export interface SegmentWriterOptions {
  readonly store: SegmentStore
  readonly ledger: Ledger
  readonly pool: BlockPool
  /** Told once when segments cannot be kept any more, and once when they can again. */
  readonly onFault: (change: { readonly healthy: false; readonly error: Error } | { readonly healthy: true }) => void
}

/** Segments that are compressed at the same moment: each in a thread, with a buffer of its own. */
const SEALING = 2
const RETRY_MS = 500
/** How long a segment is kept in memory while it cannot be stored. */
const GIVE_UP_MS = 10 * 60_000

/** Seals segments, keeps them, and puts their digests on record: in this order, so that an event always has its segment. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions
  readonly #scratch: Buffer[] = []
  #sealing = 0
  readonly #waiting: (() => void)[] = []
  #faults = 0
  #giveUpAt = Number.POSITIVE_INFINITY

  constructor(options: SegmentWriterOptions) {
    this.#options = options
  }

  /** False while a segment cannot be kept. */
  get healthy(): boolean {
    return this.#faults === 0
  }

  /** From now on, what cannot be kept is given up after this long. */
  hurry(ms: number): void {
    this.#giveUpAt = performance.now() + ms
  }

  /**
   * Gives the blocks back to the pool; settling them is left to the caller.
   * @param onError told at the first failure, after which it is tried again and again
   * @throws Error when it was given up
   */
  async write(key: Buffer, session: string, segment: number, pending: PendingSegment, onError: (error: Error) => void): Promise<void> {
    const { store, ledger } = this.#options
    const sealed = await this.#seal(key, session, segment, pending)
    const { firstOperation, lastOperation } = pending
    const facts = { session, segment, bytes: sealed.length, sha256: hash('sha256', sealed, 'hex'), firstOperation, lastOperation }
    await this.#insist(async () => {
      await store.put(segmentName(session, segment), sealed)
      await recordEvent(ledger, encodeSegmentSealed(facts, Date.now()))
    }, onError)
  }

  async #seal(key: Buffer, session: string, segment: number, { blocks, ends }: PendingSegment): Promise<Buffer> {
    while (this.#sealing >= SEALING) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#sealing += 1
    const scratch = this.#scratch.pop() ?? Buffer.allocUnsafeSlow(MAX_SEGMENT_BYTES)
    try {
      let length = 0
      for (const [index, block] of blocks.entries()) {
        length += block.copy(scratch, length, 0, ends[index] ?? BLOCK_BYTES)
        this.#options.pool.giveBack(block)
      }
      return await sealSegment(key, session, segment, scratch.subarray(0, length))
    } finally {
      this.#scratch.push(scratch)
      this.#sealing -= 1
      this.#waiting.shift()?.()
    }
  }

  async #insist(work: () => Promise<void>, onError: (error: Error) => void): Promise<void> {
    const startedAt = performance.now()
    let failed = false
    try {
      for (;;) {
        try {
          return await work()
        } catch (cause) {
          const error = cause instanceof Error ? cause : new Error(String(cause))
          if (!failed) {
            failed = true
            if (this.#faults++ === 0) this.#options.onFault({ healthy: false, error })
            onError(error)
          }
          const now = performance.now()
          if (now >= this.#giveUpAt || now - startedAt >= GIVE_UP_MS) throw error
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    } finally {
      if (failed && --this.#faults === 0) this.#options.onFault({ healthy: true })
    }
  }
}
