/** Chunks gather in blocks of this many bytes. */
export const BLOCK_BYTES = 16 * 1024

/** Blocks kept for later; more are given back to the system. */
const MAX_SPARE = 1024

/** Lends blocks to recorders, and counts all that is recorded and not yet kept: that is what memory is spent on. */
export class BlockPool {
  readonly #limitBytes: number
  readonly #spare: Buffer[] = []
  #heldBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get isFull(): boolean {
    return this.#heldBytes >= this.#limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Counts until {@link settle}, also when its bytes have moved on into a segment. */
  take(): Buffer {
    this.#heldBytes += BLOCK_BYTES
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  /** The block itself is free again; it still counts. */
  giveBack(block: Buffer): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(block)
  }

  /** What so many blocks held is kept now, or given up. */
  settle(blocks: number): void {
    this.#heldBytes -= blocks * BLOCK_BYTES
  }
}
