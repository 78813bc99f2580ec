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
  #file = 0
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

  get #fileEnd(): number {
    return (this.#file + 1) * FILE_ENTRIES
  }

  #walk(until: number, each: EachLeaf): CursorStop | undefined {
    const { bytes, start, end, offset } = this.#current as Frames
    const stop = Math.min(until, this.#fileEnd)
    while (this.#at < end && this.#index < stop) {
      const length = bytes.readUInt16BE(this.#at)
      const position = offset + this.#at - start
      if (length === 0) return this.#stop('entry-unreadable', position, 'an entry of no bytes is never written', end - this.#at)
      each(hashFramedLeaf(bytes, this.#at, length), this.#file, position)
      this.#index++
      this.#at += PREFIX_BYTES + length
    }
    if (this.#index === this.#fileEnd && this.#at < end) {
      return this.#stop('entry-unreadable', offset + this.#at - start, 'bytes stand behind the last entry of a full file', end - this.#at)
    }
    return undefined
  }

  async #load(): Promise<CursorStop | undefined> {
    const before = this.#current
    if (before?.rest !== undefined) {
      const stop = this.#endOfFile(before.offset + before.end - before.start, before.rest)
      if (stop !== undefined) return stop
      await this.close()
      this.#file++
    }
    this.#current = undefined
    try {
      this.#frames ??= scanJournalFile(this.#directory, this.#file)
      const next = await this.#frames.next()
      if (next.done !== true) this.#current = next.value
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      await this.close()
      return this.#stop('entry-missing', 0, 'its file is missing')
    }
    this.#at = this.#current?.start ?? 0
    return undefined
  }

  #endOfFile(position: number, rest: number): CursorStop | undefined {
    if (rest > 0) return this.#stop('entry-unreadable', position, 'the file ends in the middle of this entry, or its length was changed', rest)
    return this.#index === this.#fileEnd ? undefined : this.#stop('entry-missing', position, 'the file ends before this entry')
  }

  #stop(what: CursorStop['what'], offset: number, message: string, rest = 0): CursorStop {
    return { what, file: `journal/${fileName(this.#file)}`, offset, message, rest }
  }
}
