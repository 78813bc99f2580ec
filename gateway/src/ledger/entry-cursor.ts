import { FILE_ENTRIES, fileName, PREFIX_BYTES } from './layout.ts'
import { hashFramedLeaf, type HashString } from './merkle-tree.ts'
import { scanJournalFile, type Frames } from './scan-journal.ts'

/** Why there are no more entries. */
export interface CursorStop {
  readonly what: 'entry-missing' | 'entry-unreadable'
  readonly file: string
  readonly offset: number
  readonly message: string
  /** Bytes of an incomplete entry. */
  readonly rest: number
}

export type EachLeaf = (leaf: HashString, file: number, offset: number) => void

/** Walks the journal's entries from the first, hashing each. */
export class EntryCursor {
  readonly #directory: string
  #index = 0
  #frames: AsyncGenerator<Frames> | undefined
  #current: Frames | undefined
  #at = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Goes on until `until` entries were read in all. @returns why that was impossible, or undefined */
  async read(until: number, each: EachLeaf): Promise<CursorStop | undefined> {
    while (this.#index < until) {
      const stop = this.#current === undefined || this.#at >= this.#current.end ? await this.#load() : this.#walk(until, each)
      if (stop !== undefined) return stop
    }
    return undefined
  }

  async close(): Promise<void> {
    await this.#frames?.return(undefined)
    this.#frames = undefined
  }

  get #file(): number {
    return Math.floor(this.#index / FILE_ENTRIES)
  }

  #walk(until: number, each: EachLeaf): CursorStop | undefined {
    const { bytes, start, end, offset } = this.#current as Frames
    const file = this.#file
    const stop = Math.min(until, (file + 1) * FILE_ENTRIES)
    while (this.#at < end && this.#index < stop) {
      const length = bytes.readUInt16BE(this.#at)
      const position = offset + this.#at - start
      if (length === 0) return this.#stop('entry-unreadable', position, 'an entry of no bytes is never written', end - this.#at)
      each(hashFramedLeaf(bytes, this.#at, length), file, position)
      this.#index++
      this.#at += PREFIX_BYTES + length
    }
    // The file is full: what else it holds was put in.
    if (this.#index % FILE_ENTRIES === 0 && this.#at < end) {
      return { what: 'entry-unreadable', file: `journal/${fileName(file)}`, offset: offset + this.#at - start,
        message: 'bytes stand behind the last entry of a full file', rest: end - this.#at }
    }
    return undefined
  }

  async #load(): Promise<CursorStop | undefined> {
    const before = this.#current
    if (before?.rest !== undefined) {
      const position = before.offset + before.end - before.start
      if (this.#index % FILE_ENTRIES !== 0 || before.rest > 0) {
        return before.rest > 0
          ? this.#stop('entry-unreadable', position, 'the file ends in the middle of this entry, or its length was changed', before.rest)
          : this.#stop('entry-missing', position, 'the file ends before this entry')
      }
      await this.close()
    }
    try {
      this.#frames ??= scanJournalFile(this.#directory, this.#file)
      const next = await this.#frames.next()
      this.#current = next.done === true ? undefined : next.value
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      this.#frames = undefined
      this.#current = undefined
      return this.#stop('entry-missing', 0, 'its file is missing')
    }
    this.#at = this.#current?.start ?? 0
    return undefined
  }

  #stop(what: CursorStop['what'], offset: number, message: string, rest = 0): CursorStop {
    return { what, file: `journal/${fileName(this.#file)}`, offset, message, rest }
  }
}
