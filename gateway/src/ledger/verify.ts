import { setTimeout as delay } from 'node:timers/promises'
import { knownCheckpoints } from './anchors/anchored-notes.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { readHistory, readOptional } from './checkpoint-history.ts'
import type { Finding } from './finding.ts'
import { EntryCursor, type CursorStop } from './entry-cursor.ts'
import { checkpointPath, fileName, FILE_ENTRIES, HASH_BYTES, hashPath, rootPath, TILE_HEIGHT, TILE_WIDTH } from './layout.ts'
import { StoredHashes } from './stored-hashes.ts'
import { MerkleTree, type HashString } from './merkle-tree.ts'
import { parseVerifierKey, type NoteVerifier } from './signed-note.ts'

export { describeFinding, type Finding } from './finding.ts'

export interface VerifyReport {
  readonly ok: boolean
  /** Entries read. */
  readonly entries: number
  /** Entries proved by a checkpoint. */
  readonly covered: number
  /** Complete entries behind the last checkpoint: nothing signed speaks of them. None after a clean close. */
  readonly uncovered: number
  /** Bytes of an incomplete entry at the end, as a crash leaves them until the ledger is opened again. */
  readonly tornBytes: number
  readonly checkpoints: number
  /** Checkpoints kept elsewhere that were compared, with `known`. */
  readonly known?: number
  /** The last checkpoint, as a signed note: keep it elsewhere to find a log that was put back to an older state. */
  readonly checkpoint?: string
  /** The first thing found wrong. */
  readonly bad?: Finding
}

export interface VerifyOptions {
  /** Checkpoints of this log kept elsewhere, one signed note or the file of an anchor; the log must contain them all. */
  readonly known?: string
}

/**
 * Proves a ledger from its entries up, with bounded memory, against every checkpoint ever signed. Works beside a
 * running gateway. A log put back as a whole to an older state is found only with a `known` checkpoint.
 * @param verifierKey as in `verifier.pub`, from a place that the gateway cannot write
 * @throws Error when the key is none, or a file cannot be read
 */
export async function verifyLedger(directory: string, verifierKey: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const verifier = parseVerifierKey(verifierKey)
  const known = knownCheckpoints(options.known, verifier)
  const run = new Verification(directory, verifier, known)
  const bad = await run.check()
  return {
    ok: bad === undefined,
    entries: run.tree.size,
    covered: run.proved,
    uncovered: bad === undefined ? run.tree.size - run.proved : 0,
    tornBytes: run.tornBytes,
    checkpoints: run.checkpoints,
    ...(known.length > 0 && { known: known.length }),
    ...(run.last === undefined ? {} : { checkpoint: run.last.note }),
    ...(bad === undefined ? {} : { bad }),
  }
}

interface Suspect {
  readonly index: number
  readonly file: string
  readonly offset: number
  /** How the log would go on with the stored hashes instead of the entries. */
  readonly stored: MerkleTree
}

/** A gateway at work may be between its two checkpoint files, with a slow disk for a while. */
const PUBLISHING_MS = 3_000
const PUBLISHING_STEP_MS = 50

class Verification {
  readonly tree = new MerkleTree()
  proved = 0
  tornBytes = 0
  checkpoints = 0
  last: Checkpoint | undefined
  readonly #directory: string
  readonly #verifier: NoteVerifier
  readonly #cursor: EntryCursor
  readonly #known: ReadonlySet<Checkpoint>
  /** First entry since the last proved checkpoint that differs from its stored hash. */
  #suspect: Suspect | undefined
  /** Where the first entry that is not proved yet begins. */
  #provedOffset = 0
  /** First root of a tile since the last proved checkpoint that differs from the entries' own. */
  #wrongRoot: number | undefined
  readonly #leaves: StoredHashes
  readonly #roots: StoredHashes

  constructor(directory: string, verifier: NoteVerifier, known: readonly Checkpoint[]) {
    this.#directory = directory
    this.#verifier = verifier
    this.#known = new Set(known)
    this.#cursor = new EntryCursor(directory)
    this.#leaves = new StoredHashes((file) => hashPath(directory, file), FILE_ENTRIES)
    this.#roots = new StoredHashes((file) => rootPath(directory, file), FILE_ENTRIES / TILE_WIDTH)
  }

  async check(): Promise<Finding | undefined> {
    try {
      const published = await readOptional(checkpointPath(this.#directory))
      for await (const expected of this.#expected()) {
        const finding = 'what' in expected ? expected : await this.#advance(expected)
        if (finding !== undefined) return finding
      }
      const finding = await this.#checkPublished(published)
      if (finding !== undefined) return finding
      // Behind the last checkpoint there is nothing to compare with.
      const end = await this.#cursor.read(Infinity, (leaf) => this.tree.append(leaf))
      this.tornBytes = end?.rest ?? 0
      return undefined
    } finally {
      await this.#cursor.close()
    }
  }

  /** Every checkpoint in order, those kept elsewhere among them; or what is wrong with one, and then no more. */
  async *#expected(): AsyncGenerator<Checkpoint | Finding> {
    const waiting = [...this.#known]
    for await (const record of readHistory(this.#directory)) {
      const opened = openCheckpoint(record.note, this.#verifier)
      const wrong = 'problem' in opened ? opened.problem : this.#outOfOrder(opened)
      if (wrong !== undefined || 'problem' in opened) {
        yield { what: 'checkpoint-invalid', index: this.proved, file: 'checkpoints', offset: record.offset,
          message: `checkpoint ${this.checkpoints} cannot be trusted: ${wrong}` }
        return
      }
      yield* waiting.splice(0, countWhile(waiting, ({ size }) => size <= opened.size))
      this.checkpoints++
      this.last = opened
      yield opened
    }
    yield* waiting
  }

  #outOfOrder(checkpoint: Checkpoint): string | undefined {
    // One that was published again after a failure is byte for byte the same.
    if (this.last === undefined || checkpoint.size > this.last.size || checkpoint.note === this.last.note) return undefined
    return `its size ${checkpoint.size} comes after ${this.last.size}`
  }

  /** Reads on to the checkpoint's size and compares. */
  async #advance(checkpoint: Checkpoint): Promise<Finding | undefined> {
    const stop = await this.#cursor.read(checkpoint.size, this.#take)
    if (stop !== undefined) return this.#notReached(checkpoint, stop)
    const suspect = this.#suspect
    if (this.tree.root() === checkpoint.root) {
      this.proved = checkpoint.size
      this.#suspect = undefined
      return suspect === undefined ? this.#rootChanged() : this.#hashChanged(suspect)
    }
    if (suspect !== undefined && this.#storedLeadTo(checkpoint, suspect)) return entryChanged(suspect)
    const message = this.#known.has(checkpoint)
      ? 'the log was rewritten: its first entries are not those of the checkpoint kept elsewhere'
      : 'the entries lead to another root than the signed one'
    return this.#between(checkpoint.size - 1, 'entry-changed', message)
  }

  readonly #take = (leaf: HashString, file: number, offset: number): void => {
    const index = this.tree.size
    if (index === this.proved) this.#provedOffset = offset
    if (this.#suspect === undefined && !this.#leaves.is(index, leaf)) {
      this.#suspect = { index, file: `journal/${fileName(file)}`, offset, stored: this.tree.clone() }
    }
    this.#suspect?.stored.append(this.#leaves.at(index))
    this.tree.append(leaf)
    if (this.tree.size % TILE_WIDTH !== 0 || this.#wrongRoot !== undefined) return
    const tile = Math.floor(index / TILE_WIDTH)
    if (!this.#roots.is(tile, this.tree.lastNode(TILE_HEIGHT))) this.#wrongRoot = tile
  }

  #notReached(checkpoint: Checkpoint, stop: CursorStop): Finding {
    const suspect = this.#suspect
    const index = this.tree.size
    const { what, file, offset, message } = stop
    if (suspect === undefined) {
      const covers = this.#known.has(checkpoint) ? 'the log was put back to an older state: the checkpoint kept elsewhere' : 'a checkpoint'
      return { what, index, file, offset, message: `${message}; ${covers} covers ${checkpoint.size} entries` }
    }
    if (this.#storedLeadTo(checkpoint, suspect)) return entryChanged(suspect)
    return this.#between(index, what, message)
  }

  /** True when the stored hashes are those that were signed, so that an entry differing from its own is certainly bad. */
  #storedLeadTo(checkpoint: Checkpoint, suspect: Suspect): boolean {
    while (suspect.stored.size < checkpoint.size) suspect.stored.append(this.#leaves.at(suspect.stored.size))
    return suspect.stored.root() === checkpoint.root
  }

  #between(last: number, what: Finding['what'], message: string): Finding {
    const index = this.proved
    const file = `journal/${fileName(Math.floor(index / FILE_ENTRIES))}`
    return { what, index, ...(last > index ? { last } : {}), file, offset: this.#provedOffset, message }
  }

  #hashChanged(suspect: Suspect): Finding {
    const file = `hashes/${fileName(Math.floor(suspect.index / FILE_ENTRIES))}`
    const offset = (suspect.index % FILE_ENTRIES) * HASH_BYTES
    return { what: 'hash-changed', index: suspect.index, file, offset, message: 'the entry is right, its stored leaf hash is wrong or missing' }
  }

  /** A proof made with a wrong root would prove nothing, so it is as bad as a wrong leaf hash. */
  #rootChanged(): Finding | undefined {
    const tile = this.#wrongRoot
    if (tile === undefined) return undefined
    const perFile = FILE_ENTRIES / TILE_WIDTH
    return {
      what: 'hash-changed', index: tile * TILE_WIDTH, last: (tile + 1) * TILE_WIDTH - 1, file: `roots/${fileName(Math.floor(tile / perFile))}`,
      offset: (tile % perFile) * HASH_BYTES, message: 'the entries are right, the stored root of their tile is wrong or missing',
    }
  }

  /** @param before the latest checkpoint, read before the history was */
  async #checkPublished(before: string | undefined): Promise<Finding | undefined> {
    const bad = (what: Finding['what'], message: string): Finding => ({ what, index: this.proved, file: 'checkpoint', offset: 0, message })
    const recorded = this.last?.size ?? -1
    let published = before
    for (let waited = 0; ; waited += PUBLISHING_STEP_MS) {
      if (published === undefined) return bad('checkpoint-missing', 'there is no latest checkpoint')
      const opened = openCheckpoint(published, this.#verifier)
      if ('problem' in opened) return bad('checkpoint-invalid', `the latest checkpoint cannot be trusted: ${opened.problem}`)
      if (published === this.last?.note) return undefined
      if (opened.size > recorded) {
        // A gateway at work has moved on since the history was read.
        if (published !== before) return undefined
        return bad('checkpoint-missing', `the latest checkpoint covers ${opened.size} entries and is not in the history`)
      }
      if (waited >= PUBLISHING_MS) {
        return bad('checkpoint-missing', `the latest checkpoint covers ${opened.size} entries, the history already ${recorded}; ` +
          'if a crash came between the two, opening the ledger puts that right')
      }
      await delay(PUBLISHING_STEP_MS)
      published = await readOptional(checkpointPath(this.#directory))
    }
  }
}

function countWhile<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  const end = items.findIndex((item) => !holds(item))
  return end === -1 ? items.length : end
}

function entryChanged({ index, file, offset }: Suspect): Finding {
  return { what: 'entry-changed', index, file, offset, message: 'this is not the entry that was signed: it was changed, moved, put in, or one before it was removed' }
}
