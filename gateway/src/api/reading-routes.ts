import { ExportRequest, FollowRequest, type OperationList, OperationsRequest, type ReplayLine } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import type { RecordedPart } from '../governance/recording/session-reading.ts'
import type { SessionRecord } from '../governance/recording/session-store.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { checkAgain } from './check-again.ts'
import { asciicast } from './asciicast.ts'
import { type Caller, calledWith, callerOf } from './caller.ts'
import { exportSession, exportTypes } from './export-session.ts'
import { jsonLines, liveResponse } from './live-response.ts'
import { takeReader } from './reading-slots.ts'
import { recordEvent } from './record-event.ts'
import { eventLine, partLines, recordedParts, replayLines } from './replay-lines.ts'
import { requireRecordedHere, seesAll, toSession, visible } from './session-access.ts'
import { readSessionLog } from './session-log.ts'
import { streamResponse } from './stream-response.ts'

const NDJSON = 'application/x-ndjson'

export async function listOperations(context: Context, services: ApiServices, id: string): Promise<Response> {
  const { record, caller } = await readableHere(context, services, id)
  const request = OperationsRequest.safeParse(context.req.query())
  if (!request.success) throw new ApiFailure('invalid-request', 'limit or after is wrong', 'Give a limit from 1 to 1,000; after is the `next` of the page before.')
  const { limit, after } = request.data
  const release = takeReader('one', !seesAll(caller))
  try {
    const { log, truncated } = await readSessionLog(services.reading.events(record.id), { after, limit })
    const body: OperationList = { operations: log, next: truncated ? (log.at(-1)?.number ?? null) : null }
    return context.json(body)
  } finally {
    release()
  }
}

/** Everything of a session, for a replay. That somebody looked at it is itself put on record first. */
export async function replaySession(context: Context, services: ApiServices, id: string): Promise<Response> {
  const { record, caller } = await readable(context, services, id, 'session.replay')
  const release = takeReader('one', !seesAll(caller))
  return streamResponse(jsonLines(replayLines(record, services.reading)), { contentType: NDJSON, onEnd: release })
}

/** What happens in a session, as it happens. That somebody looks at what its agent gets is put on record first. */
export async function followSession(context: Context, services: ApiServices, id: string): Promise<Response> {
  const request = FollowRequest.safeParse(context.req.query())
  if (!request.success) throw new ApiFailure('invalid-request', 'output is wrong', 'Give output=lines or output=asciicast for what the agent gets, or leave it out.')
  const { output } = request.data
  const { record, caller } = await (output === 'none' ? readableHere(context, services, id) : readable(context, services, id, 'session.watch'))
  const release = takeReader('live', !seesAll(caller))
  const stop = new AbortController()
  // Who may look is asked again and again: a token expires, and may be revoked.
  const endAsking = checkAgain(services, CHECK_AGAIN_MS, async () => visible(id, await callerOf(context, services), services), () => stop.abort())
  const onEnd = () => {
    endAsking()
    stop.abort()
    release()
  }
  if (output === 'asciicast') return streamResponse(asciicast(record, services.reading.watch(record, stop.signal)), { contentType: NDJSON, live: { beat: '\n' }, onEnd })
  // What the agent gets comes a little behind, and not always between the same events.
  return liveResponse(context, followLines(record, services, stop.signal, output === 'lines'), { isRepeatable: output === 'none', onEnd })
}

const CHECK_AGAIN_MS = 15_000

export async function downloadSession(context: Context, services: ApiServices, id: string): Promise<Response> {
  const request = ExportRequest.safeParse(context.req.query())
  if (!request.success) {
    throw new ApiFailure('invalid-request', 'format or operation is wrong', 'Give format=asciicast, csv, jsonl or ocsf; with csv, operation=N gives the rows of that one.')
  }
  const { record, caller } = await readable(context, services, id, 'session.export')
  const { format, operation } = request.data
  const release = takeReader('one', !seesAll(caller))
  const { contentType, extension } = exportTypes[format]
  const parts = recordedParts(record, services.reading)
  const text = exportSession(format, record, seesAll(caller) ? parts : withoutPreviews(parts), operation)
  return streamResponse(text, { contentType, fileName: `${record.id}.${extension}`, onEnd: release })
}

interface Readable {
  readonly record: SessionRecord
  readonly caller: Caller
}

async function readableHere(context: Context, services: ApiServices, id: string): Promise<Readable> {
  const caller = await callerOf(context, services)
  const record = await visible(id, caller, services)
  await requireRecordedHere(record, services)
  return { record, caller }
}

async function readable(context: Context, services: ApiServices, id: string, action: string): Promise<Readable> {
  const { record, caller } = await readableHere(context, services, id)
  const act = { by: caller.identity.name, action, subject: record.id, reason: calledWith(caller) }
  await recordEvent(services.ledger, encodeAdministratorActed(act, Date.now()))
  return { record, caller }
}

/** What reviewers were told about rows would answer questions that nobody let the requester ask. */
async function* withoutPreviews(parts: AsyncIterable<RecordedPart>): AsyncGenerator<RecordedPart> {
  for await (const part of parts) {
    if (!('event' in part) || part.event.event !== 'review.requested') yield part
    else {
      const { preview: _, ...event } = part.event
      yield { ...part, event }
    }
  }
}

async function* followLines(record: SessionRecord, { reading }: ApiServices, signal: AbortSignal, withOutput: boolean): AsyncGenerator<ReplayLine> {
  yield { type: 'session', session: toSession(record) }
  if (withOutput) yield* partLines(reading.watch(record, signal))
  else for await (const event of reading.follow(record.id, signal)) {
    const line = eventLine(event)
    if (line !== undefined) yield line
  }
  yield { type: 'end' }
}
