import type { Review } from '../governance/review/review.ts'
import { isOwn, requesterOf } from '../governance/review/requester.ts'
import { ReviewRefused } from '../governance/review/review-desk.ts'
import { answeringGroups, mayAnswer } from '../governance/review/who-may-answer.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import type { Caller } from './caller.ts'
import type { ReviewView } from './review-answer.ts'
import { seesAll } from './session-access.ts'

/** How much the caller is shown of a review; undefined when it is none of theirs, or not on a target of their session token. */
export function viewOf(review: Review, caller: Caller): ReviewView | undefined {
  if (!isWithin(caller, review.target)) return undefined
  const by = requesterOf(caller.identity)
  const whole = seesAll(caller) || answeringGroups(review.demands, review.requester, by).length > 0
  if (!whole && !isOwn(review.requester, by)) return undefined
  return { whole, mayAnswer: caller.credential !== 'session-token' && mayAnswer(review, by, Date.now()) }
}

/** What may not be seen is not there: tickets of others cannot be found out. @throws ApiFailure */
export async function visibleReview(id: string, caller: Caller, services: ApiServices): Promise<{ readonly review: Review; readonly view: ReviewView }> {
  const review = id.length > MAX_ID ? undefined : await services.reviewStore.get(id)
  const view = review === undefined ? undefined : viewOf(review, caller)
  if (review === undefined || view === undefined) {
    throw new ApiFailure('not-found', 'there is no such review, or you may not see it', 'See those that you may: `sallyport review list`, or GET /api/v1/reviews.')
  }
  return { review, view }
}

/** A session token shows and does no more than what concerns its targets. */
export function isWithin({ targets }: Caller, target: string): boolean {
  return targets?.includes(target) ?? true
}

export const MAX_ID = 64

/** Session tokens lie where agents run: what only people may do wants the login itself. @throws ApiFailure */
export function requireLogin(caller: Caller, what: string): void {
  if (caller.credential !== 'session-token') return
  throw new ApiFailure('forbidden', `a session token opens targets, and cannot ${what}`, 'Use your own login: an identity token of your identity provider.')
}

const codes = { 'not-found': 'not-found', forbidden: 'forbidden', conflict: 'conflict', invalid: 'not-possible' } as const

/** What the desk says to a request. @throws ApiFailure when it refuses, or cannot put it on record or keep it */
export async function orFailure<Result>(asked: Promise<Result>, { log }: Pick<ApiServices, 'log'>): Promise<Result> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof ReviewRefused) throw new ApiFailure(codes[error.kind], error.message, error.hint)
    log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'a request about reviews or access could not be recorded or kept')
    throw new ApiFailure('unavailable', 'this could not be put on record and kept', 'Look at it again before you try again, and tell an operator if it lasts.')
  }
}
