import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tilePath } from '@sallyport/contract'
import { knownCheckpoints } from './anchors/anchored-notes.ts'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { readOptional } from './checkpoint-history.ts'
import type { Finding } from './finding.ts'
import { HASH_BYTES, PREFIX_BYTES, TILE_HEIGHT, TILE_WIDTH } from './layout.ts'
import { hashFramedLeaf, MerkleTree, type HashString } from './merkle-tree.ts'
import { parseVerifierKey } from './signed-note.ts'
import type { VerifyOptions, VerifyReport } from './verify.ts'

/**
 * Proves a static copy in the layout of C2SP tlog-tiles: every entry, every tile, against its checkpoint.
 * @throws Error when the key is none, or a file cannot be read
 */
export async function verifyTiles(directory: string, verifierKey: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const verifier = parseVerifierKey(verifierKey)
  const known = knownCheckpoints(options.known, verifier)
  const note = await readOptional(join(directory, 'checkpoint'))
  const opened = note === undefined ? { problem: 'it is missing' } : openCheckpoint(note, verifier)
  if ('problem' in opened) {
    return report(0, undefined, { what: note === undefined ? 'checkpoint-missing' : 'checkpoint-invalid', index: 0, file: 'checkpoint', offset: 0, message: `the checkpoint cannot be trusted: ${opened.problem}` })
  }
  const run = new CopyVerification(directory, opened, known)
  const bad = await run.check()
  return { ...report(run.entries, opened, bad), ...(known.length > 0 && { known: known.length }) }
}

function report(entries: number, checkpoint: Checkpoint | undefined, bad: Finding | undefined): VerifyReport {
  return {
    ok: bad === undefined, entries, covered: bad === undefined ? entries : 0, uncovered: 0, tornBytes: 0, checkpoints: 1,
    ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.note }),
    ...(bad === undefined ? {} : { bad }),
  }
}

class CopyVerification {
  readonly #directory: string
  readonly #checkpoint: Checkpoint
  /** Kept elsewhere, smallest first; those that are compared are taken away. */
  readonly #known: Checkpoint[]
  /** Of the entries, and of the leaf hashes in the copy. */
  readonly #tree = new MerkleTree()
  readonly #stored = new MerkleTree()
  /** Hashes of the tile that is being filled, by level. */
  readonly #tiles: HashString[][] = []
  /** First entry, and first tile, that do not agree. */
  #wrongEntry: Finding | undefined
  #wrongTile: Finding | undefined

  constructor(directory: string, checkpoint: Checkpoint, known: readonly Checkpoint[]) {
    this.#directory = directory
    this.#checkpoint = checkpoint
    this.#known = [...known]
  }

  get entries(): number {
    return this.#tree.size
  }

  async check(): Promise<Finding | undefined> {
    const { size, root } = this.#checkpoint
    const largest = this.#known.at(-1)?.size ?? 0
    if (largest > size) {
      return { what: 'entry-missing', index: size, file: 'checkpoint', offset: 0, message: `the copy ends with ${size} entries; the known checkpoint covers ${largest}` }
    }
    for (let index = 0; index * TILE_WIDTH < size; index++) {
      const finding = await this.#bundle(index, Math.min(TILE_WIDTH, size - index * TILE_WIDTH))
      if (finding !== undefined) return finding
    }
    if (this.#tree.root() !== root) {
      const wrong = this.#wrongEntry ?? this.#wrongTile
      if (wrong !== undefined && this.#stored.root() === root) return wrong
      return {
        what: 'entry-changed', index: 0, ...(size > 1 ? { last: size - 1 } : {}), file: wrong?.file ?? 'tile/entries', offset: wrong?.offset ?? 0,
        message: 'the entries lead to another root than the signed one',
      }
    }
    return this.#wrongTile ?? this.#aboveTiles()
  }

  async #bundle(index: number, width: number): Promise<Finding | undefined> {
    const file = `tile/${tilePath({ level: 'entries', index, width })}`
    const bytes = await readIfThere(join(this.#directory, file))
    const first = index * TILE_WIDTH
    if (bytes === undefined) return this.#wrongEntry ?? { what: 'entry-missing', index: first, file, offset: 0, message: 'the bundle is missing' }
    const leaves: HashString[] = []
    const starts: number[] = []
    let at = 0
    for (; leaves.length < width; ) {
      const length = at + PREFIX_BYTES <= bytes.length ? bytes.readUInt16BE(at) : 0
      if (length === 0 || at + PREFIX_BYTES + length > bytes.length) break
      starts.push(at)
      leaves.push(hashFramedLeaf(bytes, at, length))
      at += PREFIX_BYTES + length
    }
    await this.#compareLeaves(index, width, leaves, (position) => ({
      what: 'entry-changed', index: first + position, file, offset: starts[position] ?? at,
      message: 'this is not the entry that was signed: it was changed, moved, put in, or one before it was removed',
    }))
    if (leaves.length < width) {
      return this.#wrongEntry ?? { what: 'entry-unreadable', index: first + leaves.length, file, offset: at, message: 'the bundle ends in the middle of this entry, or its length was changed' }
    }
    if (at < bytes.length) return this.#wrongEntry ?? { what: 'entry-unreadable', index: first + width - 1, file, offset: at, message: 'bytes stand behind the last entry of the bundle' }
    for (const leaf of leaves) {
      this.#tree.append(leaf)
      const finding = this.#compareKnown(file)
      if (finding !== undefined) return finding
    }
    if (width === TILE_WIDTH) await this.#push(1, this.#tree.lastNode(TILE_HEIGHT))
    return undefined
  }

  #compareKnown(file: string): Finding | undefined {
    const { size } = this.#tree
    for (; this.#known[0] !== undefined && this.#known[0].size <= size; this.#known.shift()) {
      if (this.#known[0].size < size || this.#tree.root() === this.#known[0].root) continue
      return this.#wrongEntry ?? {
        what: 'entry-changed', index: 0, last: size - 1, file, offset: 0,
        message: `the first ${size} entries are not those of the known checkpoint: the log was rewritten`,
      }
    }
    return undefined
  }

  async #compareLeaves(index: number, width: number, leaves: readonly HashString[], wrongEntry: (position: number) => Finding): Promise<void> {
    const stored = await this.#compare({ level: 0, index, width }, leaves)
    for (let position = 0; position < width; position++) {
      const hash = stored?.toString('latin1', position * HASH_BYTES, (position + 1) * HASH_BYTES) ?? ''
      if (hash !== leaves[position]) this.#wrongEntry ??= wrongEntry(position)
      this.#stored.append(hash.length === HASH_BYTES ? hash : '\0'.repeat(HASH_BYTES))
    }
  }

  /** Fills tiles from level 1 up, comparing each that is full. */
  async #push(level: number, hash: HashString): Promise<void> {
    const tile = (this.#tiles[level] ??= [])
    tile.push(hash)
    const count = this.#tree.size / 2 ** (TILE_HEIGHT * level)
    if (tile.length < TILE_WIDTH) return
    await this.#compare({ level, index: count / TILE_WIDTH - 1, width: TILE_WIDTH }, tile)
    this.#tiles[level] = []
    await this.#push(level + 1, this.#tree.lastNode(TILE_HEIGHT * (level + 1)))
  }

  /** The partial tiles above level 0. */
  async #aboveTiles(): Promise<Finding | undefined> {
    for (const [level, tile] of this.#tiles.entries()) {
      if (tile === undefined || tile.length === 0) continue
      const index = Math.floor(this.#tree.size / 2 ** (TILE_HEIGHT * (level + 1)))
      await this.#compare({ level, index, width: tile.length }, tile)
    }
    return this.#wrongTile
  }

  async #compare(address: { level: number; index: number; width: number }, hashes: readonly HashString[]): Promise<Buffer | undefined> {
    const file = `tile/${tilePath(address)}`
    const bytes = await readIfThere(join(this.#directory, file))
    const expected = hashes.join('')
    if (bytes?.toString('latin1') === expected) return bytes
    const span = 2 ** (TILE_HEIGHT * address.level)
    let position = 0
    while (position < hashes.length && bytes?.toString('latin1', position * HASH_BYTES, (position + 1) * HASH_BYTES) === hashes[position]) position++
    const first = (address.index * TILE_WIDTH + Math.min(position, hashes.length - 1)) * span
    this.#wrongTile ??= {
      what: 'hash-changed', index: first, ...(span > 1 ? { last: first + span - 1 } : {}), file, offset: position * HASH_BYTES,
      message: bytes === undefined ? 'the tile is missing' : 'the entries are right, the tile is not: a hash is wrong or missing, or there are too many',
    }
    return bytes
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
