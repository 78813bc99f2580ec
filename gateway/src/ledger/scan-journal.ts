import { open, readdir } from 'node:fs/promises'
import { journalPath, PREFIX_BYTES } from './layout.ts'

/** Some complete frames of one journal file, one after the other, beginning at `start` of `bytes`. Only valid until the next is asked for. */
export interface Frames {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  /** Where in the file `start` is. */
  readonly offset: number
  /** Bytes behind the last complete frame when the file ends here, otherwise undefined. */
  readonly rest?: number
}

const CHUNK = 1 << 20

/** Reads a journal file in chunks of about a megabyte; a frame never spans two. The last one has `rest`. @param from where a frame begins */
export async function* scanJournalFile(directory: string, file: number, from = 0): AsyncGenerator<Frames> {
  const handle = await open(journalPath(directory, file), 'r')
  try {
    let bytes = Buffer.allocUnsafe(CHUNK)
    let held = 0
    let offset = from
    for (;;) {
      const { bytesRead } = await handle.read(bytes, held, bytes.length - held, offset + held)
      const filled = held + bytesRead
      const end = endOfFrames(bytes, filled)
      if (bytesRead === 0) {
        yield { bytes, start: 0, end, offset, rest: filled - end }
        return
      }
      if (end > 0) yield { bytes, start: 0, end, offset }
      held = filled - end
      offset += end
      const next = Buffer.allocUnsafe(CHUNK)
      bytes.copy(next, 0, end, filled)
      bytes = next
    }
  } finally {
    await handle.close()
  }
}

function endOfFrames(bytes: Buffer, filled: number): number {
  let at = 0
  while (at + PREFIX_BYTES <= filled) {
    const next = at + PREFIX_BYTES + bytes.readUInt16BE(at)
    if (next > filled) break
    at = next
  }
  return at
}

/** Numbers of the files there are, in order. */
export async function listFiles(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.filter((name) => /^\d{8,}$/.test(name)).map(Number).toSorted((a, b) => a - b)
}
