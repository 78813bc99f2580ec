import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { checkpointPath, FILE_ENTRIES, journalFolder, PREFIX_BYTES } from './layout.ts'
import { hashFramedLeaf, MerkleTree } from './merkle-tree.ts'
import { listFiles, scanJournalFile } from './scan-journal.ts'
import { parseVerifierKey, type NoteVerifier } from './signed-note.ts'
import { describeFinding, verifyLedger } from './verify.ts'

export interface SelfCheckOptions {
  readonly directory: string
  /** Of the running gateway, not what a file says by now. */
  readonly verifierKey: string
  /** Told once; nothing is checked after it. */
  readonly onFailed: (failed: { readonly size: number; readonly finding: string }) => void
  /** The files could not be read; the next turn tries again. */
  readonly onError: (error: unknown) => void
  /** Default an hour. */
  readonly everyMs?: number
  /** Entries read before others get their turn, default 512, and how long they get, default 10 ms: under a tenth of a core. */
  readonly sliceEntries?: number
  readonly pauseMs?: number
}

export interface SelfCheckStatus {
  readonly state: 'waiting' | 'proved' | 'failed'
  /** Entries proved so far. */
  readonly size: number
  /** When that was, Unix milliseconds. */
  readonly atMs?: number
  readonly finding?: string
}

/**
 * Proves a ledger from its files while the gateway works: the whole once after the start, then what was added since.
 * Entries that were proved are not read again; {@link verifyLedger} reads all.
 */
export class SelfCheck {
  readonly #options: Required<SelfCheckOptions>
  readonly #verifier: NoteVerifier
  #tree = new MerkleTree()
  #status: SelfCheckStatus = { state: 'waiting', size: 0 }
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #closed = false

  constructor(options: SelfCheckOptions) {
    this.#options = { everyMs: 3_600_000, sliceEntries: 512, pauseMs: 10, ...options }
    this.#verifier = parseVerifierKey(options.verifierKey)
    this.#schedule(0)
  }

  get status(): SelfCheckStatus {
    return this.#status
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #schedule(ms: number): void {
    if (this.#closed || this.#status.state === 'failed') return
    this.#timer = setTimeout(() => {
      this.#running = this.#check().catch(this.#options.onError).finally(() => this.#schedule(this.#options.everyMs))
    }, ms).unref()
  }

  async #check(): Promise<void> {
    const opened = openCheckpoint(await readFile(checkpointPath(this.#options.directory), 'utf8'), this.#verifier)
    if ('problem' in opened) return this.#failed(this.#tree.size, `the latest checkpoint cannot be trusted: ${opened.problem}`)
    const { size } = this.#tree
    if (opened.size < size) return this.#failed(size, `the latest checkpoint covers ${opened.size} entries, an earlier one covered ${size}`)
    const tree = await this.#grow(opened.size)
    if (this.#closed) return
    if (tree.size === opened.size && tree.root() === opened.root) {
      this.#tree = tree
      this.#status = { state: 'proved', size: opened.size, atMs: Date.now() }
    } else await this.#explain(opened)
  }

  /** The tree with the entries that are there, up to `until` at most. */
  async #grow(until: number): Promise<MerkleTree> {
    const tree = this.#tree.clone()
    const files = new Set(await listFiles(journalFolder(this.#options.directory)))
    for (let file = Math.floor(tree.size / FILE_ENTRIES); tree.size < until && files.has(file); file++) {
      let index = file * FILE_ENTRIES
      for await (const { bytes, start, end } of scanJournalFile(this.#options.directory, file)) {
        for (let at = start; at < end && tree.size < until; index++) {
          const length = bytes.readUInt16BE(at)
          if (index === tree.size) {
            tree.append(hashFramedLeaf(bytes, at, length))
            if (tree.size % this.#options.sliceEntries === 0) await delay(this.#options.pauseMs)
            if (this.#closed) return tree
          }
          at += PREFIX_BYTES + length
        }
      }
    }
    return tree
  }

  async #explain({ size }: Checkpoint): Promise<void> {
    const { bad } = await verifyLedger(this.#options.directory, this.#options.verifierKey)
    this.#failed(size, bad === undefined ? `the entries do not lead to the checkpoint of ${size} entries` : describeFinding(bad))
  }

  #failed(size: number, finding: string): void {
    this.#status = { state: 'failed', size: this.#tree.size, atMs: Date.now(), finding }
    this.#options.onFailed({ size, finding })
  }
}
