import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { RecordingDestroyed, SegmentSealed } from '../governance/recording/event-schema.ts'
import { segmentName } from '../governance/recording/segment-format.ts'
import type { Finding } from './finding.ts'
import { readEntries } from './read-entries.ts'
import { FileSegmentStore } from './segments/file-segment-store.ts'

export interface RecordingsReport {
  /** Segments that are what the ledger says of them. */
  readonly segments: number
  /** The first that is not there, or not as it was sealed. */
  readonly bad?: Finding
}

const SEALED = '{"v":1,"event":"segment.sealed",'
const DESTROYED = '{"v":1,"event":"recording.destroyed",'

/**
 * Compares every kept segment with its digest in the ledger, which must have been verified before. What retention has
 * destroyed, by the ledger's own word, may be missing. Works beside a running gateway.
 * @param recordings the folder that holds the segments, see `gateway.recording.directory`
 */
export async function verifyRecordings(ledger: string, recordings: string): Promise<RecordingsReport> {
  const store = new FileSegmentStore({ directory: recordings, durability: 'batched' })
  const destroyed = await destroyedSessions(ledger)
  let segments = 0
  for await (const { index, text } of readEntries(ledger)) {
    if (!text.startsWith(SEALED)) continue
    const { session, segment, sha256 } = JSON.parse(text) as SegmentSealed
    const name = segmentName(session, segment)
    const bytes = await store.get(name)
    if (bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256) {
      segments++
      continue
    }
    // It may have been destroyed since the first look at the ledger.
    if (bytes === undefined && (destroyed.has(session) || (await destroyedSessions(ledger)).has(session))) continue
    const place = { index, file: join('recordings', name), offset: 0 }
    const bad: Finding = bytes === undefined
      ? { ...place, what: 'segment-missing', message: 'the segment that this entry tells of is not there' }
      : { ...place, what: 'segment-changed', message: 'the segment is not the one that this entry tells of' }
    return { segments, bad }
  }
  return { segments }
}

async function destroyedSessions(ledger: string): Promise<Set<string>> {
  const sessions = new Set<string>()
  for await (const { text } of readEntries(ledger)) if (text.startsWith(DESTROYED)) sessions.add((JSON.parse(text) as RecordingDestroyed).session)
  return sessions
}
