import type { Review } from '@sallyport/contract'

type Operation = Extract<Review, { kind: 'operation' }>

/** A review as a gateway answers it. */
export function operationReview(change: Partial<Operation> = {}, card: Partial<Operation['card']> = {}): Operation {
  return {
    id: 'rv_5wPzR0n9c1Qk2mXb7hT3aQ', kind: 'operation', state: 'open',
    requester: { kind: 'agent', name: 'support-bot', issuer: 'corp', actors: ['ci-runner'] },
    target: 'shop', labels: { env: 'prod' }, purpose: 'answers tickets', digest: 'ab'.repeat(32), policyVersion: 3,
    demands: [{ rule: 'writes', reviewers: ['dba'], approvals: 2, missing: 1 }],
    createdAt: '2026-03-01T10:00:00.000Z', expiresAt: '2026-03-01T10:15:00.000Z',
    answers: [{ by: { kind: 'person', name: 'robin', issuer: 'corp' }, answer: 'approve', reason: null, rows: 5, minutes: null, at: '2026-03-01T10:01:00.000Z' }],
    mayAnswer: true, session: '0mjvb9c3f-Zk3vQ8r1T0uWxYz2', operation: 7, protocol: 'postgres', rowLimit: 5,
    card: {
      text: "update orders set status = $1\nwhere id < $2", textTruncated: false, definitions: ['prepare p as update orders set …'],
      parameters: ['sent', null], actions: ['update'], objects: ['public.orders'], filtered: true, inTransaction: true,
      preview: {
        method: 'rehearsed', rows: 12, atMost: false, tables: [{ table: 'public.orders', inserted: 0, updated: 12, deleted: 0 }],
        sample: [{ before: { id: '1', status: 'open', note: null }, after: { id: '1', status: 'sent', note: null } }], notes: ['the sequence orders_id_seq moved on'],
      },
      risk: {
        owner: 'dana@example.com', application: 'psql', clientAddress: '192.0.2.7', sessionOpenedAt: '2026-03-01T09:59:00.000Z', operations: 6, refused: 1,
        lately: [{ text: 'drop table orders', decision: 'deny', at: '2026-03-01T09:59:30.000Z' }], firstTouched: ['public.orders'],
      },
      ...card,
    },
    ...change,
  }
}

export function accessReview(change: Partial<Extract<Review, { kind: 'access' }>> = {}): Review {
  const { card: _card, session: _session, operation: _operation, protocol: _protocol, rowLimit: _limit, ...both } = operationReview()
  return { ...both, kind: 'access', rule: 'night', minutes: 30, reason: 'ticket 2031', answers: [], ...change }
}
