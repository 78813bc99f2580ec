import { type Hold as HoldAnswer, type HoldList, HoldRelease, HoldRequest } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeHoldChanged } from '../governance/recording/recording-events.ts'
import type { Hold } from '../governance/recording/retention-store.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'


export async function listHolds(context: Context, services: ApiServices): Promise<Response> {
  await holder(context, services)
  return context.json({ holds: (await services.holds.list()).map(toAnswer) } satisfies HoldList)
}

/** 201, or 200 with the hold that is there already. */
export async function placeHold(context: Context, services: ApiServices): Promise<Response> {
  const caller = await holder(context, services)
  const request = HoldRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this is no hold', 'Send {"kind": "session" or "identity", "subject": ID or name, "reason": why}.')
  const { kind, subject, reason } = request.data
  if (kind === 'session' && (subject.length > 64 || (await services.sessions.get(subject)) === undefined)) {
    throw new ApiFailure('not-found', 'there is no such session', 'See which there are: `sallyport session list`, or GET /api/v1/sessions.')
  }
  const before = await services.holds.get(kind, subject)
  if (before !== undefined) return context.json(toAnswer(before) satisfies HoldAnswer)
  const placed: Hold = { kind, subject, by: caller.identity.name, reason, placedAtMs: Date.now() }
  await recordEvent(services.ledger, encodeHoldChanged('hold.placed', placed, placed.placedAtMs))
  await services.holds.place(placed)
  services.log.info({ kind, by: placed.by }, 'a hold was placed through the control API')
  return context.json(toAnswer(placed) satisfies HoldAnswer, 201)
}

export async function releaseHold(context: Context, services: ApiServices, kind: string, subject: string): Promise<Response> {
  const caller = await holder(context, services)
  const query = HoldRelease.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'a reason is missing', 'Say why in the query: ?reason=…')
  const hold = kind === 'session' || kind === 'identity' ? await services.holds.get(kind, subject) : undefined
  if (hold === undefined) throw new ApiFailure('not-found', 'there is no such hold', 'See which there are: `sallyport hold list`, or GET /api/v1/holds.')
  const released = { kind: hold.kind, subject, by: caller.identity.name, reason: query.data.reason }
  await recordEvent(services.ledger, encodeHoldChanged('hold.released', released, Date.now()))
  await services.holds.release(hold.kind, subject)
  services.log.info({ kind, by: released.by }, 'a hold was released through the control API')
  return context.body(null, 204)
}

async function holder(context: Context, services: ApiServices): Promise<Caller> {
  const caller = await callerOf(context, services)
  caller.require('auditor', 'administrator')
  return caller
}

function toAnswer({ kind, subject, by, reason, placedAtMs }: Hold): HoldAnswer {
  return { kind, subject, by, reason, placedAt: new Date(placedAtMs).toISOString() }
}
