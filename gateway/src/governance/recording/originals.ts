import type { KeyObject } from 'node:crypto'
import { openHpke, sealHpke } from './hpke.ts'
import type { StreamChunk } from './stream.ts'

/** A masked value as the target sent it. */
export interface Original {
  readonly operation: number
  /** Number of the row in the operation's result, from 1. */
  readonly row: number
  /** Place of the column in the row, from 1. */
  readonly column: number
  readonly value: Buffer
}

/**
 * Before it is sealed, one behind the other:
 *
 *   +-----------+--------+--------+--------+-------+
 *   | operation | row    | column | length | value |
 *   | uint32    | uint32 | uint16 | uint32 |       |
 *   +-----------+--------+--------+--------+-------+   little-endian
 */
const HEADER_BYTES = 14
/** In front of each sealed message: chunks of a stream may cut it anywhere. */
const LENGTH_BYTES = 4
/** As much is sealed at once. */
const BATCH_BYTES = 64 * 1024
/** No sealed message is longer: one value may be as long as the longest answer. */
const MAX_MESSAGE_BYTES = 72 * 1024 * 1024
const INFO = 'sallyport originals 1'

/** Gathers a session's originals and seals them to the auditor's public key, whose private half the gateway never has. */
export class OriginalsBatch {
  readonly #auditor: KeyObject
  readonly #session: Buffer
  #parts: Buffer[] = []
  #bytes = 0

  constructor(auditor: KeyObject, session: string) {
    this.#auditor = auditor
    this.#session = Buffer.from(session)
  }

  /** Copies the value. @returns whether it is time to {@link seal} */
  add({ operation, row, column, value }: Original): boolean {
    const part = Buffer.allocUnsafe(HEADER_BYTES + value.length)
    part.writeUInt32LE(operation, 0)
    part.writeUInt32LE(row, 4)
    part.writeUInt16LE(column, 8)
    part.writeUInt32LE(value.length, 10)
    value.copy(part, HEADER_BYTES)
    this.#parts.push(part)
    this.#bytes += part.length
    return this.#bytes >= BATCH_BYTES
  }

  /** What was gathered, sealed, for the stream; undefined when there is nothing. */
  seal(): Buffer | undefined {
    if (this.#parts.length === 0) return undefined
    const plain = Buffer.concat(this.#parts, this.#bytes)
    this.#parts = []
    this.#bytes = 0
    const sealed = sealHpke(this.#auditor, INFO, this.#session, plain)
    plain.fill(0)
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(sealed.length)
    return Buffer.concat([length, sealed])
  }
}

/** The sealed messages in a stream, still sealed. A stream that breaks off in the middle of one ends before it. */
export async function* readSealedOriginals(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    if (chunk.kind !== 'original') continue
    waiting.push(chunk.bytes)
    bytes += chunk.bytes.length
    const length = lengthOf(waiting)
    if (length === undefined || bytes < LENGTH_BYTES + length) continue
    let all = Buffer.concat(waiting)
    for (let next = lengthOf([all]); next !== undefined && all.length >= LENGTH_BYTES + next; next = lengthOf([all])) {
      yield all.subarray(LENGTH_BYTES, LENGTH_BYTES + next)
      all = all.subarray(LENGTH_BYTES + next)
    }
    waiting = [all]
    bytes = all.length
  }
}

/** @throws Error when it was changed, is another session's, or was sealed to another key */
export function* openOriginals(privateKey: KeyObject, session: string, sealed: Buffer): Generator<Original> {
  const plain = openHpke(privateKey, INFO, Buffer.from(session), sealed)
  for (let at = 0; at < plain.length;) {
    const end = at + HEADER_BYTES + (at + HEADER_BYTES <= plain.length ? plain.readUInt32LE(at + 10) : 0)
    if (end > plain.length) throw new Error('a value is cut off')
    yield { operation: plain.readUInt32LE(at), row: plain.readUInt32LE(at + 4), column: plain.readUInt16LE(at + 8), value: plain.subarray(at + HEADER_BYTES, end) }
    at = end
  }
}

/** Undefined while it has not all come. @throws Error when it is longer than any can be */
function lengthOf(waiting: readonly Buffer[]): number | undefined {
  const [first = Buffer.alloc(0)] = waiting
  const start = first.length >= LENGTH_BYTES ? first : Buffer.concat(waiting)
  if (start.length < LENGTH_BYTES) return undefined
  const length = start.readUInt32LE(0)
  if (length > MAX_MESSAGE_BYTES) throw new Error('the sealed originals are damaged')
  return length
}
