import type { Grant as GrantAnswer, Review as ReviewAnswer, ReviewCard, ReviewPerson, ReviewPreview, ReviewRisk } from '@sallyport/contract'
import type { Grant } from '../governance/review/grant.ts'
import type { Preview } from '../governance/review/preview.ts'
import type { Answer, OperationCard, Person, Requester, Review, RiskContext } from '../governance/review/review.ts'
import { missingApprovals } from '../governance/review/who-may-answer.ts'

/** How much of a review somebody is shown. */
export interface ReviewView {
  /** With the preview, and with what is known of who asks: not for the requester. */
  readonly whole: boolean
  /** An answer of theirs would count now. */
  readonly mayAnswer: boolean
}

export function toReviewAnswer(review: Review, { whole, mayAnswer }: ReviewView): ReviewAnswer {
  const { id, state, requester, target, labels, purpose, digest, demands, policyVersion, answers } = review
  const both = {
    id, state, requester: toRequester(requester), target, labels: { ...labels }, purpose, digest, policyVersion, mayAnswer,
    demands: demands.map((demand) => ({
      rule: demand.rule, reviewers: [...demand.reviewers], approvals: demand.approvals, missing: missingApprovals(demand, answers, requester),
    })),
    answers: answers.map(toAnswer),
    createdAt: time(review.createdAtMs), expiresAt: time(review.expiresAtMs),
  }
  if (review.kind === 'access') {
    const { kind, rule, minutes, reason } = review
    return { ...both, kind, rule, minutes, reason }
  }
  const { kind, session, operation, protocol, card, rowLimit } = review
  // What was found out for reviewers would answer questions about rows that nobody lets the requester ask.
  const found = whole || state === 'approved' || state === 'used'
  return { ...both, kind, session, operation, protocol, rowLimit: found ? rowLimit ?? null : null, card: toCard(card, whole, found) }
}

export function toGrantAnswer({ id, kind, requester, target, rules, reason, fromMs, untilMs }: Grant): GrantAnswer {
  return { id, kind, requester: toRequester(requester), target, rules: [...rules], reason, from: time(fromMs), until: time(untilMs) }
}

function toCard(card: OperationCard, whole: boolean, found: boolean): ReviewCard {
  const { text, textTruncated, definitions, parameters, actions, objects, filtered, inTransaction, preview, risk } = card
  return {
    text: text.toWellFormed(), textTruncated, definitions: [...definitions], parameters: [...parameters], actions: [...actions], objects: [...objects],
    filtered, inTransaction,
    preview: preview === undefined || !found ? null : toPreview(preview, whole),
    risk: whole ? toRisk(risk) : null,
  }
}

function toPreview({ method, rows, atMost, tables, sample, notes }: Preview, whole: boolean): ReviewPreview {
  const row = (values: Readonly<Record<string, string | null>> | undefined) => (values === undefined ? null : { ...values })
  return {
    method, rows: rows ?? null, atMost, tables: tables.map((table) => ({ ...table })), notes: [...notes],
    sample: whole ? sample.map(({ before, after }) => ({ before: row(before), after: row(after) })) : [],
  }
}

function toRisk({ owner, application, clientAddress, sessionOpenedAtMs, operations, refused, lately, firstTouched }: RiskContext): ReviewRisk {
  return {
    owner: owner ?? null, application, clientAddress, sessionOpenedAt: time(sessionOpenedAtMs), operations, refused,
    lately: lately.map(({ text, decision, atMs }) => ({ text: text.toWellFormed(), decision, at: time(atMs) })),
    firstTouched: firstTouched === undefined ? null : [...firstTouched],
  }
}

function toAnswer({ by, answer, reason, narrow, atMs }: Answer): ReviewAnswer['answers'][number] {
  return { by: toPerson(by), answer, reason: reason ?? null, rows: narrow?.rows ?? null, minutes: narrow?.minutes ?? null, at: time(atMs) }
}

function toRequester(requester: Requester): ReviewAnswer['requester'] {
  return { ...toPerson(requester), actors: [...requester.actors] }
}

function toPerson({ kind, name, issuer }: Person): ReviewPerson {
  return { kind, name, issuer }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
