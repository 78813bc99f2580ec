import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { AccessReview, OperationReview, Review, ReviewState } from '../governance/review/review.ts'
import { reviewMessage } from './review-message.ts'
import { grantOf, NEVER_TOLD, REQUESTER, reviewOf, STATEMENT } from './reviews.test-support.ts'

const requested = (review: Review) => ({ what: 'review.requested', review, atMs: Date.now() }) as const

describe('what a webhook tells of a review', () => {
  test('is what a person needs to decide whether to look', () => {
    const review = reviewOf({ createdAtMs: 0, expiresAtMs: 900_000 })
    const { id, type, at, data } = reviewMessage(requested(review), false)
    assert.deepEqual([id, type, at], [`${review.id}-requested`, 'review.requested', 0])
    assert.deepEqual(data, {
      review: {
        id: review.id, kind: 'operation', state: 'open', requester: { kind: 'agent', name: 'support-bot', actors: ['dana@example.com'] },
        target: 'shop', labels: { env: 'prod' }, purpose: 'ticket 4711', rules: [{ rule: 'writes', reviewers: ['dba'], approvals: 2 }], policyVersion: 4,
        createdAt: '1970-01-01T00:00:00.000Z', expiresAt: '1970-01-01T00:15:00.000Z', answers: [], session: 'a-session',
        operation: {
          actions: ['update'], objects: ['public.customers'], objectsInAll: 1, filtered: true, inTransaction: false, owner: 'dana@example.com',
          preview: { method: 'rehearsed', rows: 3, atMost: false, tables: [{ table: 'public.customers', inserted: 0, updated: 3, deleted: 0 }] },
        },
      },
      command: `sallyport review show ${review.id}`,
    })
  })

  test('holds the statement only where it is asked for, and never parameters, rows, addresses or what an answer needs', () => {
    const without = JSON.stringify(reviewMessage(requested(reviewOf()), false))
    for (const word of [...NEVER_TOLD, 'secret-text', 'secret-definition']) assert.ok(!without.includes(word), word)
    const message = JSON.stringify(reviewMessage(requested(reviewOf()), true))
    assert.ok(message.includes(JSON.stringify(STATEMENT)) && message.includes('secret-definition'))
    for (const word of NEVER_TOLD) assert.ok(!message.includes(word), word)
  })

  test('says of access for how long and why, and of an answer who gave it', () => {
    const { card: _card, session: _session, operation: _operation, protocol: _protocol, rowLimit: _rowLimit, ...both } = reviewOf()
    const by = { kind: 'person', name: 'robin', issuer: 'corp', subject: 'secret-subject' } as const
    const access: AccessReview = {
      ...both, kind: 'access', rule: 'incident', minutes: 30, reason: 'pager', state: 'used',
      answers: [{ by, groups: ['dba'], answer: 'approve', reason: 'go', narrow: { minutes: 10 }, atMs: 0 }],
    }
    const { id, data } = reviewMessage({ what: 'review.closed', review: access, atMs: 1 }, true)
    const { review } = data as { review: Record<string, unknown> }
    assert.equal(id, `${access.id}-closed-used`)
    assert.deepEqual([review['minutes'], review['reason'], review['operation']], [30, 'pager', undefined])
    assert.deepEqual(review['answers'], [{ by: 'robin', answer: 'approve', reason: 'go', rows: null, minutes: 10, at: '1970-01-01T00:00:00.000Z' }])
    assert.ok(!JSON.stringify(data).includes('secret-subject'))
  })

  test('says of a grant who has it, on what and until when', () => {
    const grant = grantOf({ kind: 'break-glass', fromMs: 0, untilMs: 60_000 })
    const { id, type, at, data } = reviewMessage({ what: 'break-glass.used', grant, atMs: 5 }, false)
    assert.deepEqual([id, type, at], [`${grant.id}-break-glass`, 'break-glass.used', 5])
    assert.deepEqual(data, {
      grant: {
        id: grant.id, kind: 'break-glass', requester: { kind: 'agent', name: 'support-bot', actors: ['dana@example.com'] }, target: 'shop', rules: ['incident'],
        reason: 'pager', from: '1970-01-01T00:00:00.000Z', until: '1970-01-01T00:01:00.000Z',
      },
    })
  })

  test('has another id for other news, and a size that is bounded, whatever is asked for', () => {
    const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('x'.repeat(10_000)), fc.constant('\ud83d'.repeat(3_000)))
    const names = fc.oneof(fc.array(name, { maxLength: 5 }), fc.constant(Array.from({ length: 5_000 }, () => 'public.'.padEnd(900, 't'))))
    const states: ReviewState[] = ['open', 'approved', 'used', 'denied', 'expired', 'withdrawn']
    fc.assert(fc.property(names, name, fc.boolean(), fc.constantFrom(...states), (list, text, includeStatement, state) => {
      const { card, ...rest } = reviewOf({ state, requester: { ...REQUESTER, actors: list } })
      const tables = list.map((table) => ({ table, inserted: 0, updated: 0, deleted: 1 }))
      const preview = { method: 'counted', rows: 1, atMost: false, tables, sample: [], notes: list } as const
      const review: OperationReview = { ...rest, card: { ...card, text: text.slice(0, 16_384), definitions: list, actions: list, objects: list, preview } }
      const messages = (['review.requested', 'review.answered', 'review.closed'] as const).map((what) => reviewMessage({ what, review, atMs: 1 }, includeStatement))
      assert.equal(new Set(messages.map(({ id }) => id)).size, 3)
      for (const { id, data } of messages) {
        assert.match(id, /^[A-Za-z0-9_-]{1,128}$/)
        assert.ok(JSON.stringify(data).length < 512 * 1_024)
      }
    }), { numRuns: 40 })
  })
})
