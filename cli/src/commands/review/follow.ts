import { setTimeout as sleep } from 'node:timers/promises'
import type { ReviewLine } from '@sallyport/contract'
import type { ApiClient } from '../../api-client.ts'
import { EXIT, Failure } from '../../failure.ts'

/** Waits between attempts, milliseconds; after the last one it is given up. */
const AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000]

/**
 * What is open and what becomes of reviews, for as long as it is read: with a fresh connection, and token, whenever the
 * gateway ends the answer. What was passed on already is not repeated.
 * @throws Failure when the gateway cannot be followed at all, or not any more
 */
export async function* followReviews(connect: () => Promise<ApiClient>): AsyncGenerator<ReviewLine> {
  const open = new Map<string, string>()
  let failures = 0
  for (let first = true; ; first = false) {
    let failure = new Failure('the gateway ends the answer again and again', 'Try again, and tell an operator if it lasts.')
    try {
      const client = await connect()
      for await (const line of client.reviewEvents()) {
        if (line.type === 'live') failures = 0
        if (line.type === 'review' ? isNew(line.review, open) : line.type === 'live' && first) yield line
      }
    } catch (error) {
      if (first || !(error instanceof Failure) || error.status === EXIT.refused) throw error
      failure = error
    }
    const wait = AGAIN_MS[failures]
    if (wait === undefined) throw failure
    failures += 1
    await sleep(wait)
  }
}

function isNew(review: Extract<ReviewLine, { type: 'review' }>['review'], open: Map<string, string>): boolean {
  const now = `${review.state} ${review.answers.length}`
  if (open.get(review.id) === now) return false
  if (review.state === 'open') open.set(review.id, now)
  else open.delete(review.id)
  return true
}
