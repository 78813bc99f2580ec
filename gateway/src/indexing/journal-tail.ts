import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { FILE_ENTRIES, journalPath, PREFIX_BYTES } from '../ledger/layout.ts'

const CHUNK_BYTES = 1 << 20

/** Where the next entry is, and what the one before it is. */
export interface JournalPlace {
  /** Entries before it. */
  readonly entries: number
  /** Byte in the file that the next entry is in, or will be. */
  readonly offset: number
  /** Byte in the file that the last entry before is in, and SHA-256 over that entry, hex; empty where there is none. */
  readonly lastOffset: number
  readonly lastDigest: string
}

export const JOURNAL_START: JournalPlace = { entries: 0, offset: 0, lastOffset: 0, lastDigest: '' }

/**
 * Follows a journal while it is written, from any entry whose place is known. Reads only what it is told is there, so an
 * entry that may still be given up is never seen. The hashes are not checked: that is verification.
 */
export class JournalTail {
  readonly #directory: string
  #entries: number
  #offset: number
  #lastOffset: number
  #last: Buffer | undefined
  #lastDigest: string
  #open: { readonly file: number; readonly handle: FileHandle } | undefined
  #chunk = Buffer.alloc(0)
  /** Byte of the file at which the chunk begins. */
  #chunkOffset = 0

  constructor(directory: string, place: JournalPlace = JOURNAL_START) {
    this.#directory = directory
    this.#entries = place.entries
    this.#offset = place.offset
    this.#lastOffset = place.lastOffset
    this.#lastDigest = place.lastDigest
  }

  /** At the beginning of any entry, which is found by walking there from the beginning of its file. */
  static async at(directory: string, entry: number): Promise<JournalTail> {
    const tail = new JournalTail(directory, { ...JOURNAL_START, entries: entry - (entry % FILE_ENTRIES) })
    try {
      await tail.read(entry, { entries: FILE_ENTRIES, bytes: Infinity }, () => undefined)
    } catch (error) {
      await tail.close()
      throw error
    }
    return tail
  }

  get entries(): number {
    return this.#entries
  }

  get place(): JournalPlace {
    if (this.#last !== undefined) {
      this.#lastDigest = digestOf(this.#last)
      this.#last = undefined
    }
    return { entries: this.#entries, offset: this.#offset, lastOffset: this.#lastOffset, lastDigest: this.#lastDigest }
  }

  /**
   * Calls `each` for entries up to entry number `until`, but no more than the limits say, or one. Their bytes are valid only
   * during the call.
   * @returns false when the journal ends before: its writer is not there yet, or it was cut
   * @throws the system's error
   */
  async read(until: number, limits: { entries: number; bytes: number }, each: (bytes: Buffer, entry: number) => void): Promise<boolean> {
    const stop = Math.min(until, this.#entries + limits.entries)
    let bytes = 0
    while (this.#entries < stop && bytes < limits.bytes) {
      let at = this.#offset - this.#chunkOffset
      const length = at >= 0 && at + PREFIX_BYTES <= this.#chunk.length ? this.#chunk.readUInt16BE(at) : undefined
      if (this.#open?.file !== this.#file || length === undefined || at + PREFIX_BYTES + length > this.#chunk.length) {
        if (!(await this.#load())) return false
        continue
      }
      at += PREFIX_BYTES
      const entry = this.#chunk.subarray(at, at + length)
      each(entry, this.#entries)
      bytes += length
      this.#last = entry
      this.#lastOffset = this.#offset
      this.#entries++
      this.#offset = this.#entries % FILE_ENTRIES === 0 ? 0 : this.#offset + PREFIX_BYTES + length
    }
    return true
  }

  async close(): Promise<void> {
    const { handle } = this.#open ?? {}
    this.#open = undefined
    await handle?.close()
  }

  get #file(): number {
    return Math.floor(this.#entries / FILE_ENTRIES)
  }

  /** Reads from the next entry on. @returns false when not even that is complete */
  async #load(): Promise<boolean> {
    const file = this.#file
    if (this.#open?.file !== file) {
      await this.close()
      const handle = await openIfThere(journalPath(this.#directory, file))
      if (handle === undefined) return false
      this.#open = { file, handle }
    }
    // The last entry is a view into the chunk before.
    const bytes = Buffer.allocUnsafe(CHUNK_BYTES)
    const { bytesRead } = await this.#open.handle.read(bytes, 0, CHUNK_BYTES, this.#offset)
    this.#chunk = bytes.subarray(0, bytesRead)
    this.#chunkOffset = this.#offset
    return bytesRead > PREFIX_BYTES && bytesRead >= PREFIX_BYTES + bytes.readUInt16BE(0)
  }
}

/** True when the journal still has before the place what it had there. */
export async function isPlaceIn(directory: string, { entries, offset, lastOffset, lastDigest }: JournalPlace): Promise<boolean> {
  if (entries === 0) return offset === 0
  const handle = await openIfThere(journalPath(directory, Math.floor((entries - 1) / FILE_ENTRIES)))
  if (handle === undefined) return false
  try {
    const prefix = Buffer.alloc(PREFIX_BYTES)
    if ((await handle.read(prefix, 0, PREFIX_BYTES, lastOffset)).bytesRead < PREFIX_BYTES) return false
    const entry = Buffer.alloc(prefix.readUInt16BE(0))
    if ((await handle.read(entry, 0, entry.length, lastOffset + PREFIX_BYTES)).bytesRead < entry.length) return false
    const next = entries % FILE_ENTRIES === 0 ? 0 : lastOffset + PREFIX_BYTES + entry.length
    return next === offset && digestOf(entry) === lastDigest
  } finally {
    await handle.close()
  }
}

const digestOf = (entry: Buffer): string => createHash('sha256').update(entry).digest('hex')

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
