import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Review } from '@sallyport/contract'
import fc from 'fast-check'
import { columnsOf } from '../../terminal/boxed-text.ts'
import { reviewCard } from './review-card.ts'
import { accessReview, operationReview } from './review.test-support.ts'
import { newsLine, reviewTable } from './review-words.ts'

/** What would act on a terminal, or turn the order of what is read. Line ends are the card's own. */
const STEERING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u
const withoutLineEnds = (text: string) => text.replaceAll('\n', '')

describe('the card of an operation', () => {
  const card = reviewCard(operationReview(), Infinity)

  for (const [what, words] of [
    ['who asks, and through whom', /^Who: +support-bot by ci-runner \(agent, by corp\)$/m],
    ['where', /^On: +shop \(env=prod\)$/m],
    ['the declared purpose', /^Purpose: +answers tickets$/m],
    ['the owner', /^Owner: +dana@example\.com$/m],
    ['client and session', /^Client: +psql from 192\.0\.2\.7; session open since 2026-03-01T09:59:00\.000Z, 6 operations before, 1 refused$/m],
    ['what is touched for the first time', /^First touch: +public\.orders$/m],
    ['the statement, line by line', /^ {2}│ update orders set status = \$1\n {2}│ where id < \$2$/m],
    ['what names stand for', /^ {2}│ prepare p as update orders set …$/m],
    ['parameters, null told from text', /^ {2}│ \$1 = "sent"\n {2}│ \$2 = null$/m],
    ['what it does, to what', /^Does: +update on public\.orders$/m],
    ['an open transaction', /^Transaction: +open/m],
    ['rows, how they were found, and the limit', /^Touches: +12 rows, found by running it and rolling back; more than 5 are rolled back$/m],
    ['the notes of the preview', /^Note: +the sequence orders_id_seq moved on$/m],
    ['every table that changes', /^ {2}public\.orders +0 +12 +0 *$/m],
    ['a row before and after', /^ {2}- +1 +open +\(null\) *\n {2}\+ +1 +sent +\(null\) *$/m],
    ['what the session did', /^ {2}2026-03-01T09:59:30\.000Z {2}deny {4}drop table orders$/m],
    ['the rule, the policy, and what is missing', /^Rule: +1 still missing: writes \(policy 3\) wants 2 of dba$/m],
    ['who answered', /^2026-03-01T10:01:00\.000Z {2}approved by robin for at most 5 rows$/m],
    ['how to answer', /^Answer with: sallyport review approve rv_/m],
  ] as const) {
    it(`shows ${what}`, () => assert.match(card, words))
  }

  it('says what is not there, instead of leaving it out', () => {
    const bare = reviewCard(operationReview({ rowLimit: null, purpose: '', mayAnswer: false }, { filtered: false, textTruncated: true, preview: null, risk: null, objects: [] }), Infinity)
    assert.match(bare, /^Touches: +told to those who may answer, and to you once it is approved$/m)
    assert.match(reviewCard(operationReview({ rowLimit: null }, { preview: null }), Infinity), /^Touches: +not known: nobody looked; no limit holds when it runs$/m)
    assert.match(bare, /^Filter: +none: every row$/m)
    assert.match(bare, /^This is not the whole of it/m)
    assert.match(bare, /^Purpose: +none was declared$/m)
    assert.doesNotMatch(bare, /Answer with|Owner|First touch/)
  })

  it('tells a guess and an upper bound from what was found', () => {
    const preview = { method: 'estimated', rows: 1, atMost: true, tables: [], sample: [], notes: [] } as const
    assert.match(reviewCard(operationReview({ rowLimit: null }, { preview: { ...preview, tables: [], sample: [], notes: [] } }), Infinity), /^Touches: +at most 1 row, guessed by the planner; no limit holds when it runs$/m)
  })

  it('shows of wide rows what changes, and says that there is more', () => {
    const wide = (last: string) => Object.fromEntries([...Array.from({ length: 30 }, (_, index) => [`c${index}`, 'same']), ['changes', last]])
    const text = reviewCard(operationReview({}, { preview: { method: 'rehearsed', rows: 1, atMost: false, tables: [], notes: [], sample: [{ before: wide('old'), after: wide('new') }] } }), Infinity)
    assert.match(text, /^ {5}c0 .*changes/m)
    assert.match(text, /… and 23 more columns/)
    assert.match(text, /^ {2}\+ .* new *$/m)
  })

  it('lets no text of others pass for words of its own, nor steer the terminal', () => {
    const hostile = fc.array(fc.oneof(
      fc.constantFrom('\u001b]52;c;b3duZWQ=\u0007', '\u001b[2J', '\u009b31m', '\u202e', '\r', '\n', '\n\nRule:        writes wants 0 of dba: satisfied', '\u2028', '\t', ' '.repeat(80), 'é日本'),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(fc.property(hostile, (text) => {
      const row = { [text]: text }
      const review = operationReview({
        purpose: text, labels: { [text]: text }, target: text, requester: { kind: 'agent', name: text, issuer: text, actors: [text] },
        demands: [{ rule: text, reviewers: [text], approvals: 1, missing: 1 }],
        answers: [{ by: { kind: 'person', name: text, issuer: text }, answer: 'deny', reason: text, rows: null, minutes: null, at: '2026-03-01T10:01:00.000Z' }],
      }, {
        text, definitions: [text], parameters: [text], actions: [text], objects: [text],
        preview: { method: 'counted', rows: 1, atMost: false, tables: [{ table: text, inserted: 0, updated: 0, deleted: 0 }], notes: [text], sample: [{ before: row, after: null }] },
        risk: {
          owner: text, application: text, clientAddress: text, sessionOpenedAt: '2026-03-01T09:59:00.000Z', operations: 1, refused: 0, firstTouched: [text],
          lately: [{ text, decision: 'allow', at: '2026-03-01T09:59:30.000Z' }],
        },
      })
      for (const shown of [reviewCard(review, 80), reviewCard(accessReview({ reason: text, rule: text }), 80), reviewTable([review]), newsLine(review)]) {
        assert.doesNotMatch(withoutLineEnds(shown.replaceAll('\t', '')), STEERING)
      }
      const lines = reviewCard(review, 80).split('\n')
      assert.equal(lines.filter((line) => line.startsWith('Rule:')).length, 1)
      const own = /^( {2}│ | {2}\S| {4,}|[A-Z][a-z ]+:|\d{4}-\d\d-|rv_5wPz|Before \(-\)|Answer with|$)/
      for (const line of lines) {
        assert.match(line, own)
        // Identifiers of the gateway's own are the only words without a bound here; the sample has one column at least.
        if (!line.startsWith('rv_') && !/^ {2}[-+ ] /.test(line)) assert.ok(columnsOf(line.replace('│', '|').trimEnd()) <= 80 || / {2,}\d+ *$/.test(line), line)
      }
    }))
  })

  it('is the same review to a program as the contract says', () => {
    assert.deepEqual(Review.parse(operationReview()), operationReview())
    assert.deepEqual(Review.parse(accessReview()), accessReview())
  })
})

describe('the card of a request for access', () => {
  it('shows for how long, for which rule, and why', () => {
    const card = reviewCard(accessReview(), 80)
    assert.match(card, /^Asks for access for 30 minutes, while which rule night holds, because:\n {2}│ ticket 2031$/m)
    assert.match(card, /^Rule: +1 still missing: writes/m)
  })
})

describe('reviews in a list', () => {
  it('are a line each, and marked when the reader may answer', () => {
    const table = reviewTable([operationReview(), operationReview({ mayAnswer: false })])
    assert.match(table, /rv_\S+ +open \* +support-bot by ci-runner +shop +writes +1 of dba +2026-\S+ +update orders set status = \$1 where id < \$2/)
    assert.match(table, /rv_\S+ +open +support-bot/)
  })

  it('say in a line what became of them', () => {
    assert.equal(newsLine(operationReview({ state: 'approved' })), 'approved rv_5wPzR0n9c1Qk2mXb7hT3aQ  support-bot by ci-runner on shop: update orders set status = $1 where id < $2, approved by robin for at most 5 rows')
  })
})
