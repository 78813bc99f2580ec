import type { EXPORT_FORMATS } from '@sallyport/contract'
import type { OperationDecided, OperationFinished, RecordedEvent, SessionOpened } from '../governance/recording/event-schema.ts'
import { toOcsf } from '../governance/recording/ocsf.ts'
import type { SessionRecord } from '../governance/recording/session-store.ts'
import type { ReplayItem } from '../governance/recording/stream.ts'
import { asciicast } from './asciicast.ts'
import { csvLine } from './csv.ts'
import type { RecordedPart } from '../governance/recording/session-reading.ts'

export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export const exportTypes: Readonly<Record<ExportFormat, { readonly contentType: string; readonly extension: string }>> = {
  asciicast: { contentType: 'application/x-asciicast', extension: 'cast' },
  csv: { contentType: 'text/csv; charset=utf-8; header=present', extension: 'csv' },
  jsonl: { contentType: 'application/jsonl', extension: 'jsonl' },
  ocsf: { contentType: 'application/jsonl', extension: 'ocsf.jsonl' },
}

/** @param operation with `csv`: the result rows of this one, instead of the list of operations */
export function exportSession(format: ExportFormat, record: SessionRecord, parts: AsyncIterable<RecordedPart>, operation?: number): AsyncIterable<string> {
  switch (format) {
    case 'asciicast':
      return asciicast(record, parts)
    case 'csv':
      return operation === undefined ? operationsCsv(parts) : rowsCsv(parts, operation)
    case 'jsonl':
      return jsonLines(parts)
    case 'ocsf':
      return ocsfLines(parts)
  }
}

/** Every event as the ledger has it, and every item of the stream; bytes in base64. Nothing is lost. */
async function* jsonLines(parts: AsyncIterable<RecordedPart>): AsyncGenerator<string> {
  for await (const part of parts) {
    if ('event' in part) yield `${JSON.stringify(part.event)}\n`
    else yield `${JSON.stringify('item' in part ? { stream: streamJson(part.item) } : part)}\n`
  }
}

function streamJson(item: ReplayItem): object {
  if (item.kind !== 'output' && item.kind !== 'input') return item
  const { bytes, ...rest } = item
  return { ...rest, base64: bytes.toString('base64') }
}

async function* ocsfLines(parts: AsyncIterable<RecordedPart>): AsyncGenerator<string> {
  let session: SessionOpened | undefined
  const decided = new Map<number, OperationDecided>()
  for await (const event of eventsOf(parts)) {
    if (event.event === 'session.opened') session = event
    if (event.event === 'operation.decided' && event.decision === 'allow') remember(decided, event)
    yield `${JSON.stringify(toOcsf(event, session, event.event === 'operation.finished' ? decided.get(event.n) : undefined))}\n`
    if (event.event === 'operation.finished') decided.delete(event.n)
  }
}

const OPERATION_COLUMNS = ['number', 'at', 'decision', 'rule', 'policy_version', 'actions', 'objects', 'result', 'rows', 'bytes', 'code', 'duration_ms', 'text', 'parameters']

/** A line for each operation, in the order in which they ended; those that were not forwarded, or never ended, have no result. */
async function* operationsCsv(parts: AsyncIterable<RecordedPart>): AsyncGenerator<string> {
  yield csvLine(OPERATION_COLUMNS)
  const open = new Map<number, OperationDecided>()
  for await (const event of eventsOf(parts)) {
    if (event.event === 'operation.decided') {
      if (event.decision !== 'allow') yield operationLine(event)
      else {
        const forgotten = remember(open, event)
        if (forgotten !== undefined) yield operationLine(forgotten)
      }
    } else if (event.event === 'operation.finished') {
      const decided = open.get(event.n)
      open.delete(event.n)
      if (decided !== undefined) yield operationLine(decided, event)
    }
  }
  for (const left of open.values()) yield operationLine(left)
}

function operationLine(decided: OperationDecided, finished?: OperationFinished): string {
  const { n, at, decision, rule, policyVersion, actions, objects, text, parameters } = decided
  return csvLine([
    n, new Date(at).toISOString(), decision, rule, policyVersion, actions.join(' '), objects.join(' '), finished?.result ?? null, finished?.rows ?? null,
    finished?.bytes ?? null, finished?.code ?? null, finished === undefined ? null : finished.us / 1000, text, parameters === undefined ? null : JSON.stringify(parameters),
  ])
}

/** The results of one operation, each with its own header line. */
async function* rowsCsv(parts: AsyncIterable<RecordedPart>, operation: number): AsyncGenerator<string> {
  for await (const part of parts) {
    if ('missing' in part) throw new Error(part.missing)
    if ('event' in part) {
      if (part.event.event === 'operation.finished' && part.event.n === operation) return
    } else if (part.item.operation === operation) {
      if (part.item.kind === 'columns') yield csvLine(part.item.names)
      else if (part.item.kind === 'row') yield csvLine(part.item.values)
      else if (part.item.kind === 'output') yield part.item.bytes.toString('utf8')
    }
  }
}

async function* eventsOf(parts: AsyncIterable<RecordedPart>): AsyncGenerator<RecordedEvent> {
  for await (const part of parts) if ('event' in part) yield part.event
}

/** Operations under way at once are bounded by the protocols; a ledger that says otherwise must not fill the memory. */
const MAX_OPEN = 20_000

/** @returns the oldest, when there was no room for it any more */
function remember(open: Map<number, OperationDecided>, event: OperationDecided): OperationDecided | undefined {
  open.set(event.n, event)
  if (open.size <= MAX_OPEN) return undefined
  const oldest = open.values().next().value
  if (oldest !== undefined) open.delete(oldest.n)
  return oldest
}
