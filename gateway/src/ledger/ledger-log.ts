import { atEndOfTurn } from '../bytes/end-of-turn.ts'
import type { Ledger } from '../governance/recording/ledger.ts'
import { Batch, type Written } from './batch.ts'
import { signCheckpoint, type Checkpoint } from './checkpoint.ts'
import { writeFrontier, type CheckpointFiles } from './checkpoint-files.ts'
import type { HashFiles } from './hash-files.ts'
import type { Journal } from './journal.ts'
import { FILE_ENTRIES, FILE_LEVEL, PREFIX_BYTES, TILE_HEIGHT, TILE_WIDTH } from './layout.ts'
import { hashFramedLeaf, type MerkleTree } from './merkle-tree.ts'
import { signNote, type NoteSigner } from './signed-note.ts'

/** Longest time that an entry nobody waits for stays unwritten, milliseconds. */
const UNAWAITED_MS = 10
/** Entries whose leaves and nodes are computed in one go: a fraction of a millisecond. */
const HASHED_TOGETHER = 128

export type Durability = 'batched' | 'strict'

/** Called once when the ledger stops being able to keep records, and once when it can again. */
export type OnFault = (change: { healthy: false; error: Error } | { healthy: true }) => void

export interface LedgerParts {
  readonly directory: string
  readonly durability: Durability
  readonly signer: NoteSigner
  readonly onFault: OnFault
  readonly onCallerError: (error: unknown) => void
  readonly checkpointIntervalMs: number
  readonly journal: Journal
  readonly hashes: HashFiles
  /** Roots of full level-0 tiles. */
  readonly roots: HashFiles
  readonly tree: MerkleTree
  readonly checkpoints: CheckpointFiles
  readonly lastCheckpoint: Checkpoint
  readonly release: () => void
}

/** Counters since opening. */
export interface LedgerStatistics {
  entries: number
  writes: number
  /** Times that callers waited for stable storage (`strict` only). */
  syncs: number
  checkpoints: number
}

/**
 * The open ledger. Entries gather in one batch while another is being written; leaf hashes and tree nodes are computed
 * later and for many entries at once, so that nobody waits for them and the code for it is warm. Callers are told in the
 * order of their calls.
 */
export class LedgerLog implements Ledger {
  readonly statistics: LedgerStatistics = { entries: 0, writes: 0, syncs: 0, checkpoints: 0 }
  readonly #parts: LedgerParts
  #filling = new Batch()
  #spare = new Batch()
  /** What is written and not hashed yet. */
  readonly #unhashed = new Batch()
  #scheduled = false
  /** A batch is on its way to the disk. */
  #busy = false
  #writeFault: Error | undefined
  #checkpointFault: Error | undefined
  #healthy = true
  #last: Checkpoint
  #frontierFile = -1
  #checkpointing: Promise<void> | undefined
  readonly #timer: NodeJS.Timeout
  #closing: Promise<void> | undefined
  #closed = false
  #idle: (() => void) | undefined
  /** Writes entries that no caller waits for; a write for another's sake takes them along. */
  #soon: NodeJS.Timeout | undefined

  constructor(parts: LedgerParts) {
    this.#parts = parts
    this.#last = parts.lastCheckpoint
    this.#timer = setInterval(() => void this.checkpoint().catch(() => undefined), parts.checkpointIntervalMs)
    this.#timer.unref()
  }

  /** Entries written. */
  get size(): number {
    return this.#parts.tree.size + this.#unhashed.count
  }

  /** False from the first failed write or checkpoint until one succeeds. */
  get healthy(): boolean {
    return this.#healthy
  }

  /** The latest published checkpoint. */
  get lastCheckpoint(): Checkpoint {
    return this.#last
  }

  append(entry: string): void {
    if (this.#closed) throw new Error('the ledger is closed')
    this.#filling.add(entry)
    this.#soon ??= setTimeout(this.#overdue, UNAWAITED_MS).unref()
  }

  onWritten(done: Written): void {
    if (this.#closed) throw new Error('the ledger is closed')
    this.#filling.waiting.push(done)
    this.#schedule()
  }

  /**
   * Signs a statement about the log with its key, as a signed note.
   * @throws Error when it could pass for a checkpoint
   */
  sign(text: string): string {
    const { signer } = this.#parts
    if (text.startsWith(`${signer.name}\n`)) throw new Error('only the ledger itself signs checkpoints')
    return signNote(text, signer)
  }

  /**
   * Signs and publishes a checkpoint of everything written so far, unless the latest covers it already. Happens by
   * itself about once a second.
   * @throws the system's error, after the fault was told
   */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#publish().finally(() => {
      this.#checkpointing = undefined
    })
    return this.#checkpointing
  }

  /** Writes what waits, publishes a last checkpoint, and lets go of the directory. @throws when either was impossible */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#soon)
    this.#schedule()
    while (this.#scheduled || this.#busy) await new Promise<void>((resolve) => (this.#idle = resolve))
    this.#closed = true
    try {
      await this.checkpoint()
      // One that was under way already may not have covered the last entries.
      await this.checkpoint()
    } finally {
      this.#parts.journal.close()
      this.#parts.hashes.close()
      this.#parts.roots.close()
      await this.#parts.checkpoints.close()
      this.#parts.release()
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#busy) return
    this.#scheduled = true
    atEndOfTurn(this.#flush)
  }

  readonly #overdue = (): void => {
    this.#soon = undefined
    this.#schedule()
  }

  readonly #flush = (): void => {
    this.#scheduled = false
    const batch = this.#filling
    this.#filling = this.#spare
    this.#spare = batch
    if (batch.count > 0 && (this.#checkpointFault !== undefined || this.#parts.durability === 'strict')) {
      this.#busy = true
      void this.#writeSlowly(batch)
      return
    }
    this.#finish(batch, batch.count === 0 ? undefined : this.#write(batch))
  }

  /** Never throws: the error is what the batch's callers are told. */
  #write(batch: Batch): Error | undefined {
    try {
      batch.frame()
      const unhashed = this.#unhashed.count + batch.count
      this.#parts.hashes.reserve(unhashed)
      this.#parts.roots.reserve(Math.ceil(unhashed / TILE_WIDTH))
      this.#parts.journal.write(batch.bytes, batch.length, batch.count)
      this.statistics.writes++
      return undefined
    } catch (error) {
      return asError(error)
    }
  }

  /** For what cannot be done in one go: waiting for stable storage, and for a checkpoint that failed before. */
  async #writeSlowly(batch: Batch): Promise<void> {
    let error: Error | undefined
    try {
      // Entries that no checkpoint will cover are no evidence, so nothing is taken on until one succeeds again.
      // One that is under way may have begun when that was not possible yet.
      if (this.#checkpointFault !== undefined) await this.#checkpointing?.catch(() => undefined)
      if (this.#checkpointFault !== undefined) await this.checkpoint()
      const before = this.#parts.journal.end
      error = this.#write(batch)
      if (error === undefined && this.#parts.durability === 'strict') {
        try {
          this.statistics.syncs++
          await this.#parts.journal.sync()
        } catch (cause) {
          this.#parts.journal.retreat(before)
          throw cause
        }
      }
    } catch (cause) {
      error = asError(cause)
    }
    this.#busy = false
    this.#finish(batch, error)
  }

  #finish(batch: Batch, error: Error | undefined): void {
    if (batch.count > 0) {
      this.#writeFault = error
      this.#tell()
    }
    const waiting = batch.waiting
    for (const done of waiting) {
      try {
        done(error)
      } catch (cause) {
        // A caller's bug must not keep the others waiting, and must not be hidden either.
        this.#parts.onCallerError(cause)
      }
    }
    if (error === undefined && batch.count > 0) this.#hashLater(batch)
    batch.clear()
    if (this.#filling.count > 0 || this.#filling.waiting.length > 0) this.#schedule()
    else if (!this.#scheduled) this.#idle?.()
  }

  /** @param batch its bytes are used for something else afterwards */
  #hashLater(batch: Batch): void {
    this.statistics.entries += batch.count
    if (this.#unhashed.count + batch.count < HASHED_TOGETHER) return this.#unhashed.addAll(batch)
    this.#hashAll()
    this.#hash(batch)
  }

  #hashAll(): void {
    this.#hash(this.#unhashed)
    this.#unhashed.clear()
  }

  #hash({ bytes, length }: Batch): void {
    const { tree, hashes, roots } = this.#parts
    for (let at = 0; at < length;) {
      const size = bytes.readUInt16BE(at)
      const leaf = hashFramedLeaf(bytes, at, size)
      tree.append(leaf)
      hashes.append(leaf)
      if (tree.size % TILE_WIDTH === 0) roots.append(tree.lastNode(TILE_HEIGHT))
      at += PREFIX_BYTES + size
    }
  }

  async #publish(): Promise<void> {
    const { tree, journal, hashes, roots, checkpoints, signer, directory } = this.#parts
    this.#hashAll()
    if (tree.size === this.#last.size && this.#checkpointFault === undefined) return
    const size = tree.size
    const root = tree.root()
    const file = Math.floor(size / FILE_ENTRIES)
    const nodes = tree.frontier(FILE_LEVEL)
    try {
      hashes.flush()
      roots.flush()
      // A checkpoint is a promise that its entries are there, also after a loss of power.
      await journal.sync()
      await hashes.sync()
      await roots.sync()
      const checkpoint = signCheckpoint(size, root, signer)
      await checkpoints.publish(checkpoint)
      this.#last = checkpoint
      this.statistics.checkpoints++
      if (file !== this.#frontierFile) await writeFrontier(directory, { size: file * FILE_ENTRIES, nodes })
      this.#frontierFile = file
      this.#checkpointFault = undefined
    } catch (cause) {
      this.#checkpointFault = asError(cause)
      throw cause
    } finally {
      this.#tell()
    }
  }

  #tell(): void {
    const error = this.#writeFault ?? this.#checkpointFault
    if ((error === undefined) === this.#healthy) return
    this.#healthy = error === undefined
    this.#parts.onFault(error === undefined ? { healthy: true } : { healthy: false, error })
  }
}

function asError(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause))
}
