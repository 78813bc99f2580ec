import { createReadStream, existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { openCheckpoint, type Checkpoint } from './checkpoint.ts'
import { checkpointPath, historyPath } from './layout.ts'
import type { NoteVerifier } from './signed-note.ts'

/** A record of the checkpoint history, as it stands in the file. */
export interface HistoryRecord {
  readonly note: string
  /** Where it begins in the file. */
  readonly offset: number
}

/** An empty line stands between a note's text and its signatures, and behind each note. */
const RECORD_END = '\n\n'
const SIGNATURE = Buffer.from('— ')
const MAX_RECORD_BYTES = 64 * 1024

/** Reads the history in order with bounded memory, up to an incomplete record at its end. */
export async function* readHistory(directory: string): AsyncGenerator<HistoryRecord> {
  if (!existsSync(historyPath(directory))) return
  let held: Buffer = Buffer.alloc(0)
  let offset = 0
  for await (const chunk of createReadStream(historyPath(directory)) as AsyncIterable<Buffer>) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    let start = 0
    for (let end = endOfRecord(held, start); end > 0; end = endOfRecord(held, start)) {
      yield { note: held.toString('utf8', start, end - 1), offset: offset + start }
      start = end
    }
    held = held.subarray(start)
    offset += start
    // No checkpoint is as long as that: handed out as it is, it will be found invalid.
    if (held.length > MAX_RECORD_BYTES) {
      yield { note: held.toString('utf8'), offset }
      return
    }
  }
}

/** A record is: text, empty line, signature lines, empty line. */
function endOfRecord(bytes: Buffer, start: number): number {
  const text = bytes.indexOf(RECORD_END, start)
  if (text < 0) return -1
  const signatures = bytes.indexOf(RECORD_END, text + 2)
  return signatures < 0 ? -1 : signatures + 2
}

export interface LatestCheckpoints {
  /** The file `checkpoint`; undefined when missing. */
  readonly published: Checkpoint | undefined
  /** The last complete record of the history; undefined when there is none. */
  readonly recorded: Checkpoint | undefined
  /** Where the last complete record ends. */
  readonly historyBytes: number
  /** Bytes behind it: a record that a crash cut off. */
  readonly tornBytes: number
}

/**
 * The newest checkpoints, read from the end of the history.
 * @throws Error when one of them is not a checkpoint of this key
 */
export async function readLatestCheckpoints(directory: string, verifier: NoteVerifier): Promise<LatestCheckpoints> {
  const published = await readOptional(checkpointPath(directory))
  const { bytes, offset } = await readTail(historyPath(directory))
  let last: string | undefined
  let end = 0
  // Reading may begin inside a record: what stands before the first signatures is a text only if the file begins there.
  let text = offset === 0 ? 0 : -1
  for (let at = 0, next = bytes.indexOf(RECORD_END); next >= 0; at = next + 2, next = bytes.indexOf(RECORD_END, at)) {
    const isSignatures = bytes.subarray(at, at + SIGNATURE.length).equals(SIGNATURE)
    if (!isSignatures) {
      text = at
      continue
    }
    if (text >= 0) last = bytes.toString('utf8', text, next + 1)
    end = next + 2
    text = -1
  }
  return {
    published: published === undefined ? undefined : demand(published, verifier, 'checkpoint'),
    recorded: last === undefined ? undefined : demand(last, verifier, 'checkpoints'),
    historyBytes: last === undefined ? 0 : offset + end,
    tornBytes: last === undefined ? bytes.length : bytes.length - end,
  }
}

function demand(note: string, verifier: NoteVerifier, file: string): Checkpoint {
  const opened = openCheckpoint(note, verifier)
  if ('problem' in opened) throw new Error(`the newest checkpoint in the file '${file}' cannot be trusted: ${opened.problem}`)
  return opened
}

export async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readTail(path: string): Promise<{ bytes: Buffer; offset: number }> {
  const handle = await open(path, 'a+', 0o600)
  try {
    const { size } = await handle.stat()
    const offset = Math.max(0, size - MAX_RECORD_BYTES)
    const bytes = Buffer.alloc(size - offset)
    await handle.read(bytes, 0, bytes.length, offset)
    return { bytes, offset }
  } finally {
    await handle.close()
  }
}
