import { type SessionDetail, type SessionList, SessionQuery } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { takeReader } from './reading-slots.ts'
import { recordEvent } from './record-event.ts'
import { ownerOf, recordedElsewhere, seesAll, toSession, visible } from './session-access.ts'
import { readSessionLog } from './session-log.ts'

export async function listSessions(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const query = SessionQuery.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'limit or after is wrong', 'Give a limit from 1 to 200; after is the `next` of the page before.')
  const { limit, after } = query.data
  const records = await services.sessions.list({
    limit: limit + 1,
    ...(after === undefined ? {} : { after }),
    ...(seesAll(caller) || caller.holds('viewer') ? {} : { owner: ownerOf(caller) }),
  })
  const page = records.slice(0, limit)
  const body: SessionList = { sessions: page.map(toSession), next: records.length > limit ? (page.at(-1)?.id ?? null) : null }
  return context.json(body)
}

export async function showSession(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  const record = await visible(id, caller, services)
  const release = takeReader('one', !seesAll(caller))
  try {
    const elsewhere = await recordedElsewhere(record, services)
    const body: SessionDetail = { ...toSession(record), ...(await readSessionLog(services.reading.events(record.id))), ...(elsewhere !== undefined && { elsewhere }) }
    return context.json(body)
  } finally {
    release()
  }
}

export async function endSession(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('operator', 'administrator')
  const record = await visible(id, caller, services)
  const action = { by: caller.identity.name, action: 'session.end', subject: record.id, reason: calledWith(caller) }
  await recordEvent(services.ledger, encodeAdministratorActed(action, Date.now()))
  const result = await services.endSession(record.id, `ended by ${caller.identity.name}`)
  if (result === 'not-open') {
    throw new ApiFailure('not-found', 'that session is not open any more', 'See which are open: `sallyport session list`, or GET /api/v1/sessions.')
  }
  services.log.info({ session: record.id, by: caller.identity.name, result }, 'a session was ended through the control API')
  return context.body(null, result === 'ended' ? 204 : 202)
}
