import { closeSync, fsyncSync, ftruncateSync, openSync, readSync, rmSync, constants } from 'node:fs'
import { FILE_ENTRIES, PREFIX_BYTES, journalFolder, journalPath } from './layout.ts'
import { syncData, writeFully } from './write-fully.ts'

/** An end of the journal. */
export interface JournalEnd {
  /** Entries in all files together. */
  readonly size: number
  /** The file that the last entry is in; file 0 when there is none. */
  readonly file: number
  /** Bytes in that file. */
  readonly bytes: number
}

const REWRITE_CHUNK = 1 << 20

/**
 * Writes framed entries into the journal's files: all of a batch, or nothing. Knows no hashes and no callers.
 */
export class Journal {
  readonly #directory: string
  #end: JournalEnd
  /** Files not yet on stable storage, and always the newest, by file number. */
  readonly #open = new Map<number, number>()
  /** True when bytes beyond the end may be on disk and must go before anything else is written. */
  #torn = false
  /** Where stable storage ends, when a sync failed: what follows must be written again, see {@link Journal.sync}. */
  #suspectFrom: JournalEnd | undefined
  #synced: JournalEnd
  #newFile = false

  constructor(directory: string, end: JournalEnd) {
    this.#directory = directory
    this.#end = end
    this.#synced = end
    this.#descriptor(end.file)
  }

  get end(): JournalEnd {
    return this.#end
  }

  /**
   * Writes `count` framed entries standing in the first `length` bytes.
   * @throws the system's error; the journal then ends where it did before
   */
  write(batch: Buffer, length: number, count: number): void {
    if (this.#torn) this.#cut()
    const before = this.#end
    try {
      let offset = 0
      for (let left = count; left > 0;) {
        const room = FILE_ENTRIES - (this.#end.size % FILE_ENTRIES)
        const take = Math.min(left, room)
        const stop = take === left ? length : endOfEntry(batch, offset, take)
        const file = Math.floor(this.#end.size / FILE_ENTRIES)
        const position = file === this.#end.file ? this.#end.bytes : 0
        writeFully(this.#descriptor(file), batch, offset, stop, position)
        this.#end = { size: this.#end.size + take, file, bytes: position + stop - offset }
        offset = stop
        left -= take
      }
    } catch (error) {
      this.retreat(before)
      throw error
    }
  }

  /** Makes the journal end at an earlier end again. When the disk refuses even that, it is done before the next write. */
  retreat(end: JournalEnd): void {
    this.#end = end
    // A sync that ran meanwhile for another caller may have counted what is now given up.
    if (this.#synced.size > end.size) this.#synced = end
    this.#torn = true
    try {
      this.#cut()
    } catch {
      // Tried again by the next write, which fails with the disk's error if this is still impossible.
    }
  }

  /**
   * Resolves when everything written before the call is on stable storage. After a failed sync the kernel may take
   * pages for written that are not, so the next sync first writes them again.
   */
  async sync(): Promise<void> {
    const end = this.#end
    try {
      if (this.#suspectFrom !== undefined) this.#rewrite(this.#suspectFrom)
      if (this.#newFile) this.#syncFolder()
      for (const descriptor of [...this.#open.values()]) await syncData(descriptor)
    } catch (error) {
      this.#suspectFrom = this.#synced
      throw error
    }
    this.#suspectFrom = undefined
    this.#synced = end
    for (const [file, descriptor] of this.#open) {
      if (file >= end.file) continue
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
    const opened = openSync(journalPath(this.#directory, file), constants.O_RDWR | constants.O_CREAT, 0o600)
    this.#open.set(file, opened)
    this.#newFile = true
    return opened
  }

  #cut(): void {
    for (const [file, descriptor] of this.#open) {
      if (file <= this.#end.file) continue
      rmSync(journalPath(this.#directory, file), { force: true })
      this.#open.delete(file)
      closeSync(descriptor)
    }
    ftruncateSync(this.#descriptor(this.#end.file), this.#end.bytes)
    this.#torn = false
  }

  #rewrite(from: JournalEnd): void {
    const chunk = Buffer.allocUnsafe(REWRITE_CHUNK)
    for (const [file, descriptor] of this.#open) {
      let position = file === from.file ? from.bytes : 0
      while (file >= from.file) {
        const read = readSync(descriptor, chunk, 0, chunk.length, position)
        if (read === 0) break
        writeFully(descriptor, chunk, 0, read, position)
        position += read
      }
    }
  }

  /** A new file's name is in its folder, which has a sync of its own. Once in 65,536 entries. */
  #syncFolder(): void {
    const folder = openSync(journalFolder(this.#directory), constants.O_RDONLY)
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
    this.#newFile = false
  }
}

function endOfEntry(batch: Buffer, start: number, count: number): number {
  let at = start
  for (let left = count; left > 0; left--) at += PREFIX_BYTES + batch.readUInt16BE(at)
  return at
}
