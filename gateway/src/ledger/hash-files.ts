import { closeSync, openSync, constants } from 'node:fs'
import { FILE_ENTRIES, HASH_BYTES, hashPath, rootPath, TILE_WIDTH } from './layout.ts'
import type { HashString } from './merkle-tree.ts'
import { syncData, writeFully } from './write-fully.ts'

/** Leaf hashes gathered in memory before they are written: 512 KiB, more only for a single larger batch. */
const WAITING_HASHES = 16_384

interface HashFilesOptions {
  readonly pathOf: (file: number) => string
  /** Hashes in a full file. */
  readonly perFile: number
  /** Hashes that are there already. */
  readonly size: number
  /** Hashes that may wait to be written. */
  readonly waiting: number
}

/** The leaf hashes of a log of `size` entries: what finds the first bad entry, and what level-0 tiles are cut from. */
export function leafHashFiles(directory: string, size: number): HashFiles {
  return new HashFiles({ pathOf: (file) => hashPath(directory, file), perFile: FILE_ENTRIES, size, waiting: WAITING_HASHES })
}

/** The roots of its full level-0 tiles: level-1 tiles, so that a proof need not hash all entries again. */
export function tileRootFiles(directory: string, size: number): HashFiles {
  return new HashFiles({
    pathOf: (file) => rootPath(directory, file), perFile: FILE_ENTRIES / TILE_WIDTH,
    size: Math.floor(size / TILE_WIDTH), waiting: WAITING_HASHES / TILE_WIDTH,
  })
}

/** Appends hashes to numbered files of equal size. */
export class HashFiles {
  readonly #pathOf: (file: number) => string
  readonly #perFile: number
  #waiting: Buffer
  #count = 0
  /** Hashes in the files. */
  #written: number
  /** Files not yet on stable storage, and the newest, by file number. */
  readonly #open = new Map<number, number>()

  constructor({ pathOf, perFile, size, waiting }: HashFilesOptions) {
    this.#pathOf = pathOf
    this.#perFile = perFile
    this.#written = size
    this.#waiting = Buffer.allocUnsafe(waiting * HASH_BYTES)
  }

  /** Makes room, so that the next `count` calls of {@link HashFiles.append} cannot fail. @throws the system's error */
  reserve(count: number): void {
    if ((this.#count + count) * HASH_BYTES <= this.#waiting.length) return
    this.flush()
    if (count * HASH_BYTES > this.#waiting.length) this.#waiting = Buffer.allocUnsafe(count * HASH_BYTES)
  }

  append(hash: HashString): void {
    this.#waiting.write(hash, this.#count * HASH_BYTES, HASH_BYTES, 'latin1')
    this.#count++
  }

  /** @throws the system's error; nothing is lost then, and the next call tries again */
  flush(): void {
    let done = 0
    try {
      while (done < this.#count) {
        const index = this.#written + done
        const take = Math.min(this.#count - done, this.#perFile - (index % this.#perFile))
        const descriptor = this.#descriptor(Math.floor(index / this.#perFile))
        const position = (index % this.#perFile) * HASH_BYTES
        writeFully(descriptor, this.#waiting, done * HASH_BYTES, (done + take) * HASH_BYTES, position)
        done += take
      }
    } finally {
      this.#waiting.copyWithin(0, done * HASH_BYTES, this.#count * HASH_BYTES)
      this.#written += done
      this.#count -= done
    }
  }

  /** Resolves when all flushed hashes are on stable storage. */
  async sync(): Promise<void> {
    const newest = Math.max(...this.#open.keys())
    for (const [file, descriptor] of [...this.#open]) {
      await syncData(descriptor)
      if (file >= newest) continue
      this.#open.delete(file)
      closeSync(descriptor)
    }
  }

  close(): void {
    for (const descriptor of this.#open.values()) closeSync(descriptor)
    this.#open.clear()
  }

  #descriptor(file: number): number {
    const known = this.#open.get(file)
    if (known !== undefined) return known
    const opened = openSync(this.#pathOf(file), constants.O_RDWR | constants.O_CREAT, 0o600)
    this.#open.set(file, opened)
    return opened
  }
}
