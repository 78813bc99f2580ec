import { readFileSync } from 'node:fs'
import { HASH_BYTES } from './layout.ts'
import type { HashString } from './merkle-tree.ts'

/** Hashes as they stand in numbered files, one file in memory at a time. Trusts nothing and knows nothing of trees. */
export class StoredHashes {
  readonly #pathOf: (file: number) => string
  readonly #perFile: number
  #bytes: Buffer = Buffer.alloc(0)
  #file = -1

  constructor(pathOf: (file: number) => string, perFile: number) {
    this.#pathOf = pathOf
    this.#perFile = perFile
  }

  /** Empty when there is none. */
  at(index: number): HashString {
    const file = Math.floor(index / this.#perFile)
    if (file !== this.#file) {
      this.#bytes = readIfThere(this.#pathOf(file))
      this.#file = file
    }
    const at = (index % this.#perFile) * HASH_BYTES
    // A gateway at work may have written on since the file was read.
    if (at + HASH_BYTES > this.#bytes.length) this.#bytes = readIfThere(this.#pathOf(file))
    return at + HASH_BYTES <= this.#bytes.length ? this.#bytes.toString('latin1', at, at + HASH_BYTES) : ''
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
}
