import type { ReviewLine } from '@sallyport/contract'
import type { Context } from 'hono'
import type { Identity } from '../governance/identity.ts'
import type { Review } from '../governance/review/review.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, callerOf } from './caller.ts'
import { checkAgain } from './check-again.ts'
import { ChangeQueue } from './change-queue.ts'
import { liveResponse } from './live-response.ts'
import { viewOf } from './review-access.ts'
import { toReviewAnswer } from './review-answer.ts'

/** How often it is asked again who follows: tokens end and are revoked, roles change. And how long one answer lasts. */
export interface FollowTimes {
  readonly checkMs: number
  readonly mostMs: number
}

const TIMES: FollowTimes = { checkMs: 15_000, mostMs: 3_600_000 }
/** Read at once from the store. */
const PAGE = 100

/** What is open among what the caller may see, and whatever becomes of that or is new. */
export async function followReviews(context: Context, services: ApiServices, { checkMs, mostMs } = TIMES): Promise<Response> {
  let caller = await callerOf(context, services)
  const release = takeFollower(caller.identity)
  const stop = new AbortController()
  const over = AbortSignal.timeout(mostMs)
  const endAsking = checkAgain(services, checkMs, async () => { caller = await callerOf(context, services) }, () => stop.abort())
  const onEnd = () => {
    endAsking()
    stop.abort()
    release()
  }
  return liveResponse(context, reviewLines(services, () => caller, stop.signal, over), { isRepeatable: false, onEnd })
}

async function* reviewLines(services: ApiServices, caller: () => Caller, stop: AbortSignal, over: AbortSignal): AsyncGenerator<ReviewLine> {
  const changes = new ChangeQueue(services.signals, AbortSignal.any([stop, over]))
  /** What was sent of those that were open then. */
  const sent = new Map<string, string>()
  const lineOf = (review: Review): ReviewLine | undefined => {
    const view = viewOf(review, caller())
    const now = `${review.state} ${review.answers.length}`
    if (view === undefined || sent.get(review.id) === now) return undefined
    if (review.state === 'open') sent.set(review.id, now)
    else sent.delete(review.id)
    return { type: 'review', review: toReviewAnswer(review, view) }
  }
  try {
    let live = false
    for (let next = await changes.next(); next !== undefined && !stop.aborted; next = await changes.next()) {
      if (next === 'everything') {
        yield* openLines(services, sent, lineOf)
        if (!live) yield { type: 'live' }
        live = true
        continue
      }
      const review = await services.reviewStore.get(next.id)
      const line = review === undefined ? undefined : lineOf(review)
      if (line !== undefined) yield line
    }
    if (!stop.aborted) yield { type: 'end' }
  } finally {
    changes.close()
  }
}

/** All that are open, and what became of those that are not any more. */
async function* openLines(
  services: ApiServices, sent: ReadonlyMap<string, string>, lineOf: (review: Review) => ReviewLine | undefined,
): AsyncGenerator<ReviewLine> {
  const gone = new Set(sent.keys())
  let after: string | undefined
  for (;;) {
    const page = await services.reviewStore.list({ states: ['open'], limit: PAGE, ...(after === undefined ? {} : { after }) })
    for (const review of page) {
      gone.delete(review.id)
      const line = lineOf(review)
      if (line !== undefined) yield line
    }
    if (page.length < PAGE) break
    after = page.at(-1)?.id
  }
  for (const id of gone) {
    const review = await services.reviewStore.get(id)
    const line = review === undefined ? undefined : lineOf(review)
    if (line !== undefined) yield line
  }
}

/** Followers at once, in all and of one identity. */
const MOST = 64
const MOST_OF_ONE = 4
const followers = new Map<string, number>()
let taken = 0

function takeFollower({ issuer, subject, kind }: Identity): () => void {
  const key = JSON.stringify([kind, issuer, subject])
  const own = followers.get(key) ?? 0
  if (taken >= MOST || own >= MOST_OF_ONE) {
    throw new ApiFailure('too-many-requests', own >= MOST_OF_ONE ? 'you follow reviews too often at once' : 'too many follow reviews at once', 'End one of them, or ask for the list again and again instead.')
  }
  taken += 1
  followers.set(key, own + 1)
  let given = false
  return () => {
    if (given) return
    given = true
    taken -= 1
    const left = (followers.get(key) ?? 1) - 1
    if (left === 0) followers.delete(key)
    else followers.set(key, left)
  }
}
