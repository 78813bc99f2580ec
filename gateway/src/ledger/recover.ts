import { rename, rm, stat, writeFile } from 'node:fs/promises'
import { readFrontier } from './checkpoint-files.ts'
import type { Checkpoint } from './checkpoint.ts'
import type { JournalEnd } from './journal.ts'
import {
  FILE_ENTRIES, HASH_BYTES, PREFIX_BYTES, TILE_HEIGHT, TILE_WIDTH, hashFolder, hashPath, journalFolder, journalPath, rootFolder, rootPath,
} from './layout.ts'
import { hashFramedLeaf, MerkleTree } from './merkle-tree.ts'
import { listFiles, scanJournalFile } from './scan-journal.ts'

/** What opening found and did. */
export interface RecoveryReport {
  /** Entries in the log. */
  readonly size: number
  /** Entries that the latest checkpoint covered. */
  readonly covered: number
  /** Complete entries behind the latest checkpoint, taken on: they were written, and may have been acted upon. */
  readonly adopted: number
  /** Bytes cut off behind the last complete entry: an entry whose write was interrupted, which nobody acted upon. */
  readonly tornBytes: number
  /** Bytes cut off behind the last complete checkpoint of the history. */
  readonly tornHistoryBytes: number
  /** True when the whole log had to be read, because `frontier` or a hash file was missing or wrong. */
  readonly readAll: boolean
}

export interface Recovered {
  readonly tree: MerkleTree
  readonly end: JournalEnd
  readonly adopted: number
  readonly tornBytes: number
  readonly readAll: boolean
}

/**
 * Reads the journal up to its end, starting at the newest file when the frontier allows it, and proves that it leads
 * to the checkpoint. Changes nothing until that is proved.
 * @returns undefined when the journal contradicts the checkpoint
 */
export async function recover(directory: string, checkpoint: Checkpoint): Promise<Recovered | undefined> {
  const files = await listFiles(journalFolder(directory))
  if (files.some((file, position) => file !== position)) return undefined
  const frontier = await readFrontier(directory)
  if (frontier !== undefined && frontier.size > 0 && frontier.size <= checkpoint.size && frontier.size % FILE_ENTRIES === 0) {
    const from = frontier.size / FILE_ENTRIES
    if (await hashFilesComplete(directory, from)) {
      const quick = await readFrom(directory, files, MerkleTree.resume(frontier.size, frontier.nodes), checkpoint)
      if (quick !== undefined) return { ...quick, readAll: false }
    }
  }
  const whole = await readFrom(directory, files, new MerkleTree(), checkpoint)
  return whole === undefined ? undefined : { ...whole, readAll: files.length > 1 }
}

/** A full file of roots. */
const ROOTS_BYTES = (FILE_ENTRIES / TILE_WIDTH) * HASH_BYTES

async function hashFilesComplete(directory: string, files: number): Promise<boolean> {
  for (let file = 0; file < files; file++) {
    const [leaves, roots] = await Promise.all([hashPath, rootPath].map((path) => stat(path(directory, file)).catch(() => undefined)))
    if (leaves?.size !== FILE_ENTRIES * HASH_BYTES || roots?.size !== ROOTS_BYTES) return false
  }
  return true
}

async function readFrom(
  directory: string, files: readonly number[], tree: MerkleTree, checkpoint: Checkpoint,
): Promise<Omit<Recovered, 'readAll'> | undefined> {
  const first = tree.size / FILE_ENTRIES
  let end: JournalEnd = { size: tree.size, file: first, bytes: 0 }
  let proved = tree.size === checkpoint.size && tree.root() === checkpoint.root
  const read: number[] = []
  let tornBytes = 0
  for (const file of files.slice(first)) {
    // Behind a file that is not full only the remains of a failed write can stand.
    if (tree.size < file * FILE_ENTRIES) break
    const leaves = Buffer.allocUnsafe(FILE_ENTRIES * HASH_BYTES)
    const roots = Buffer.allocUnsafe(ROOTS_BYTES)
    let count = 0
    let bytes = 0
    let broken = false
    for await (const frames of scanJournalFile(directory, file)) {
      for (let at = frames.start; at < frames.end && !broken;) {
        const length = frames.bytes.readUInt16BE(at)
        // A length of zero is never written; a loss of power may leave zeros.
        if (length === 0 || count === FILE_ENTRIES) {
          broken = true
          break
        }
        const leaf = hashFramedLeaf(frames.bytes, at, length)
        leaves.write(leaf, count * HASH_BYTES, HASH_BYTES, 'latin1')
        tree.append(leaf)
        count++
        if (count % TILE_WIDTH === 0) roots.write(tree.lastNode(TILE_HEIGHT), (count / TILE_WIDTH - 1) * HASH_BYTES, HASH_BYTES, 'latin1')
        at += PREFIX_BYTES + length
        bytes = frames.offset + at
        if (tree.size !== checkpoint.size) continue
        if (tree.root() !== checkpoint.root) return undefined
        proved = true
      }
    }
    end = { size: tree.size, file, bytes }
    tornBytes = (await stat(journalPath(directory, file))).size - bytes
    await writeFile(`${hashPath(directory, file)}.new`, leaves.subarray(0, count * HASH_BYTES), { mode: 0o600 })
    await writeFile(`${rootPath(directory, file)}.new`, roots.subarray(0, Math.floor(count / TILE_WIDTH) * HASH_BYTES), { mode: 0o600 })
    read.push(file)
  }
  if (!proved) return undefined
  for (const file of read) {
    for (const path of [hashPath(directory, file), rootPath(directory, file)]) await rename(`${path}.new`, path)
  }
  for (const file of files) {
    if (file <= end.file) continue
    tornBytes += (await stat(journalPath(directory, file))).size
    await rm(journalPath(directory, file))
  }
  for (const [folder, path] of [[hashFolder, hashPath], [rootFolder, rootPath]] as const) {
    for (const file of await listFiles(folder(directory))) if (file > end.file) await rm(path(directory, file))
  }
  return { tree, end, adopted: tree.size - checkpoint.size, tornBytes }
}
