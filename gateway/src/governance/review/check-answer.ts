import { type GivenAnswer, ReviewRefused } from './review-desk.ts'
import type { Answer, Narrowing, Review } from './review.ts'
import { answeringGroups, isInvolved, isSamePerson } from './who-may-answer.ts'

const MAX_REASON_UNITS = 1_000
const CHANGING = new Set(['insert', 'update', 'delete', 'merge'])

/** Whether an answer counts, and what is kept of it. @throws ReviewRefused */
export function checkAnswer(review: Review, digest: string, given: GivenAnswer, nowMs: number): Answer {
  const groups = checkPerson(review, given)
  const before = review.answers.find(({ by }) => isSamePerson(by, given.by))
  if (before !== undefined) throw new ReviewRefused('conflict', `you have answered it already: ${WORDS[before.answer]}`, 'Each person counts once, and an answer cannot be changed.')
  checkOpen(review, nowMs)
  if (digest !== review.digest) throw new ReviewRefused('conflict', 'this is not what is asked for: the digest is another one', 'Look at the review again, and answer what you see then.')
  const { by: { kind, name, issuer, subject }, answer } = given
  const reason = checkReason(given)
  const narrow = checkNarrowing(review, given)
  return {
    by: { kind, name, issuer, subject }, groups, answer, atMs: nowMs,
    ...(reason !== undefined && { reason }),
    ...(narrow !== undefined && { narrow }),
  }
}

function checkPerson({ demands, requester }: Review, { by }: GivenAnswer): readonly string[] {
  const groups = answeringGroups(demands, requester, by)
  if (groups.length > 0) return groups
  if (isInvolved(by, requester)) throw new ReviewRefused('forbidden', 'nobody answers what they asked for themselves, or what is asked for them', 'Ask somebody else who may review it.')
  if (by.actors.length > 0) throw new ReviewRefused('forbidden', 'nobody answers through an agent', 'Answer with your own login.')
  const reviewers = [...new Set(demands.flatMap((demand) => demand.reviewers))]
  throw new ReviewRefused('forbidden', 'you are not one of those who may answer it', `Those of ${reviewers.slice(0, 10).join(', ')} may.`)
}

function checkOpen({ state, expiresAtMs }: Review, nowMs: number): void {
  if (state !== 'open') throw new ReviewRefused('conflict', `it is not open any more: ${state}`, 'An answer now would have no effect.')
  if (expiresAtMs <= nowMs) throw new ReviewRefused('conflict', 'it is not open any more: its time is over', 'Whoever asked can ask anew.')
}

function checkReason({ answer, reason }: GivenAnswer): string | undefined {
  const text = reason?.trim() ?? ''
  if (text.length > MAX_REASON_UNITS) throw new ReviewRefused('invalid', `the reason is longer than ${MAX_REASON_UNITS} characters`, 'Say it shorter.')
  if (answer === 'deny' && text === '') throw new ReviewRefused('invalid', 'a denial needs a reason', 'Say why, and what to do instead: the requester reads it.')
  return text === '' ? undefined : text
}

function checkNarrowing(review: Review, { answer, narrow }: GivenAnswer): Narrowing | undefined {
  const { rows, minutes } = narrow ?? {}
  if (rows === undefined && minutes === undefined) return undefined
  if (answer === 'deny') throw new ReviewRefused('invalid', 'a denial narrows nothing', 'Deny it, or approve less of it.')
  if (review.kind === 'operation') {
    if (minutes !== undefined) throw new ReviewRefused('invalid', 'an operation runs once, and not for some minutes', 'Narrow its rows.')
    if (rows === undefined || !Number.isSafeInteger(rows) || rows < 0) throw new ReviewRefused('invalid', 'rows are a whole number', 'Give 0 or more.')
    if (!review.card.actions.some((action) => CHANGING.has(action))) throw new ReviewRefused('invalid', 'rows of this operation cannot be limited', 'Only INSERT, UPDATE, DELETE and MERGE can.')
    return { rows }
  }
  if (rows !== undefined) throw new ReviewRefused('invalid', 'access has no rows', 'Narrow its minutes.')
  if (minutes === undefined || !Number.isInteger(minutes) || minutes < 1 || minutes > review.minutes) {
    throw new ReviewRefused('invalid', `minutes are a whole number, at most the ${review.minutes} that are asked for`, 'Give fewer.')
  }
  return { minutes }
}

const WORDS = { approve: 'approved', deny: 'denied' } as const
