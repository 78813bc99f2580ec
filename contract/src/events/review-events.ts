import { z } from 'zod'
import {
  count, event, EXAMPLE_SESSION, EXAMPLE_TIME, identity, names, operationNumber, optional, policyVersion, session, sha256, text, time,
} from './members.ts'

const DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const REVIEW = 'rv_8H5nXw2dQm0rT4uZc7Yb1A'
const GRANT = 'gr_Zk3vQ8r1T0uWxYz2mN5pLg'
const who = { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'support-bot', groups: [], actors: [] }
const dana = { kind: 'person', name: 'dana', issuer: 'corp', subject: '00u1dana', groups: ['on-call'], actors: [] }
const kim = { kind: 'person', name: 'kim', issuer: 'corp', subject: '00u2kim' }

const review = text('Id of the review: the ticket')
const grant = text('Id of the grant')
const target = text('Name of the target')
const person = identity.pick({ kind: true, name: true, issuer: true, subject: true }).describe('Who answered, as verified')

/** What people answer before something happens, and what they grant for a while. */
export const reviewEvents = [
  event('review.requested', 'People are asked to answer. Written before anybody is told.', {
    review,
    kind: z.enum(['operation', 'access']).describe('What is asked for: to run one operation once, or a time window on a target'),
    identity,
    target,
    purpose: text('Declared with the token, or the registered purpose of the agent'),
    session: optional(text('Of an operation: id of its session')),
    n: optional(operationNumber.describe('Of an operation: its number in that session')),
    digest: sha256('SHA-256 over what is asked for: an answer names it, and only what has it may run'),
    demands: z.array(z.object({
      rule: text('Name of the rule'),
      reviewers: names('Groups whose people may answer; `agent:NAME` for an agent'),
      approvals: z.int().min(1).describe('How many different people must approve'),
    })).describe('What each rule demands; all must be satisfied'),
    policyVersion,
    expiresAt: time('Until when it may be answered'),
    preview: z.object({
      method: z.enum(['rehearsed', 'counted', 'estimated', 'none']).describe('How it was found out what it would touch'),
      rows: optional(count('Rows that it would change; absent where that is not known')),
    }).exactOptional().describe('Of an operation: what was found out before'),
    rule: optional(text('Of an access request: name of the rule that is to hold for a while')),
    minutes: optional(count('Of an access request: for how long')),
    reason: optional(text('Of an access request: why')),
  }, {
    review: REVIEW, kind: 'operation', identity: who, target: 'shop', purpose: 'answers tickets', session: EXAMPLE_SESSION, n: 1, digest: DIGEST,
    demands: [{ rule: 'writes', reviewers: ['dba'], approvals: 1 }], policyVersion: 4, expiresAt: EXAMPLE_TIME + 900_000,
    preview: { method: 'rehearsed', rows: 1 },
  }),
  event('review.answered', 'Somebody answered. Written before the answer counts; without effect, and without `answer.voided`, a crash cut it off.', {
    review,
    by: person,
    groups: names('Groups with which they may answer'),
    answer: z.enum(['approve', 'deny']).describe('What they said'),
    reason: optional(text('Why, in their words')),
    rows: optional(count('A smaller permission: at most so many rows may be changed')),
    minutes: optional(count('A smaller permission: for at most so many minutes')),
    digest: sha256('Digest of the review, as it was shown to them'),
    state: z.enum(['open', 'approved', 'denied']).describe('The review, once this answer counts: `open` while more people must approve'),
  }, { review: REVIEW, by: kim, groups: ['dba'], answer: 'approve', rows: 1, digest: DIGEST, state: 'approved' }),
  event('answer.voided', 'An answer that is on record does not count: the review was closed, or answered by the same person, in that moment.', {
    review,
    by: person,
    reason: text('Why'),
  }, { review: REVIEW, by: kim, reason: 'the review was not open any more' }),
  event('review.closed', 'A review can neither be answered nor used any more. One without it has ended at the latest when its time was up.', {
    review,
    state: z.enum(['denied', 'expired', 'withdrawn']).describe('How it ended'),
    reason: text('Why'),
  }, { review: REVIEW, state: 'expired', reason: 'nobody answered in time' }),
  event('review.used', 'An approval was spent. Written before its operation is forwarded; no other can be forwarded by it.', {
    review,
    session,
    n: operationNumber,
    digest: sha256('Digest of the operation'),
    rows: optional(count('More changed rows than this are rolled back; absent where no limit is known')),
  }, { review: REVIEW, session: EXAMPLE_SESSION, n: 3, digest: DIGEST, rows: 1 }),
  event('access.granted', 'Rules let an identity through for a while that else would not. Written before it holds.', {
    grant,
    kind: z.enum(['access', 'break-glass']).describe('`access`: after a review. `break-glass`: taken without one, by somebody named for it'),
    identity,
    target,
    rules: names('Names of the rules'),
    until: time('Until when'),
    reason: text('Why, in the words of who asked'),
    review: optional(text('Id of the review that granted it; absent when glass was broken')),
  }, {
    grant: GRANT, kind: 'access', identity: dana, target: 'shop', rules: ['night-shift'], until: EXAMPLE_TIME + 1_800_000, reason: 'ticket 4711', review: REVIEW,
  }),
  event('access.ended', 'A grant does not hold any more; sessions that were opened under it end. One without it has ended when its time was up.', {
    grant,
    reason: text('Why'),
  }, { grant: GRANT, reason: 'its time is over' }),
  event('break-glass.opened', 'Somebody passes without the review that rules want. Stands beside `access.granted`, so that it is seen.', {
    grant,
    identity,
    target,
    until: time('Until when'),
    reason: text('Why, in their words'),
  }, { grant: GRANT, identity: dana, target: 'shop', until: EXAMPLE_TIME + 1_800_000, reason: 'the shop is down, nobody of dba answers' }),
] as const
