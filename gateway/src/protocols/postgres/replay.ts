import type { ReplayItem, StreamChunk } from '../../governance/recording/stream.ts'
import { ByteReader, MalformedFrameError } from '../../bytes/byte-reader.ts'
import { FrameAssembler } from '../../bytes/frame-assembler.ts'
import { binaryValueText, hexOf, textOf } from './wire/binary-value.ts'
import { BACKEND, FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { readReportFields } from './wire/report.ts'

/** What is claimed to be longer is none of our messages: the relay passes no longer one. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024 + HEADER_BYTES

interface Column {
  readonly name: string
  readonly typeOid: number
  readonly binary: boolean
}

/** What an item needs to know of where it is. */
interface Place {
  readonly operation: number
  readonly atMs: number
}

/**
 * What a session's agent saw, in words, from the messages that it got. Bytes that are no messages are given as they are:
 * nothing that was recorded is left out, and nothing makes it throw.
 */
export async function* replay(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<ReplayItem> {
  const received = new MessageStream(readBackend)
  const sent = new MessageStream(readFrontend)
  let place: Place = { operation: 0, atMs: 0 }
  for await (const { kind, operation, atMs, bytes } of chunks) {
    if (kind === 'original') continue
    // An operation's messages are its own: what is incomplete when the next begins, or a limit is reached, stays so.
    if (operation !== place.operation || kind === 'limited') {
      yield* received.restart(place, 'output')
      yield* sent.restart(place, 'input')
    }
    place = { operation, atMs }
    if (kind === 'received') yield* received.read(bytes, place, 'output')
    else if (kind === 'sent') yield* sent.read(bytes, place, 'input')
    else yield { kind, operation, atMs, text: bytes.toString('utf8') }
  }
  yield* received.restart(place, 'output')
  yield* sent.restart(place, 'input')
}

type MessageReader = (type: number, message: Buffer, place: Place, columns: Columns) => Iterable<ReplayItem>

/** What is known of the rows of an operation's current result. */
class Columns {
  described: readonly Column[] | undefined
}

/** Cuts one direction's bytes into messages, however they were split, and reads each. */
class MessageStream {
  readonly #readMessage: MessageReader
  #frame = new FrameAssembler()
  #columns = new Columns()
  /** No messages any more, until the next operation. */
  #lost = false

  constructor(readMessage: MessageReader) {
    this.#readMessage = readMessage
  }

  *restart(place: Place, unread: 'output' | 'input'): Generator<ReplayItem> {
    const rest = this.#frame.take()
    if (rest.length > 0) yield { kind: unread, ...place, bytes: rest }
    this.#columns = new Columns()
    this.#lost = false
  }

  *read(bytes: Buffer, place: Place, unread: 'output' | 'input'): Generator<ReplayItem> {
    for (let at = 0; at < bytes.length;) {
      if (this.#frame.filled < HEADER_BYTES && !this.#lost) {
        at += this.#frame.add(bytes, at, HEADER_BYTES)
        if (this.#frame.filled < HEADER_BYTES) return
      }
      const total = this.#lost ? 0 : 1 + this.#frame.bytes.readUInt32BE(1)
      if (total < HEADER_BYTES || total > MAX_MESSAGE_BYTES) {
        this.#lost = true
        const rest = Buffer.concat([this.#frame.take(), bytes.subarray(at)])
        yield { kind: unread, ...place, bytes: rest }
        return
      }
      at += this.#frame.add(bytes, at, total)
      if (this.#frame.filled === total) yield* this.#message(this.#frame.take(), place, unread)
    }
  }

  *#message(message: Buffer, place: Place, unread: 'output' | 'input'): Generator<ReplayItem> {
    let items: ReplayItem[]
    try {
      items = [...this.#readMessage(message[0] ?? 0, message, place, this.#columns)]
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
      items = [{ kind: unread, ...place, bytes: message }]
    }
    yield* items
  }
}

function* readBackend(type: number, message: Buffer, place: Place, columns: Columns): Generator<ReplayItem> {
  switch (type) {
    case BACKEND.rowDescription:
      columns.described = readColumns(message)
      yield { kind: 'columns', ...place, names: columns.described.map(({ name }) => name) }
      break
    case BACKEND.dataRow: {
      const values = readRow(message)
      if (columns.described?.length !== values.length) {
        // A statement that was described in an earlier operation.
        columns.described = values.map((_, index) => ({ name: String(index + 1), typeOid: 0, binary: false }))
        yield { kind: 'columns', ...place, names: columns.described.map(({ name }) => name) }
      }
      const { described } = columns
      yield { kind: 'row', ...place, values: values.map((value, index) => valueText(value, described[index])) }
      break
    }
    case BACKEND.commandComplete:
      yield { kind: 'completed', ...place, text: new ByteReader(message, HEADER_BYTES).cstring() }
      columns.described = undefined
      break
    case BACKEND.emptyQuery:
      yield { kind: 'completed', ...place, text: 'EMPTY' }
      break
    case BACKEND.portalSuspended:
      yield { kind: 'completed', ...place, text: 'SUSPENDED' }
      break
    case BACKEND.error: {
      const { severity, code, text } = reportWords(message)
      yield { kind: 'failed', ...place, text: `${severity} ${code}: ${text}` }
      break
    }
    case BACKEND.notice: {
      const { severity, text } = reportWords(message)
      yield { kind: 'output', ...place, bytes: Buffer.from(`${severity}: ${text}\n`) }
      break
    }
    case BACKEND.copyData:
      yield { kind: 'output', ...place, bytes: message.subarray(HEADER_BYTES) }
      break
    case BACKEND.functionResult:
      yield { kind: 'row', ...place, values: [valueText(readValue(new ByteReader(message, HEADER_BYTES)), undefined)] }
      break
    case BACKEND.notification: {
      const reader = new ByteReader(message, HEADER_BYTES)
      reader.int32()
      yield { kind: 'output', ...place, bytes: Buffer.from(`NOTIFY ${reader.cstring()}: ${reader.cstring()}\n`) }
      break
    }
    default:
      // Says how the conversation goes, nothing that an agent would read.
      if (!SILENT.has(type)) yield { kind: 'output', ...place, bytes: message }
  }
}

const SILENT: ReadonlySet<number> = new Set(Object.values(BACKEND))

function* readFrontend(type: number, message: Buffer, place: Place): Generator<ReplayItem> {
  if (type === FRONTEND.copyData) yield { kind: 'input', ...place, bytes: message.subarray(HEADER_BYTES) }
  else if (type !== FRONTEND.copyDone) yield { kind: 'input', ...place, bytes: message }
}

/** RowDescription as in wire/row-description.ts, here with names and formats. */
function readColumns(message: Buffer): Column[] {
  const reader = new ByteReader(message, HEADER_BYTES)
  const count = reader.int16()
  const columns: Column[] = []
  for (let index = 0; index < count; index += 1) {
    const name = reader.cstring()
    reader.take(6)
    const typeOid = reader.uint32()
    reader.take(6)
    columns.push({ name, typeOid, binary: reader.int16() === 1 })
  }
  reader.expectEnd()
  return columns
}

/** DataRow, as drawn in mask-rows.ts. */
function readRow(message: Buffer): (Buffer | null)[] {
  const reader = new ByteReader(message, HEADER_BYTES)
  const count = reader.int16()
  const values: (Buffer | null)[] = []
  for (let index = 0; index < count; index += 1) values.push(readValue(reader))
  reader.expectEnd()
  return values
}

function readValue(reader: ByteReader): Buffer | null {
  const length = reader.int32()
  return length === -1 ? null : reader.take(length)
}

/**
 * Descriptions of statements say text also where the rows then come in binary. So a value of control characters, which no
 * text of these types has, is read as binary in any case.
 */
function valueText(value: Buffer | null, column: Column | undefined): string | null {
  if (value === null) return null
  const text = column?.binary === true ? undefined : textOf(value)
  if (text !== undefined && !hasControls(value)) return text
  return binaryValueText(column?.typeOid ?? 0, value) ?? text ?? hexOf(value)
}

function hasControls(value: Buffer): boolean {
  return value.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)
}

function reportWords(message: Buffer): { severity: string; code: string; text: string } {
  const fields = readReportFields(message, HEADER_BYTES, message.length)
  return { severity: fields.get('V') ?? fields.get('S') ?? 'ERROR', code: fields.get('C') ?? '', text: fields.get('M') ?? '' }
}
