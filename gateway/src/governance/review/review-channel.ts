import type { Grant } from './grant.ts'
import type { Review } from './review.ts'

/** What is told through every channel. */
export type ReviewNews =
  | { readonly what: 'review.requested' | 'review.answered' | 'review.closed'; readonly review: Review; readonly atMs: number }
  | { readonly what: 'access.granted' | 'access.ended' | 'break-glass.used'; readonly grant: Grant; readonly atMs: number }

/** A way on which people hear of reviews. It tells, and never approves: an answer comes through the control API alone. */
export interface ReviewChannel {
  /** Returns at once; delivers later, and again where it fails. */
  tell(news: ReviewNews): void
}
