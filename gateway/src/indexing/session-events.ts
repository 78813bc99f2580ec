import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '../governance/recording/event-schema.ts'
import type { FollowedLedger, LedgerIndex } from './ledger-index.ts'
import { JournalTail } from './journal-tail.ts'

/** Read in one go, so that traffic is not held up for longer than a moment. */
const GO = { entries: 4_096, bytes: 1 << 20 }
const LOOK_EVERY_MS = 200

export interface SessionEventSources {
  readonly directory: string
  readonly ledger: FollowedLedger
  readonly index: Pick<LedgerIndex, 'place'>
}

/** What the ledger has of a session, in order. The index says where, so that not the whole ledger is read. */
export async function* readSessionEvents(session: string, sources: SessionEventSources): AsyncGenerator<RecordedEvent> {
  for await (const { event } of readPlaces(session, sources)) yield event
}

/** The same, and then what comes in until the session is closed. @param afterEndMs what comes so long after that is given, too */
export async function* followSessionEvents(session: string, sources: SessionEventSources, signal: AbortSignal, afterEndMs = 0): AsyncGenerator<RecordedEvent> {
  const { directory, ledger } = sources
  let next = ledger.size
  let until = Infinity
  for await (const { event, entry } of readPlaces(session, sources)) {
    yield event
    next = Math.max(next, entry + 1)
    if (event.event === 'session.closed') until = Math.min(event.at, Date.now()) + afterEndMs
  }
  if (Date.now() >= until) return
  const tail = await JournalTail.at(directory, next)
  try {
    while (!signal.aborted && Date.now() < until) {
      if (tail.entries >= ledger.size) await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
      for (const { event } of await readGo(tail, ledger.size, session)) {
        yield event
        if (event.event === 'session.closed') until = Date.now() + afterEndMs
      }
    }
  } finally {
    await tail.close()
  }
}

interface Located {
  readonly event: RecordedEvent
  readonly entry: number
}

async function* readPlaces(session: string, { directory, ledger, index }: SessionEventSources): AsyncGenerator<Located> {
  const end = ledger.size
  // Without the index, everything is read.
  const { range, indexed } = await index.place(session).catch(() => ({ range: undefined, indexed: 0 }))
  if (range !== undefined) yield* readRange(directory, session, range.first, range.last + 1)
  yield* readRange(directory, session, indexed, end)
}

async function* readRange(directory: string, session: string, from: number, end: number): AsyncGenerator<Located> {
  if (from >= end) return
  const tail = await JournalTail.at(directory, from)
  try {
    while (tail.entries < end) {
      const before = tail.entries
      yield* await readGo(tail, end, session)
      if (tail.entries === before) return
    }
  } finally {
    await tail.close()
  }
}

async function readGo(tail: JournalTail, end: number, session: string): Promise<Located[]> {
  const needle = Buffer.from(`"session":${JSON.stringify(session)}`)
  const found: Located[] = []
  await tail.read(end, GO, (bytes, entry) => {
    if (!bytes.includes(needle)) return
    const event = parse(bytes)
    // The id may also stand in some statement's text.
    if (event !== undefined && 'session' in event && event.session === session) found.push({ event, entry })
  })
  return found
}

function parse(bytes: Buffer): RecordedEvent | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as RecordedEvent
  } catch {
    return undefined
  }
}
