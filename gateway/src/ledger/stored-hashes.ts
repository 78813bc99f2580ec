import { readFileSync } from 'node:fs'
import { HASH_BYTES } from './layout.ts'
import type { HashString } from './merkle-tree.ts'

/** Hashes as they stand in numbered files, one file in memory at a time. Trusts nothing and knows nothing of trees. */
export class StoredHashes {
  readonly #pathOf: (file: number) => string
  readonly #perFile: number
  /** As one string, in which comparing makes no new one. */
  #text = ''
  #file = -1

  constructor(pathOf: (file: number) => string, perFile: number) {
    this.#pathOf = pathOf
    this.#perFile = perFile
  }

  /** Empty when there is none. */
  at(index: number): HashString {
    const at = this.#find(index)
    const hash = this.#text.slice(at, at + HASH_BYTES)
    return hash.length === HASH_BYTES ? hash : ''
  }

  is(index: number, hash: HashString): boolean {
    const at = this.#find(index)
    return this.#text.startsWith(hash, at)
  }

  #find(index: number): number {
    const file = Math.floor(index / this.#perFile)
    const at = (index - file * this.#perFile) * HASH_BYTES
    // A gateway at work may have written on since the file was read.
    if (file === this.#file && at + HASH_BYTES <= this.#text.length) return at
    this.#text = readIfThere(this.#pathOf(file)).toString('latin1')
    this.#file = file
    return at
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
