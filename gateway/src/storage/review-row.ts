import { nameKey } from '../governance/name-key.ts'
import type { Grant } from '../governance/review/grant.ts'
import { digestOf } from '../governance/review/review-ids.ts'
import type { Answer, Person, Requester, Review } from '../governance/review/review.ts'
import type { Schema } from './schema.ts'

export type ReviewRow = Schema['reviews']
export type AnswerRow = Schema['review_answers']
export type GrantRow = Schema['grants']

/**
 * Reviews and grants as rows. What statements and people bring stands in JSON alone, whose text writes NUL and halves of
 * surrogate pairs as escapes: PostgreSQL's text has neither.
 */
export function reviewRow(review: Review): ReviewRow {
  const { id, kind, state, digest, target, requester, createdAtMs, expiresAtMs, answers: _answers, ...rest } = review
  return {
    id, kind, state, digest, target, requester_key: requesterKey(requester), person_key: personKey(requester),
    created_at: createdAtMs, expires_at: expiresAtMs, body: JSON.stringify({ ...rest, requester }),
  }
}

/** @param answers in their order */
export function reviewOf(row: ReviewRow, answers: readonly AnswerRow[]): Review {
  const { id, kind, state, digest, target, created_at: createdAtMs, expires_at: expiresAtMs } = row
  const given = answers.map(({ body }) => JSON.parse(body) as Answer)
  const review = { ...JSON.parse(row.body) as object, id, kind, state, digest, target, createdAtMs, expiresAtMs, answers: given } as unknown as Review
  return review.kind === 'operation' ? { ...review, rowLimit: leastRows(review.rowLimit, given) } : review
}

/** A limit is kept as it was asked for, and lowered by each answer that narrows it. */
function leastRows(asked: number | undefined, answers: readonly Answer[]): number | undefined {
  const least = Math.min(asked ?? Infinity, ...answers.map(({ narrow }) => narrow?.rows ?? Infinity))
  return least === Infinity ? undefined : least
}

export function answerRow(review: string, n: number, answer: Answer): AnswerRow {
  return { review, n, name_key: nameDigest(answer.by.name), subject_key: subjectKey(answer.by), body: JSON.stringify(answer) }
}

export function grantRow({ id, kind, target, fromMs, untilMs, ...rest }: Grant): GrantRow {
  return { id, kind, requester_key: requesterKey(rest.requester), target, from_at: fromMs, until_at: untilMs, body: JSON.stringify(rest) }
}

export function grantOf({ id, kind, target, from_at: fromMs, until_at: untilMs, body }: GrantRow): Grant {
  return { ...JSON.parse(body) as Pick<Grant, 'requester' | 'rules' | 'reason'>, id, kind: kind as Grant['kind'], target, fromMs, untilMs }
}

export function requesterKey({ kind, name, issuer, subject, actors }: Requester): string {
  return digestOf([kind, name, issuer, subject, actors])
}

export function personKey({ kind, name, issuer, subject }: Person): string {
  return digestOf([kind, name, issuer, subject])
}

export function nameDigest(name: string): string {
  return digestOf([nameKey(name)])
}

export function subjectKey({ issuer, subject }: Person): string {
  return digestOf([issuer, subject])
}
