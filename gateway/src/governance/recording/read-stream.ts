import { hash } from 'node:crypto'
import { readChunks } from './chunk-format.ts'
import type { SegmentSealed } from './event-schema.ts'
import type { RecordingKeys } from './recording-keys.ts'
import { openSegment, segmentName } from './segment-format.ts'
import type { SegmentStore } from './segment-store.ts'
import type { StreamChunk } from './stream.ts'

export type StreamProblem = 'destroyed' | 'no-key' | 'segment-missing' | 'segment-changed' | 'segment-unrecorded'

/** A recording cannot be read, or is not what the ledger says. The message names the segment. */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly problem: StreamProblem
  /** 0 where it is about the whole recording. */
  readonly segment: number

  constructor(problem: StreamProblem, segment: number, message: string) {
    super(message)
    this.problem = problem
    this.segment = segment
  }
}

export interface StreamSources {
  readonly store: Pick<SegmentStore, 'get'>
  readonly keys: Pick<RecordingKeys, 'reveal' | 'destroyedAtMs'>
  /** The session's events from the ledger, in order; others among them are passed over. */
  readonly events: (session: string) => AsyncIterable<object>
}

/**
 * A session's stream, each segment compared with its digest in the ledger before anything of it is given out. Of an
 * open session, what is kept so far.
 * @throws StreamError
 */
export async function* readStream(session: string, { store, keys, events }: StreamSources): AsyncGenerator<StreamChunk> {
  const key = await revealKey(session, keys)
  try {
    let expected = 1
    for await (const event of events(session)) {
      if (!isSealed(event) || event.session !== session) continue
      const { segment } = event
      // A segment's event may be there twice: when it was not known whether the first was written, it was written again.
      if (segment === expected - 1) continue
      if (segment !== expected) throw new StreamError('segment-unrecorded', expected, `segment ${expected} of session ${session} is not in the ledger, but segment ${segment} is`)
      yield* readChunks(await openRecorded(key, event, store))
      expected += 1
    }
  } finally {
    key.fill(0)
  }
}

async function revealKey(session: string, keys: StreamSources['keys']): Promise<Buffer> {
  const key = await keys.reveal(session)
  if (key !== undefined) return key
  const destroyedAtMs = await keys.destroyedAtMs(session)
  if (destroyedAtMs === undefined) throw new StreamError('no-key', 0, `nothing was recorded of session ${session}`)
  throw new StreamError('destroyed', 0, `the recording of session ${session} was destroyed at ${new Date(destroyedAtMs).toISOString()}`)
}

async function openRecorded(key: Buffer, { session, segment, bytes, sha256 }: SegmentSealed, store: StreamSources['store']): Promise<Buffer> {
  const sealed = await store.get(segmentName(session, segment))
  if (sealed === undefined) throw new StreamError('segment-missing', segment, `segment ${segment} of session ${session} is missing`)
  if (sealed.length !== bytes || hash('sha256', sealed, 'hex') !== sha256) {
    throw new StreamError('segment-changed', segment, `segment ${segment} of session ${session} is not what was recorded: its digest differs from the ledger's`)
  }
  try {
    return await openSegment(key, session, segment, sealed)
  } catch {
    throw new StreamError('segment-changed', segment, `segment ${segment} of session ${session} does not open: its key was changed`)
  }
}

function isSealed(event: object): event is SegmentSealed {
  return 'event' in event && event.event === 'segment.sealed'
}
