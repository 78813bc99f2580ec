import { AnswerRequest, type Review as ReviewAnswer, type ReviewList, ReviewQuery } from '@sallyport/contract'
import type { Context } from 'hono'
import type { PolicyDocument } from '../governance/policy/policy-document.ts'
import { requesterOf } from '../governance/review/requester.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, callerOf } from './caller.ts'
import { orFailure, requireLogin, viewOf, visibleReview } from './review-access.ts'
import { toReviewAnswer } from './review-answer.ts'
import { seesAll } from './session-access.ts'

/** Read for one page, where most are none of the caller's. */
const MAX_READ = 1_000

export async function listReviews(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const query = ReviewQuery.safeParse(context.req.query())
  if (!query.success) {
    throw new ApiFailure('invalid-request', 'state, limit or after is wrong', 'Give a state such as open, a limit from 1 to 200; after is the `next` of the page before.')
  }
  const { state, limit } = query.data
  const own = !seesAll(caller) && !mayEverAnswer(caller, services.policies.current.document)
  const wanted = { ...(state === undefined ? {} : { states: [state] }), ...(own ? { requester: requesterOf(caller.identity) } : {}) }
  const reviews: ReviewAnswer[] = []
  let { after } = query.data
  for (let read = 0; read < MAX_READ;) {
    const records = await services.reviewStore.list({ ...wanted, limit: limit + 1, ...(after === undefined ? {} : { after }) })
    for (const review of records.slice(0, limit)) {
      if (reviews.length === limit) return context.json({ reviews, next: after ?? null } satisfies ReviewList)
      const view = viewOf(review, caller)
      if (view !== undefined) reviews.push(toReviewAnswer(review, view))
      after = review.id
    }
    if (records.length <= limit) return context.json({ reviews, next: null } satisfies ReviewList)
    read += limit
  }
  return context.json({ reviews, next: after ?? null } satisfies ReviewList)
}

export async function showReview(context: Context, services: ApiServices, id: string): Promise<Response> {
  const { review, view } = await visibleReview(id, await callerOf(context, services), services)
  return context.json(toReviewAnswer(review, view) satisfies ReviewAnswer)
}

export async function answerReview(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  await visibleReview(id, caller, services)
  requireLogin(caller, 'answer a review')
  const request = AnswerRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) {
    throw new ApiFailure('invalid-request', 'this is no answer',
      'Send {"answer": "approve" or "deny", "digest": that of the review as you saw it, "reason": why, "narrow": {"rows", "minutes"}}; a denial needs a reason.')
  }
  const { answer, digest, reason, narrow } = request.data
  const answered = await orFailure(services.reviews.answer(id, digest, {
    by: requesterOf(caller.identity), answer,
    ...(reason === undefined ? {} : { reason }),
    ...(narrow === undefined ? {} : { narrow: { ...(narrow.rows === undefined ? {} : { rows: narrow.rows }), ...(narrow.minutes === undefined ? {} : { minutes: narrow.minutes }) } }),
  }), services)
  services.log.info({ review: id, answer, by: caller.identity.name }, 'a review was answered through the control API')
  return context.json(toReviewAnswer(answered, { whole: true, mayAnswer: false }) satisfies ReviewAnswer)
}

export async function withdrawReview(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  await visibleReview(id, caller, services)
  const withdrawn = await orFailure(services.reviews.withdraw(id, requesterOf(caller.identity)), services)
  return context.json(toReviewAnswer(withdrawn, { whole: seesAll(caller), mayAnswer: false }) satisfies ReviewAnswer)
}

/** Whether any rule of now names them. Spares reading everything for those who only ever ask. */
function mayEverAnswer({ identity }: Caller, { rules, roles }: PolicyDocument): boolean {
  const named = new Set([...roles.reviewer, ...rules.flatMap(({ reviewers }) => reviewers ?? [])])
  return identity.kind === 'agent' ? named.has(`agent:${identity.name}`) : identity.groups.some((group) => named.has(group))
}
