import { type Lock as LockAnswer, LockLift, type LockList, LockRequest } from '@sallyport/contract'
import type { Context } from 'hono'
import type { Lock } from '../governance/locks/lock.ts'
import { LockIndex } from '../governance/locks/lock-index.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, callerOf } from './caller.ts'

export async function listLocks(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('auditor', 'operator', 'administrator')
  return context.json({ locks: services.locks.list().map(toAnswer) } satisfies LockList)
}

/** 201, or 200 with the lock that is there already. */
export async function placeLock(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('operator', 'administrator')
  const request = LockRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this is no lock', 'Send {"kind": "identity", "agent" or "target", "name": which, "reason": why}.')
  const asked: Lock = { ...request.data, by: caller.identity.name, atMs: Date.now() }
  check(asked, caller, services)
  const { lock, isNew } = await orFailure(services.locks.place(asked), services)
  services.log.info({ kind: lock.kind, by: caller.identity.name, isNew }, 'a lock was placed through the control API')
  return context.json(toAnswer(lock) satisfies LockAnswer, isNew ? 201 : 200)
}

export async function liftLock(context: Context, services: ApiServices, kind: string, name: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('operator', 'administrator')
  const query = LockLift.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'a reason is missing', 'Say why in the query: ?reason=…')
  const known = kind === 'identity' || kind === 'agent' || kind === 'target'
  if (!known || !(await orFailure(services.locks.lift(kind, name, caller.identity.name, query.data.reason), services))) {
    throw new ApiFailure('not-found', 'there is no such lock', 'See which there are: `sallyport lock list`, or GET /api/v1/locks.')
  }
  services.log.info({ kind, by: caller.identity.name }, 'a lock was lifted through the control API')
  return context.body(null, 204)
}

/** A lock on a name that is nowhere registered would stop nobody. @throws ApiFailure */
function check(lock: Lock, { identity }: Caller, { policies }: ApiServices): void {
  if (new LockIndex([lock]).on(identity) !== undefined) {
    throw new ApiFailure('not-possible', 'nobody locks themselves: then nobody might be left to lift it', 'Have somebody else lock you.')
  }
  const { agents, targets } = policies.current.document
  const registered = lock.kind === 'agent' ? agents : targets
  if (lock.kind !== 'identity' && !registered.some(({ name }) => name === lock.name)) {
    throw new ApiFailure('not-found', `there is no ${lock.kind} of that name in the policy`, 'Names are as in the policy. People, and agents that are not registered, are locked as an identity.')
  }
}

async function orFailure<Result>(work: Promise<Result>, { log }: ApiServices): Promise<Result> {
  try {
    return await work
  } catch (error) {
    log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'a lock could not be recorded or kept')
    throw new ApiFailure('not-recorded', 'this could not be put on record and kept, so it may not hold', 'Look at the locks, try again, and tell an operator if it lasts. Ending sessions one by one may still work.')
  }
}

function toAnswer({ kind, name, by, reason, atMs }: Lock): LockAnswer {
  return { kind, name, by, reason, placedAt: new Date(atMs).toISOString() }
}
