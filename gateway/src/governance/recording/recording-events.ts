import type { HoldChanged, RecordingDestroyed, RecordingLimited, SegmentSealed } from './event-schema.ts'
import { cut } from './fit-entry.ts'
import type { Ledger } from './ledger.ts'

type Facts<Event> = Omit<Event, 'v' | 'event' | 'at'>

export function encodeSegmentSealed(facts: Facts<SegmentSealed>, at: number): string {
  return JSON.stringify({ v: 1, event: 'segment.sealed', at, ...facts } satisfies SegmentSealed)
}

export function encodeRecordingLimited({ session, n, limit }: Facts<RecordingLimited>, at: number): string {
  return JSON.stringify({ v: 1, event: 'recording.limited', at, session, n, limit: cut(limit) } satisfies RecordingLimited)
}

export function encodeRecordingDestroyed(facts: Facts<RecordingDestroyed>, at: number): string {
  return JSON.stringify({ v: 1, event: 'recording.destroyed', at, ...facts } satisfies RecordingDestroyed)
}

export function encodeHoldChanged(event: HoldChanged['event'], { kind, subject, by, reason }: Facts<HoldChanged>, at: number): string {
  return JSON.stringify({ v: 1, event, at, kind, subject: cut(subject), by: cut(by), reason: cut(reason) } satisfies HoldChanged)
}

/** Resolves once an event is on record. @throws Error when it cannot be recorded */
export function recordEvent(ledger: Ledger, entry: string): Promise<void> {
  return new Promise((resolve, reject) => {
    ledger.append(entry)
    ledger.onWritten((error) => (error === undefined ? resolve() : reject(error)))
  })
}
