import { open } from 'node:fs/promises'
import { FILE_ENTRIES, HASH_BYTES, hashPath, journalPath, PREFIX_BYTES, rootPath, TILE_HEIGHT, TILE_WIDTH } from './layout.ts'
import { MerkleTree, type HashString } from './merkle-tree.ts'
import { scanJournalFile } from './scan-journal.ts'

const BUNDLES_PER_FILE = FILE_ENTRIES / TILE_WIDTH
/** Journal files whose bundles are remembered, at 2 KiB each. */
const MAX_REMEMBERED = 512

/**
 * Cuts tiles and bundles of C2SP tlog-tiles out of a ledger's files. Serves whatever is in the files: which part of it a
 * checkpoint covers is for the caller to know. Works beside a running gateway.
 */
export class TileReader {
  readonly #directory: string
  /** Roots of full tiles of level 1 and above, by level, that were asked for once. */
  readonly #roots = new Map<string, HashString>()
  /** Where in a journal file each complete bundle ends, by file. */
  readonly #bundleEnds = new Map<number, readonly number[]>()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** The first `width` hashes of a tile, 32 bytes each. @returns undefined when the ledger does not hold so many */
  async hashTile(level: number, index: number, width: number): Promise<Buffer<ArrayBuffer> | undefined> {
    if (level === 0) return this.#slice(hashPath(this.#directory, Math.floor(index / BUNDLES_PER_FILE)), (index % BUNDLES_PER_FILE) * TILE_WIDTH, width)
    if (level === 1) return this.#slice(rootPath(this.#directory, index), 0, width)
    const hashes: HashString[] = []
    for (let child = index * TILE_WIDTH; hashes.length < width; child++) {
      const root = await this.#tileRoot(level - 1, child)
      if (root === undefined) return undefined
      hashes.push(root)
    }
    return Buffer.from(hashes.join(''), 'latin1')
  }

  /** The first `width` entries of a bundle, each behind its length. @returns undefined when the ledger does not hold so many */
  async entryBundle(index: number, width: number): Promise<Buffer<ArrayBuffer> | undefined> {
    const file = Math.floor(index / BUNDLES_PER_FILE)
    const position = index % BUNDLES_PER_FILE
    const ends = await this.#endsIn(file, width === TILE_WIDTH ? position + 1 : position)
    const start = position === 0 ? 0 : ends[position - 1]
    if (start === undefined) return undefined
    const end = ends[position] ?? start + TILE_WIDTH * (PREFIX_BYTES + 0xffff)
    const bytes = await readRange(journalPath(this.#directory, file), start, end - start)
    if (bytes === undefined) return undefined
    let at = 0
    for (let left = width; left > 0; left--) {
      if (at + PREFIX_BYTES > bytes.length) return undefined
      at += PREFIX_BYTES + bytes.readUInt16BE(at)
    }
    return at > bytes.length ? undefined : bytes.subarray(0, at)
  }

  async #tileRoot(level: number, index: number): Promise<HashString | undefined> {
    const name = `${level}/${index}`
    const known = this.#roots.get(name)
    if (known !== undefined) return known
    const tile = await this.hashTile(level, index, TILE_WIDTH)
    if (tile === undefined) return undefined
    const tree = new MerkleTree()
    for (let at = 0; at < tile.length; at += HASH_BYTES) tree.append(tile.toString('latin1', at, at + HASH_BYTES))
    const root = tree.lastNode(TILE_HEIGHT)
    this.#roots.set(name, root)
    return root
  }

  async #slice(path: string, from: number, count: number): Promise<Buffer<ArrayBuffer> | undefined> {
    const bytes = await readRange(path, from * HASH_BYTES, count * HASH_BYTES)
    return bytes?.length === count * HASH_BYTES ? bytes : undefined
  }

  /** Finds where the first `count` bundles of a file end, and no more: behind what a checkpoint covers bytes may still change. */
  async #endsIn(file: number, count: number): Promise<readonly number[]> {
    const known = this.#bundleEnds.get(file) ?? []
    if (known.length >= count) return known
    const ends = [...known]
    await this.#scan(file, ends, count)
    const oldest = this.#bundleEnds.keys().next()
    if (this.#bundleEnds.size >= MAX_REMEMBERED && oldest.done !== true) this.#bundleEnds.delete(oldest.value)
    this.#bundleEnds.set(file, ends)
    return ends
  }

  async #scan(file: number, ends: number[], count: number): Promise<void> {
    let entries = 0
    try {
      for await (const { bytes, start, end, offset } of scanJournalFile(this.#directory, file, ends.at(-1) ?? 0)) {
        for (let at = start; at < end;) {
          at += PREFIX_BYTES + bytes.readUInt16BE(at)
          entries++
          if (entries % TILE_WIDTH !== 0) continue
          if (ends.push(offset + at - start) === count) return
        }
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

/** @returns fewer bytes when the file ends before; undefined when there is no file */
async function readRange(path: string, start: number, length: number): Promise<Buffer<ArrayBuffer> | undefined> {
  const handle = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - start)))
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, start)
    return bytes.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
