import { randomBytes } from 'node:crypto'
import type { Grant } from '../governance/review/grant.ts'
import type { OperationReview, Requester } from '../governance/review/review.ts'

export const REQUESTER: Requester = { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'secret-subject', groups: ['bots'], actors: ['dana@example.com'] }
/** What is never told: each of these is in a review. */
export const NEVER_TOLD = ['secret-subject', 'secret-parameter', 'secret-before', 'secret-after', 'secret-lately', '192.0.2.77', 'd1'.repeat(32)]
export const STATEMENT = 'update customers set email = \'secret-text\' where id = $1'

export function reviewOf(change: Partial<OperationReview> = {}): OperationReview {
  const now = Date.now()
  return {
    id: `rv_${randomBytes(16).toString('base64url')}`, kind: 'operation', state: 'open', requester: REQUESTER, target: 'shop', labels: { env: 'prod' },
    purpose: 'ticket 4711', digest: 'd1'.repeat(32), policyVersion: 4, createdAtMs: now, expiresAtMs: now + 900_000, answers: [],
    demands: [{ rule: 'writes', reviewers: ['dba'], approvals: 2, holdMs: 60_000, transactionHoldMs: 10_000, expiresMs: 900_000, preview: 'rehearse' }],
    session: 'a-session', operation: 7, protocol: 'postgres', rowLimit: 3,
    card: {
      text: STATEMENT, textTruncated: false, definitions: ['prepare p as secret-definition'], parameters: ['secret-parameter', null],
      actions: ['update'], objects: ['public.customers'], filtered: true, inTransaction: false,
      preview: {
        method: 'rehearsed', rows: 3, atMost: false, tables: [{ table: 'public.customers', inserted: 0, updated: 3, deleted: 0 }],
        sample: [{ before: { email: 'secret-before' }, after: { email: 'secret-after' } }], notes: ['locks rows'],
      },
      risk: {
        owner: 'dana@example.com', application: 'psql', clientAddress: '192.0.2.77', sessionOpenedAtMs: now, operations: 1, refused: 0,
        lately: [{ text: 'select secret-lately', decision: 'allow', atMs: now }], firstTouched: undefined,
      },
    },
    ...change,
  }
}

export function grantOf(change: Partial<Grant> = {}): Grant {
  const now = Date.now()
  return {
    id: `gr_${randomBytes(16).toString('base64url')}`, kind: 'access', requester: REQUESTER, target: 'shop', rules: ['incident'], reason: 'pager',
    fromMs: now, untilMs: now + 1_800_000, ...change,
  }
}
