import type { ReplayLine } from '@sallyport/contract'
import type { OperationDecided, OperationFinished, RecordedEvent } from '../governance/recording/event-schema.ts'
import { StreamError } from '../governance/recording/read-stream.ts'
import type { RecordedPart, SessionReading } from '../governance/recording/session-reading.ts'
import type { SessionRecord } from '../governance/recording/session-store.ts'
import type { ReplayItem } from '../governance/recording/stream.ts'
import { decidedOperation, operationOutcome } from './session-log.ts'
import { toSession } from './session-access.ts'

/** A session from its beginning to its end, or as far as it is. Each item stands behind its operation's decision and before its outcome. */
export async function* recordedParts(record: SessionRecord, reading: Pick<SessionReading, 'events' | 'stream'>): AsyncGenerator<RecordedPart> {
  const items = new ItemQueue(reading.stream(record))
  try {
    for await (const event of reading.events(record.id)) {
      if (event.event === 'operation.finished') yield* items.upTo(event.n)
      // Whatever is left came before the end.
      else if (event.event === 'session.closed') yield* items.upTo(Infinity)
      yield { event }
    }
    yield* items.upTo(Infinity)
    if (record.state === 'open') yield { missing: 'the session is open: what came last is not kept yet' }
  } finally {
    await items.close()
  }
}

/** The same for people and programs to replay. */
export async function* replayLines(record: SessionRecord, reading: Pick<SessionReading, 'events' | 'stream'>): AsyncGenerator<ReplayLine> {
  yield { type: 'session', session: toSession(record) }
  yield* partLines(recordedParts(record, reading))
  yield { type: 'end' }
}

/** What parts of a session say in a replay, if anything. */
export async function* partLines(parts: AsyncIterable<RecordedPart>): AsyncGenerator<ReplayLine> {
  for await (const part of parts) {
    if ('event' in part) {
      const line = eventLine(part.event)
      if (line !== undefined) yield line
    } else yield 'item' in part ? itemLine(part.item) : { type: 'missing', text: part.missing }
  }
}

/** What an event of a session says in a replay, if anything. */
export function eventLine(event: RecordedEvent): ReplayLine | undefined {
  switch (event.event) {
    case 'operation.decided':
      return decidedLine(event)
    case 'operation.finished':
      return outcomeLine(event)
    case 'session.closed':
      return { type: 'closed', at: new Date(event.at).toISOString(), reason: event.reason }
    default:
      return undefined
  }
}

function decidedLine(event: OperationDecided): ReplayLine {
  const { outcome: _none, ...operation } = decidedOperation(event)
  return { type: 'operation', ...operation, parameters: [...(event.parameters ?? [])] }
}

function outcomeLine(event: OperationFinished): ReplayLine {
  return { type: 'outcome', operation: event.n, outcome: operationOutcome(event) }
}

function itemLine(item: ReplayItem): ReplayLine {
  const { operation, atMs } = item
  switch (item.kind) {
    case 'columns':
      return { type: 'columns', operation, atMs, names: [...item.names] }
    case 'row':
      return { type: 'row', operation, atMs, values: [...item.values] }
    case 'output':
    case 'input':
      return { type: item.kind, operation, atMs, base64: item.bytes.toString('base64') }
    case 'resize':
      return { type: 'resize', operation, atMs, columns: item.columns, rows: item.rows }
    default:
      return { type: item.kind, operation, atMs, text: item.text }
  }
}

/** A stream's items in order, held back until their operation's outcome is read. */
class ItemQueue {
  readonly #items: AsyncIterator<ReplayItem>
  #next: IteratorResult<ReplayItem> | undefined
  #ended = false

  constructor(items: AsyncIterable<ReplayItem>) {
    this.#items = items[Symbol.asyncIterator]()
  }

  async *upTo(operation: number): AsyncGenerator<RecordedPart> {
    while (!this.#ended) {
      try {
        this.#next ??= await this.#items.next()
      } catch (error) {
        this.#ended = true
        // Its words are for people. Anything else is a fault of the gateway's, and ends the answer.
        if (!(error instanceof StreamError)) throw error
        yield { missing: error.message }
        return
      }
      if (this.#next.done === true) this.#ended = true
      else if (this.#next.value.operation > operation) return
      else {
        const { value } = this.#next
        this.#next = undefined
        yield { item: value }
      }
    }
  }

  async close(): Promise<void> {
    await this.#items.return?.()
  }
}
