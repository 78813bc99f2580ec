import { AccessRequest, type Grant as GrantAnswer, type GrantList, type Review as ReviewAnswer } from '@sallyport/contract'
import type { Context } from 'hono'
import { isOwn, requesterOf } from '../governance/review/requester.ts'
import type { AccessRequest as Asked } from '../governance/review/review-desk.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, callerOf } from './caller.ts'
import { isWithin, MAX_ID, orFailure, requireLogin } from './review-access.ts'
import { toGrantAnswer, toReviewAnswer } from './review-answer.ts'
import { seesAll } from './session-access.ts'

export async function requestAccess(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const review = await orFailure(services.reviews.requestAccess(await asked(context, caller)), services)
  services.log.info({ review: review.id, target: review.target, by: caller.identity.name }, 'access was asked for through the control API')
  return context.json(toReviewAnswer(review, { whole: seesAll(caller), mayAnswer: false }) satisfies ReviewAnswer, 201)
}

export async function breakGlass(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  requireLogin(caller, 'break glass')
  // Roles and groups do not pass to who acts for somebody.
  if (caller.identity.kind !== 'person' || caller.identity.actors.length > 0) {
    throw new ApiFailure('forbidden', 'only people may break glass, and only for themselves', 'Ask for access: `sallyport access request`, or POST /api/v1/access.')
  }
  const grant = await orFailure(services.reviews.breakGlass(await asked(context, caller)), services)
  services.log.info({ grant: grant.id, target: grant.target, by: caller.identity.name }, 'glass was broken through the control API')
  return context.json(toGrantAnswer(grant) satisfies GrantAnswer, 201)
}

export async function listGrants(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const grants = await services.reviewStore.listGrants(Date.now())
  const shown = seesAll(caller) ? grants : grants.filter(({ requester, target }) => isOwn(requester, caller.identity) && isWithin(caller, target))
  return context.json({ grants: shown.map(toGrantAnswer) } satisfies GrantList)
}

export async function endGrant(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  const grant = id.length > MAX_ID ? undefined : await services.reviewStore.getGrant(id)
  if (grant === undefined || !(seesAll(caller) || (isOwn(grant.requester, caller.identity) && isWithin(caller, grant.target)))) {
    throw new ApiFailure('not-found', 'there is no such grant, or you may not see it', 'See those that you may: `sallyport access list`, or GET /api/v1/access.')
  }
  const ended = await orFailure(services.reviews.endGrant(id, requesterOf(caller.identity), caller.holds('operator', 'administrator')), services)
  services.log.info({ grant: id, by: caller.identity.name }, 'a grant was ended through the control API')
  return context.json(toGrantAnswer(ended) satisfies GrantAnswer)
}

async function asked(context: Context, caller: Caller): Promise<Asked> {
  const request = AccessRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) {
    throw new ApiFailure('invalid-request', 'this asks for no access', 'Send {"target": name, "minutes": whole number, "reason": why, "rule": where more than one could be granted}.')
  }
  const { target, minutes, reason, rule } = request.data
  if (!caller.mayOpen(target)) {
    throw new ApiFailure('not-found', 'there is no such target, or your login does not open it', 'GET /api/v1/targets lists what you may open.')
  }
  const { identity, purpose } = caller
  return { requester: requesterOf(identity), claims: identity.claims, target, purpose, minutes, reason, ...(rule === undefined ? {} : { rule }) }
}
