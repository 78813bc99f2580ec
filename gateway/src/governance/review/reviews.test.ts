import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BOT, changed, demand, DIGEST, type Desk, type DeskOptions, openDesk, operation, person, session } from '../../../test/support/review-desks.ts'
import { ReviewRefused } from './review-desk.ts'
import type { OperationReview, Requester } from './review.ts'

const desks: Desk[] = []
async function open(options?: DeskOptions): Promise<Desk> {
  const desk = await openDesk(options)
  desks.push(desk)
  return desk
}
afterEach(async () => {
  for (const { reviews } of desks) await reviews.close()
  for (const storage of new Set(desks.splice(0).map((desk) => desk.storage))) await storage.close()
})

const never = new AbortController().signal
const by = { session: 'session-1', operation: 3 }
const approve = (desk: Desk, id: string, who: Requester, narrow?: { rows: number }) =>
  desk.reviews.answer(id, DIGEST, { by: who, answer: 'approve', ...(narrow && { narrow }) })
const deny = (desk: Desk, id: string, who: Requester) => desk.reviews.answer(id, DIGEST, { by: who, answer: 'deny', reason: 'not on a Friday' })
const refused = (kind: ReviewRefused['kind']) => (error: unknown): boolean => error instanceof ReviewRefused && error.kind === kind
const kept = async (desk: Desk, id: string): Promise<OperationReview> => (await desk.store.get(id)) as OperationReview

describe('an operation review', () => {
  test('wakes who waits when it is approved, and is used once, each step on record before it', async () => {
    const desk = await open()
    const asked = await desk.reviews.ask(operation())
    assert.match(asked.id, /^rv_[\w-]{22}$/)
    const waiting = desk.reviews.wait(asked.id, 5_000, never)
    await approve(desk, asked.id, person('kim'), { rows: 7 })
    const review = await waiting
    assert.deepEqual([review.state, review.rowLimit, desk.reviews.waiting], ['approved', 7, 0])
    assert.equal((await desk.reviews.find(session(), DIGEST))?.id, asked.id)
    assert.equal(await desk.reviews.use(review, by, [demand()]), true)
    assert.equal(await desk.reviews.use(review, by, [demand()]), false)
    assert.equal(await desk.reviews.find(session(), DIGEST), undefined)
    assert.deepEqual(desk.ledger.written.map(({ event }) => event), ['review.requested', 'review.answered', 'review.used'])
    assert.deepEqual(desk.news.map(({ what }) => what), ['review.requested', 'review.answered'])
    assert.deepEqual(desk.ledger.of('review.used').map(({ rows, n, digest }) => [rows, n, digest]), [[7, 3, DIGEST]])
  })

  test('shows who asks and what they did, and does not wait for a history that is slow or fails', async () => {
    const lately = [{ text: 'select 1', decision: 'allow', atMs: 1 }] as const
    const slow = await open({ history: { touched: () => new Promise(() => undefined), lately: () => Promise.resolve(lately) } })
    const from = performance.now()
    const { card } = await slow.reviews.ask(operation())
    assert.ok(performance.now() - from < 1_000)
    assert.deepEqual(card.risk, {
      owner: 'dana@example.com', application: 'psql', clientAddress: '127.0.0.1', sessionOpenedAtMs: 1_000, operations: 2, refused: 1, lately, firstTouched: undefined,
    })
    const known = await open({ history: { touched: () => Promise.resolve(['public.items']), lately: () => Promise.reject(new Error('no index')) } })
    const request = operation()
    const objects = ['public.orders', 'public.items']
    const { risk } = (await known.reviews.ask({ ...request, operation: { ...request.operation, facts: { ...request.operation.facts, objects } } })).card
    assert.deepEqual([risk.firstTouched, risk.lately], [['public.orders'], []])
  })

  test('cuts what is too long, and says so', async () => {
    const desk = await open()
    const request = operation()
    const long = { ...request.operation, text: '\u0001'.repeat(90_000), parameters: Array.from({ length: 200 }, () => 'p'.repeat(3_000)) }
    const { card } = await desk.reviews.ask({ ...request, operation: long, reviewable: { ...request.reviewable, definitions: ['a'.repeat(10_000), 'b'.repeat(10_000), 'c'] } })
    assert.ok(Buffer.byteLength(JSON.stringify(card)) < 160_000)
    assert.deepEqual([card.textTruncated, card.definitions.length, card.parameters.length], [true, 2, 100])
  })

  test('is not limited by what a planner guesses', async () => {
    const desk = await open()
    const preview = { method: 'estimated', rows: 4, atMost: false, tables: [], sample: [], notes: [] } as const
    assert.equal((await desk.reviews.ask(operation({ preview }))).rowLimit, undefined)
  })

  test('is denied by one, with a reason that the requester reads', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation({ demands: [demand({ approvals: 2 })] }))
    const waiting = desk.reviews.wait(id, 5_000, never)
    await approve(desk, id, person('kim'))
    assert.equal((await deny(desk, id, person('lee'))).state, 'denied')
    const review = await waiting
    assert.deepEqual([review.state, review.answers.at(-1)?.reason], ['denied', 'not on a Friday'])
    assert.equal(await desk.reviews.use({ ...review, state: 'approved' }, by, []), false)
    assert.deepEqual(desk.ledger.of('review.closed').map(({ state, reason }) => [state, reason]), [['denied', 'lee denied it: not on a Friday']])
    await assert.rejects(desk.reviews.answer(id, DIGEST, { by: person('pat'), answer: 'deny' }), refused('conflict'))
  })

  test('is found again while it stands: open, approved, and denied until it could not be answered any more', async () => {
    let nowMs = Date.now()
    const desk = await open({ now: () => nowMs })
    const request = operation()
    const found = async () => (await desk.reviews.find(request.session, DIGEST))?.state
    assert.equal(await found(), undefined)
    const { id, expiresAtMs } = await desk.reviews.ask(request)
    assert.equal(await found(), 'open')
    await deny(desk, id, person('lee'))
    nowMs = expiresAtMs - 1
    assert.equal(await found(), 'denied')
    nowMs = expiresAtMs
    assert.equal(await found(), undefined)
  })

  test('counts answers of those only who may: not of the requester, whoever acts for them, or through whom they ask', async () => {
    const desk = await open()
    const asker = person('dana', { actors: ['support-bot', 'bot-2-sub'] })
    const { id } = await desk.reviews.ask(operation({ session: session(asker), demands: [demand({ reviewers: ['dba', 'agent:checker', 'agent:support-bot'] })] }))
    const forged = person('eve', { groups: ['agent:checker'] })
    for (const who of [
      person('dana'), person('DANA', { subject: 'other' }), person('other', { subject: 's-dana' }), person('support-bot'), person('x', { subject: 'bot-2-sub' }),
      person('kim', { groups: ['leads'] }), person('kim', { actors: ['support-bot'] }), forged, BOT, { ...BOT, name: 'bot', groups: ['dba'] },
      { ...BOT, name: 'checker', subject: 'c', actors: ['kim'] },
    ]) await assert.rejects(approve(desk, id, who), refused('forbidden'), JSON.stringify(who))
    assert.equal(desk.ledger.of('review.answered').length, 0)
    assert.equal((await approve(desk, id, { ...BOT, name: 'checker', subject: 'c' })).state, 'approved')
  })

  test('wants different people for one demand, and each demand satisfied', async () => {
    const desk = await open()
    const demands = [demand({ approvals: 2, expiresMs: 60_000 }), demand({ rule: 'payouts', reviewers: ['leads'], expiresMs: 30_000 })]
    const { id } = await desk.reviews.ask(operation({ demands }))
    assert.equal((await approve(desk, id, person('kim'))).state, 'open')
    await assert.rejects(approve(desk, id, person('KIM', { subject: 'other' })), refused('conflict'))
    assert.equal((await approve(desk, id, person('lee'))).state, 'open')
    const before = Date.now()
    const { state, expiresAtMs } = await approve(desk, id, person('pat', { groups: ['leads', 'dba'] }))
    assert.equal(state, 'approved')
    assert.ok(expiresAtMs >= before + 30_000 && expiresAtMs <= Date.now() + 30_000)
    assert.deepEqual(desk.ledger.of('review.answered').map((event) => [event.state, event.groups]), [['open', ['dba']], ['open', ['dba']], ['approved', ['leads', 'dba']]])
  })

  test('takes no answer to something else, too late, without a reason for a denial, or that widens it', async () => {
    let nowMs = Date.now()
    const desk = await open({ now: () => nowMs })
    const { id } = await desk.reviews.ask(operation())
    const who = person('kim')
    await assert.rejects(desk.reviews.answer(id, 'cd'.repeat(32), { by: who, answer: 'approve' }), refused('conflict'))
    await assert.rejects(desk.reviews.answer(id, DIGEST, { by: who, answer: 'deny', reason: ' ' }), refused('invalid'))
    await assert.rejects(desk.reviews.answer(id, DIGEST, { by: who, answer: 'approve', reason: 'x'.repeat(1_001) }), refused('invalid'))
    await assert.rejects(desk.reviews.answer(id, DIGEST, { by: who, answer: 'approve', narrow: { minutes: 1 } }), refused('invalid'))
    await assert.rejects(desk.reviews.answer(id, DIGEST, { by: who, answer: 'approve', narrow: { rows: -1 } }), refused('invalid'))
    await assert.rejects(desk.reviews.answer('rv_none', DIGEST, { by: who, answer: 'approve' }), refused('not-found'))
    nowMs += 900_000
    await assert.rejects(approve(desk, id, who), refused('conflict'))
    assert.equal(await desk.reviews.find(session(), DIGEST), undefined)
    assert.equal(desk.ledger.of('review.answered').length, 0)
  })

  test('is used only for what its answers satisfy, and in time', async () => {
    let nowMs = Date.now()
    const desk = await open({ now: () => nowMs })
    const { id } = await desk.reviews.ask(operation())
    const review = (await approve(desk, id, person('kim'))) as OperationReview
    assert.equal(await desk.reviews.use(review, by, [demand({ approvals: 2 })]), false)
    assert.equal(await desk.reviews.use(review, by, [demand({ reviewers: ['leads'] })]), false)
    nowMs = review.expiresAtMs
    assert.equal(await desk.reviews.use(review, by, []), false)
    assert.equal(desk.ledger.of('review.used').length, 0)
  })

  test('can be withdrawn by who asked, also after it was approved', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    await assert.rejects(desk.reviews.withdraw(id, person('kim')), refused('forbidden'))
    const review = (await approve(desk, id, person('kim'))) as OperationReview
    assert.equal((await desk.reviews.withdraw(id, BOT)).state, 'withdrawn')
    assert.equal(await desk.reviews.use(review, by, []), false)
    await assert.rejects(desk.reviews.withdraw(id, BOT), refused('conflict'))
    await desk.reviews.withdraw(id, 'the client cancelled it')
    assert.equal(desk.ledger.of('review.closed').length, 1)
  })

  test('has a place among so many of one requester only', async () => {
    const desk = await open()
    for (let n = 0; n < 99; n++) await desk.reviews.ask(operation({}, DIGEST))
    const two = await Promise.allSettled([desk.reviews.ask(operation()), desk.reviews.ask(operation())])
    assert.deepEqual(two.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
    await desk.reviews.ask(operation({ session: session({ ...BOT, name: 'other', subject: 'o' }) }))
    assert.equal(await desk.store.countOpen(BOT), 100)
  })
})

describe('a wait', () => {
  test('ends with the review as it is when the time is up, the client gives up, or the gateway stops', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    assert.equal((await desk.reviews.wait(id, 5, never)).state, 'open')
    const gone = new AbortController()
    const waits = [desk.reviews.wait(id, 60_000, gone.signal), desk.reviews.wait(id, 60_000, never)]
    gone.abort()
    assert.equal((await waits[0])?.state, 'open')
    await assert.rejects(desk.reviews.wait('rv_none', 0, never))
    let ended = false
    void waits[1]?.then(() => (ended = true))
    await desk.reviews.close()
    assert.ok(ended, 'before its store can be closed')
    assert.equal((await waits[1])?.state, 'open')
  })

  test('ends at once for what is answered already, and for what another gateway answers, also when its signal was lost', async () => {
    const here = await open()
    const there = await open({ storage: here.storage })
    const { id } = await here.reviews.ask(operation())
    const waiting = here.reviews.wait(id, 60_000, never)
    await approve(there, id, person('kim'))
    assert.equal((await waiting).state, 'approved')
    await sleep(20)
    const reads = new AbortController()
    setTimeout(() => reads.abort(), 5_000).unref()
    const from = performance.now()
    assert.equal((await here.reviews.wait(id, 60_000, reads.signal)).state, 'approved')
    assert.ok(performance.now() - from < 4_000, 'it is read at the beginning')
    const other = await here.reviews.ask(operation({}, 'cd'.repeat(32)))
    const lost = here.reviews.wait(other.id, 60_000, never)
    // By then it has read the review as it was.
    await sleep(50)
    await here.store.move(other.id, 'open', 'denied', { nowMs: Date.now() })
    const signals = here.storage.signals as unknown as { tellGap(): void }
    signals.tellGap()
    assert.equal((await lost).state, 'denied')
  })

  test('ends when the time of the review is over', async () => {
    let nowMs = Date.now()
    const desk = await open({ now: () => nowMs })
    const { id } = await desk.reviews.ask(operation({ demands: [demand({ expiresMs: 1_000 })] }))
    const waiting = desk.reviews.wait(id, 60_000, never)
    nowMs += 1_000
    assert.equal((await waiting).state, 'expired')
    assert.deepEqual(desk.ledger.of('review.closed').map(({ state }) => state), ['expired'])
    assert.equal(desk.news.at(-1)?.what, 'review.closed')
  })
})

describe('a ledger that fails', () => {
  test('lets nobody be asked', async () => {
    const desk = await open()
    desk.ledger.fails = () => true
    await assert.rejects(desk.reviews.ask(operation()), /disk is full/)
    assert.deepEqual([await desk.store.countOpen(), desk.news.length], [0, 0])
  })

  test('lets no answer count, and the same person answer again', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    desk.ledger.fails = () => true
    await assert.rejects(approve(desk, id, person('kim')), /disk is full/)
    await assert.rejects(deny(desk, id, person('kim')), /disk is full/)
    assert.deepEqual([(await kept(desk, id)).state, (await kept(desk, id)).answers.length], ['open', 0])
    desk.ledger.fails = () => false
    assert.equal((await approve(desk, id, person('kim'))).state, 'approved')
  })

  test('never lets a denied one run, though its end could not be recorded', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation({ demands: [demand({ approvals: 1 })] }))
    desk.ledger.fails = ({ event }) => event === 'review.closed'
    await assert.rejects(deny(desk, id, person('kim')), /disk is full/)
    await assert.rejects(approve(desk, id, person('lee')), /disk is full/)
    assert.equal((await kept(desk, id)).state, 'open')
    desk.ledger.fails = () => false
    assert.equal((await desk.reviews.find(session(), DIGEST))?.state, 'denied')
    assert.equal((await kept(desk, id)).state, 'denied')
  })

  test('lets nothing be used, and keeps the approval for later', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    const review = (await approve(desk, id, person('kim'))) as OperationReview
    desk.ledger.fails = () => true
    await assert.rejects(desk.reviews.use(review, by, []), /disk is full/)
    desk.ledger.fails = () => false
    assert.equal(await desk.reviews.use(review, by, []), true)
    assert.equal(desk.ledger.of('review.used').length, 1)
  })

  test('lets nothing be withdrawn', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    desk.ledger.fails = () => true
    await assert.rejects(desk.reviews.withdraw(id, BOT), /disk is full/)
    assert.equal((await kept(desk, id)).state, 'open')
  })
})

describe('a store that fails', () => {
  test('takes back on record what was recorded and could not be kept', async () => {
    const noRoom = () => Promise.reject(new Error('no room'))
    const desk = await open({ store: (store) => changed(store, { add: noRoom, answer: noRoom }) })
    await assert.rejects(desk.reviews.ask(operation()), /no room/)
    assert.deepEqual(desk.ledger.all.map(({ event }) => event), ['review.requested', 'review.closed'])
    const { id } = await (await open({ storage: desk.storage })).reviews.ask(operation())
    await assert.rejects(approve(desk, id, person('kim')), /no room/)
    assert.deepEqual(desk.ledger.all.slice(2).map(({ event }) => event), ['review.answered', 'answer.voided'])
  })

  test('after an answer leaves it to count at the next look: by a start, a wait or the same operation', async () => {
    const desk = await open()
    const { id } = await desk.reviews.ask(operation())
    const kim = { by: { kind: 'person', name: 'kim', issuer: 'corp', subject: 's-kim' }, groups: ['dba'], answer: 'approve', atMs: Date.now() } as const
    await desk.store.answer(id, kim)
    assert.equal((await desk.reviews.find(session(), DIGEST))?.state, 'approved')
    const other = await desk.reviews.ask(operation({}, 'cd'.repeat(32)))
    await desk.store.answer(other.id, kim)
    assert.equal((await desk.reviews.wait(other.id, 5_000, never)).state, 'approved')
    const third = await desk.reviews.ask(operation({}, 'ef'.repeat(32)))
    await desk.store.answer(third.id, kim)
    await open({ storage: desk.storage })
    assert.equal((await kept(desk, third.id)).state, 'approved')
  })
})
