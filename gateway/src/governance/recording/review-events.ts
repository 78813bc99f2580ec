import type { Grant } from '../review/grant.ts'
import type { Preview } from '../review/preview.ts'
import type { Answer, Person, Review, ReviewDemand } from '../review/review.ts'
import type {
  AccessEnded, AccessGranted, AnswerVoided, BreakGlassOpened, ReviewAnswered, ReviewClosed, ReviewRequested, ReviewUsed,
} from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'
import { recordIdentity, recordPerson } from './record-identity.ts'

const NAME_BYTES = 512
const MAX_DEMANDS = 20
const REVIEWERS_BYTES = 2_048
/** Of all demands together. */
const DEMANDS_BYTES = 12_288

export function encodeReviewRequested(review: Review, at: number): string {
  const { id, kind, requester, target, purpose, digest, demands, policyVersion, expiresAtMs } = review
  return JSON.stringify({
    v: 1, event: 'review.requested', at, review: id, kind, identity: recordIdentity(requester), target: cut(target, NAME_BYTES), purpose: cut(purpose),
    ...(review.kind === 'operation' && { session: review.session, n: review.operation }),
    digest, demands: recordDemands(demands), policyVersion, expiresAt: expiresAtMs,
    ...(review.kind === 'operation' && review.card.preview !== undefined && { preview: recordPreview(review.card.preview) }),
    ...(review.kind === 'access' && { rule: cut(review.rule, NAME_BYTES), minutes: review.minutes, reason: cut(review.reason) }),
  } satisfies ReviewRequested)
}

/** @param state of the review, once the answer counts */
export function encodeReviewAnswered(review: Review, { by, groups, answer, reason, narrow }: Answer, state: ReviewAnswered['state'], at: number): string {
  return JSON.stringify({
    v: 1, event: 'review.answered', at, review: review.id, by: recordPerson(by), groups: cutList(groups), answer,
    ...(reason !== undefined && { reason: cut(reason) }),
    ...(narrow?.rows !== undefined && { rows: narrow.rows }),
    ...(narrow?.minutes !== undefined && { minutes: narrow.minutes }),
    digest: review.digest, state,
  } satisfies ReviewAnswered)
}

export function encodeAnswerVoided(review: string, by: Person, reason: string, at: number): string {
  return JSON.stringify({ v: 1, event: 'answer.voided', at, review, by: recordPerson(by), reason: cut(reason) } satisfies AnswerVoided)
}

export function encodeReviewClosed(review: string, state: ReviewClosed['state'], reason: string, at: number): string {
  return JSON.stringify({ v: 1, event: 'review.closed', at, review, state, reason: cut(reason) } satisfies ReviewClosed)
}

/** @param n number of the operation in its session @param rows the limit, where one is known */
export function encodeReviewUsed(review: Pick<Review, 'id' | 'digest'>, session: string, n: number, rows: number | undefined, at: number): string {
  return JSON.stringify({
    v: 1, event: 'review.used', at, review: review.id, session, n, digest: review.digest, ...(rows !== undefined && { rows }),
  } satisfies ReviewUsed)
}

/** @param review that granted it; undefined when glass was broken */
export function encodeAccessGranted(grant: Grant, review: string | undefined, at: number): string {
  return JSON.stringify({
    v: 1, event: 'access.granted', at, grant: grant.id, kind: grant.kind, identity: recordIdentity(grant.requester), target: cut(grant.target),
    rules: cutList(grant.rules), until: grant.untilMs, reason: cut(grant.reason), ...(review !== undefined && { review }),
  } satisfies AccessGranted)
}

export function encodeAccessEnded(grant: string, reason: string, at: number): string {
  return JSON.stringify({ v: 1, event: 'access.ended', at, grant, reason: cut(reason) } satisfies AccessEnded)
}

export function encodeBreakGlassOpened(grant: Grant, at: number): string {
  return JSON.stringify({
    v: 1, event: 'break-glass.opened', at, grant: grant.id, identity: recordIdentity(grant.requester), target: cut(grant.target),
    until: grant.untilMs, reason: cut(grant.reason),
  } satisfies BreakGlassOpened)
}

function recordPreview({ method, rows }: Preview): NonNullable<ReviewRequested['preview']> {
  return { method, ...(rows !== undefined && { rows }) }
}

/** Many rules may match at once; what they are named and name comes from the policy, and is short. */
function recordDemands(demands: readonly ReviewDemand[]): ReviewRequested['demands'] {
  const recorded = demands.slice(0, MAX_DEMANDS)
    .map(({ rule, reviewers, approvals }) => ({ rule: cut(rule, NAME_BYTES), reviewers: cutList(reviewers, REVIEWERS_BYTES), approvals }))
  while (Buffer.byteLength(JSON.stringify(recorded)) > DEMANDS_BYTES) recorded.pop()
  return recorded
}
