import type { Grant } from '../governance/review/grant.ts'
import type { ReviewNews } from '../governance/review/review-channel.ts'
import type { Answer, OperationCard, Requester, Review } from '../governance/review/review.ts'
import type { WebhookMessage } from '../governance/webhook-sender.ts'

const MAX_NAMES = 100
const MAX_NAME = 256
const MAX_DEFINITIONS = 20
const MAX_DEFINITION = 1_024

/**
 * What a receiver is told, so that a person can decide whether to look. Never parameters, sampled rows, addresses or the
 * digest, which an answer needs; the statement, which may hold data, only when asked for. All texts are somebody else's.
 */
export function reviewMessage(news: ReviewNews, includeStatement: boolean): WebhookMessage {
  if ('grant' in news) return { id: `${news.grant.id}-${GRANT_IDS[news.what]}`, type: news.what, at: news.atMs, data: { grant: describeGrant(news.grant) } }
  const { what, review } = news
  return {
    id: messageId(what, review),
    type: what,
    // The same however often it is told, also by another gateway.
    at: what === 'review.requested' ? review.createdAtMs : news.atMs,
    data: { review: describeReview(review, includeStatement), command: `sallyport review show ${review.id}` },
  }
}

const GRANT_IDS = { 'access.granted': 'granted', 'access.ended': 'ended', 'break-glass.used': 'break-glass' } as const

/** The same for the same news, so that receivers can leave out what they have: an answer adds to their number, and a review is closed once. */
function messageId(what: 'review.requested' | 'review.answered' | 'review.closed', { id, state, answers }: Review): string {
  if (what === 'review.requested') return `${id}-requested`
  return what === 'review.answered' ? `${id}-answered-${answers.length}` : `${id}-closed-${state}`
}

function describeReview(review: Review, includeStatement: boolean): object {
  const { id, kind, state, requester, target, labels, purpose, demands, policyVersion, createdAtMs, expiresAtMs, answers } = review
  return {
    id, kind, state, requester: describeRequester(requester), target, labels, purpose,
    rules: demands.map(({ rule, reviewers, approvals }) => ({ rule, reviewers, approvals })),
    policyVersion, createdAt: timestamp(createdAtMs), expiresAt: timestamp(expiresAtMs), answers: answers.map(describeAnswer),
    ...(review.kind === 'access'
      ? { minutes: review.minutes, reason: review.reason }
      : { session: review.session, operation: describeOperation(review.card, includeStatement) }),
  }
}

function describeOperation(card: OperationCard, includeStatement: boolean): object {
  const { preview, risk } = card
  return {
    actions: bounded(card.actions), objects: bounded(card.objects), objectsInAll: card.objects.length,
    filtered: card.filtered, inTransaction: card.inTransaction, owner: risk.owner ?? null,
    preview: preview === undefined ? null : {
      method: preview.method, rows: preview.rows ?? null, atMost: preview.atMost,
      tables: preview.tables.slice(0, MAX_NAMES).map(({ table, inserted, updated, deleted }) => ({ table: cut(table, MAX_NAME), inserted, updated, deleted })),
    },
    ...(includeStatement && {
      text: card.text, textTruncated: card.textTruncated,
      definitions: card.definitions.slice(0, MAX_DEFINITIONS).map((definition) => cut(definition, MAX_DEFINITION)),
    }),
  }
}

function describeAnswer({ by, answer, reason, narrow, atMs }: Answer): object {
  return {
    by: by.name, answer, reason: reason ?? null, rows: narrow?.rows ?? null, minutes: narrow?.minutes ?? null, at: timestamp(atMs),
  }
}

function describeGrant({ id, kind, requester, target, rules, reason, fromMs, untilMs }: Grant): object {
  return { id, kind, requester: describeRequester(requester), target, rules, reason, from: timestamp(fromMs), until: timestamp(untilMs) }
}

function describeRequester({ kind, name, actors }: Requester): object {
  return { kind, name, actors: bounded(actors) }
}

function bounded(names: readonly string[]): string[] {
  return names.slice(0, MAX_NAMES).map((name) => cut(name, MAX_NAME))
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString()
}
