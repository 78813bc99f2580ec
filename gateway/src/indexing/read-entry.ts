import type { OperationDecided, OperationFinished, RecordedEvent } from '../governance/recording/event-schema.ts'

/**
 * An entry as the index needs it. Both events of an operation are cut out of the bytes as the gateway writes them
 * (governance/recording/operation-events.ts), which takes a third of the time of parsing; whatever looks different is parsed.
 */
export type IndexedEntry =
  | DecidedEntry
  | { readonly kind: 'finished'; readonly session: string; readonly n: number; readonly result: OperationFinished['result']; readonly rows: number; readonly masked: number; readonly code: string | undefined }
  | { readonly kind: 'other'; readonly event: RecordedEvent }

export interface DecidedEntry {
  readonly kind: 'decided'
  readonly session: string
  readonly n: number
  readonly at: number
  /** As JSON writes it, without its quotation marks. */
  readonly text: string
  /** All else that is equal in equal operations: what it does, decision and rule, but not the parameters. */
  readonly facts: string
  parse(): OperationDecided
}

const NAME_AT = '{"v":1,"event":"'.length
const INDEXED = ['operation.', 'session.', 'segment.', 'recording.', 'gateway.started']
const DECIDED = /^\{"v":1,"event":"operation\.decided","at":(\d{1,15}),"session":"([\w-]{1,64})","n":(\d{1,15}),"(?:text|parameters)":/
const TEXT = ',"text":"'
const FINISHED = /^\{"v":1,"event":"operation\.finished","at":\d{1,15},"session":"([\w-]{1,64})","n":(\d{1,15}),"result":"(completed|failed|aborted)","rows":(\d{1,15}),"bytes":\d+(?:,"masked":(\d{1,15}))?(?:,"digest":"[^"\\]*")?(?:,"code":"(\w{0,64})")?,"us":\d+\}$/

/** @returns undefined for what the index does not hold */
export function readEntry(entry: Buffer): IndexedEntry | undefined {
  const bytes = entry.toString('latin1')
  if (bytes.startsWith('{"v":1,"event":"') && !INDEXED.some((name) => bytes.startsWith(name, NAME_AT))) return undefined
  return readFinished(bytes) ?? readDecided(bytes) ?? parseEntry(bytes)
}

function readFinished(bytes: string): IndexedEntry | undefined {
  const [, session, n, result, rows, masked = '0', code] = FINISHED.exec(bytes) ?? []
  if (session === undefined) return undefined
  return { kind: 'finished', session, n: Number(n), result: result as OperationFinished['result'], rows: Number(rows), masked: Number(masked), code }
}

/** Inside a JSON string every quotation mark stands behind a backslash, so `,"text":"` and the like are found only between members. */
function readDecided(bytes: string): IndexedEntry | undefined {
  const [start, at, session, n] = DECIDED.exec(bytes) ?? []
  if (start === undefined || session === undefined) return undefined
  const textAt = bytes.indexOf(TEXT)
  const textEnd = bytes.indexOf('","', textAt + TEXT.length)
  const facts = bytes.indexOf(',"actions":', textEnd)
  if (textAt < 0 || textEnd < 0 || facts < 0) return undefined
  return {
    kind: 'decided', session, n: Number(n), at: Number(at), text: bytes.slice(textAt + TEXT.length, textEnd), facts: bytes.slice(facts),
    parse: () => JSON.parse(utf8(bytes)) as OperationDecided,
  }
}

function parseEntry(bytes: string): IndexedEntry | undefined {
  let event: RecordedEvent
  try {
    event = JSON.parse(utf8(bytes)) as RecordedEvent
  } catch {
    // Verification tells of it; the search for everything else must go on.
    return undefined
  }
  if (typeof event !== 'object' || event === null) return undefined
  if (event.event === 'operation.decided') {
    const { session, n, at, text, actions, objects, decision, rule } = event
    return { kind: 'decided', session, n, at, text: JSON.stringify(text).slice(1, -1), facts: JSON.stringify([actions, objects, decision, rule]), parse: () => event }
  }
  if (event.event === 'operation.finished') {
    const { session, n, result, rows, masked = 0, code } = event
    return { kind: 'finished', session, n, result, rows, masked, code }
  }
  return { kind: 'other', event }
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
