import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { BOT, changed, type Desk, type DeskOptions, openDesk, person } from '../../../test/support/review-desks.ts'
import type { RuleEntry } from '../policy/policy-document.ts'
import { type AccessRequest, ReviewRefused } from './review-desk.ts'
import type { Requester, Review } from './review.ts'

const MINUTE = 60_000
const night: RuleEntry = { name: 'night-shift', targets: ['shop'], then: 'allow', during: 'access-review', reviewers: ['dba'], longestMs: 60 * MINUTE, breakGlass: ['on-call'] }
const writes: RuleEntry = { name: 'writes', when: '!operation.readOnly', then: 'review', reviewers: ['dba'], breakGlass: ['on-call'] }
const eve: Requester = person('eve', { groups: ['on-call'] })
const kim = person('kim')

const desks: Desk[] = []
async function open(options: DeskOptions = {}): Promise<Desk> {
  const desk = await openDesk({ rules: [night, writes], ...options })
  desks.push(desk)
  return desk
}
afterEach(async () => {
  for (const { reviews } of desks) await reviews.close()
  for (const storage of new Set(desks.splice(0).map((desk) => desk.storage))) await storage.close()
})

const ask = (given: Partial<AccessRequest> = {}): AccessRequest =>
  ({ requester: BOT, claims: {}, target: 'shop', purpose: 'tickets', minutes: 30, reason: 'ticket 4711', ...given })
const answer = (desk: Desk, { id, digest }: Review, by: Requester, minutes?: number): Promise<Review> =>
  desk.reviews.answer(id, digest, { by, answer: 'approve', ...(minutes !== undefined && { narrow: { minutes } }) })
const refused = (kind: ReviewRefused['kind'], words?: RegExp) => (error: unknown): boolean =>
  error instanceof ReviewRefused && error.kind === kind && (words === undefined || words.test(`${error.message} ${error.hint}`))

describe('access', () => {
  test('is granted for as long as was approved, on record before it holds, and told', async () => {
    const desk = await open()
    const review = await desk.reviews.requestAccess(ask())
    assert.equal((await desk.reviews.requestAccess(ask())).id, review.id, 'the same is not asked twice')
    assert.deepEqual(await desk.reviews.grantsOf(BOT, 'shop'), [])
    const before = Date.now()
    assert.equal((await answer(desk, review, kim, 10)).state, 'used')
    const [grant, ...others] = await desk.reviews.grantsOf(BOT, 'shop')
    assert.ok(grant !== undefined && others.length === 0)
    assert.deepEqual([grant.kind, grant.rules, grant.reason], ['access', ['night-shift'], 'ticket 4711'])
    assert.ok(grant.untilMs >= before + 10 * MINUTE && grant.untilMs <= Date.now() + 10 * MINUTE)
    assert.deepEqual(await desk.reviews.grantsOf(BOT, 'crm'), [])
    assert.deepEqual(await desk.reviews.grantsOf({ ...BOT, actors: ['x'] }, 'shop'), [])
    assert.deepEqual(desk.ledger.written.map(({ event }) => event), ['review.requested', 'review.answered', 'access.granted'])
    assert.deepEqual(desk.ledger.of('access.granted').map((event) => [event.review, event.until]), [[review.id, grant.untilMs]])
    assert.deepEqual(desk.news.map(({ what }) => what), ['review.requested', 'review.answered', 'access.granted'])
  })

  test('is asked for by rules that can grant it, within their limits', async () => {
    const desk = await open({ rules: [night, { ...night, name: 'day-shift' }] })
    await assert.rejects(desk.reviews.requestAccess(ask()), refused('invalid', /night-shift, day-shift/))
    await assert.rejects(desk.reviews.requestAccess(ask({ rule: 'writes' })), refused('invalid', /night-shift, day-shift/))
    await assert.rejects(desk.reviews.requestAccess(ask({ rule: 'night-shift', minutes: 61 })), refused('invalid', /at most 60/))
    for (const minutes of [0, -1, 1.5, Number.NaN]) await assert.rejects(desk.reviews.requestAccess(ask({ rule: 'night-shift', minutes })), refused('invalid'))
    await assert.rejects(desk.reviews.requestAccess(ask({ rule: 'night-shift', reason: ' ' })), refused('invalid'))
    await assert.rejects(desk.reviews.requestAccess(ask({ target: 'none' })), refused('not-found'))
    await assert.rejects(desk.reviews.requestAccess(ask({ target: 'crm' })), refused('forbidden'))
    const review = await desk.reviews.requestAccess(ask({ rule: 'day-shift' }))
    await assert.rejects(answer(desk, review, kim, 31), refused('invalid'))
    await assert.rejects(answer(desk, review, BOT), refused('forbidden'))
  })

  test('is granted under the policy of now', async () => {
    const desk = await open()
    const gone = await desk.reviews.requestAccess(ask({ minutes: 5 }))
    const more = await desk.reviews.requestAccess(ask({ minutes: 50 }))
    desk.apply([{ ...night, approvals: 2, longestMs: 20 * MINUTE }])
    assert.equal((await answer(desk, more, kim)).state, 'open')
    assert.deepEqual(await desk.reviews.grantsOf(BOT, 'shop'), [])
    assert.equal((await answer(desk, more, person('lee'))).state, 'used')
    const [grant] = await desk.reviews.grantsOf(BOT, 'shop')
    assert.equal(grant && grant.untilMs - grant.fromMs, 20 * MINUTE)
    desk.apply([])
    await assert.rejects(answer(desk, gone, kim), refused('conflict'))
    assert.equal((await desk.store.get(gone.id))?.state, 'withdrawn')
  })

  test('ends sessions in every gateway when its time is over, and one of them says so', async () => {
    let aheadMs = 0
    const now = (): number => Date.now() + aheadMs
    const here = await open({ now })
    const there = await open({ storage: here.storage, now })
    await answer(here, await here.reviews.requestAccess(ask({ minutes: 1 })), kim)
    const [grant] = await there.reviews.grantsOf(BOT, 'shop')
    aheadMs = MINUTE - 150
    // A signal makes each look at the clock again.
    here.storage.signals.tell({ what: 'grant', id: grant?.id ?? '' })
    assert.equal(here.ended.length + there.ended.length, 0)
    await eventually('both have ended it', () => here.ended.length === 1 && there.ended.length === 1, 3_000)
    for (const { ended } of [here, there]) assert.deepEqual(ended.map((one) => [one.grant.id, one.reason]), [[grant?.id, 'its time is over']])
    await eventually('it is on record', () => here.ledger.of('access.ended').length + there.ledger.of('access.ended').length > 0)
    assert.equal(here.ledger.of('access.ended').length + there.ledger.of('access.ended').length, 1)
    assert.equal([...here.news, ...there.news].filter(({ what }) => what === 'access.ended').length, 1)
    assert.deepEqual(await here.reviews.grantsOf(BOT, 'shop'), [])
  })

  test('that lasts longer than a timer can be set for does not end at once', async () => {
    const desk = await open({ rules: [{ ...night, longestMs: 100 * 86_400_000 }] })
    await answer(desk, await desk.reviews.requestAccess(ask({ minutes: 60 * 24 * 60 })), kim)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual([desk.ended.length, (await desk.reviews.grantsOf(BOT, 'shop')).length], [0, 1])
  })

  test('is ended by who holds it or may end all, in all gateways, and no other', async () => {
    const here = await open()
    const there = await open({ storage: here.storage })
    await answer(here, await here.reviews.requestAccess(ask()), kim)
    const [grant] = await there.reviews.grantsOf(BOT, 'shop')
    const id = grant?.id ?? ''
    await assert.rejects(here.reviews.endGrant(id, kim, false), refused('forbidden'))
    await assert.rejects(here.reviews.endGrant('gr_none', kim, true), refused('not-found'))
    here.ledger.fails = () => true
    await assert.rejects(here.reviews.endGrant(id, BOT, false), /disk is full/)
    assert.equal((await here.reviews.grantsOf(BOT, 'shop')).length, 1)
    here.ledger.fails = () => false
    const both = await Promise.allSettled([here.reviews.endGrant(id, BOT, false), here.reviews.endGrant(id, kim, true)])
    assert.deepEqual(both.map(({ status }) => status), ['fulfilled', 'rejected'])
    await eventually('the other gateway has ended its sessions', () => there.ended.length > 0)
    assert.match(there.ended[0]?.reason ?? '', /withdrawn/)
    assert.deepEqual([await here.reviews.grantsOf(BOT, 'shop'), here.ledger.of('access.ended').length], [[], 1])
  })

  test('does not hold when it cannot be recorded or kept, and can be granted once it can', async () => {
    const desk = await open()
    const review = await desk.reviews.requestAccess(ask())
    desk.ledger.fails = ({ event }) => event === 'access.granted'
    await assert.rejects(answer(desk, review, kim), /disk is full/)
    assert.deepEqual([await desk.reviews.grantsOf(BOT, 'shop'), (await desk.store.get(review.id))?.state], [[], 'open'])
    const full = await open({ storage: desk.storage, store: (store) => changed(store, { addGrant: () => Promise.reject(new Error('no room')) }) })
    assert.deepEqual([full.errors.length, (await desk.store.get(review.id))?.state], [1, 'open'])
    assert.deepEqual(full.ledger.all.map(({ event }) => event), ['access.granted', 'access.ended'])
    await open({ storage: desk.storage })
    assert.deepEqual([(await desk.reviews.grantsOf(BOT, 'shop')).length, (await desk.store.get(review.id))?.state], [1, 'used'])
  })
})

describe('broken glass', () => {
  test('lets a person of a named group pass at once, told to everybody, and stands out on record', async () => {
    const desk = await open()
    const grant = await desk.reviews.breakGlass(ask({ requester: eve, minutes: 60 }))
    assert.deepEqual([grant.kind, grant.rules, grant.untilMs - grant.fromMs], ['break-glass', ['night-shift', 'writes'], 60 * MINUTE])
    assert.deepEqual((await desk.reviews.grantsOf(eve, 'shop')).map(({ id }) => id), [grant.id])
    assert.deepEqual(desk.ledger.written.map(({ event }) => event), ['break-glass.opened', 'access.granted'])
    assert.deepEqual(desk.news.map(({ what }) => what), ['break-glass.used'])
    assert.deepEqual((await desk.reviews.breakGlass(ask({ requester: eve, rule: 'writes' }))).rules, ['writes'])
  })

  test('is not for agents, nobody through one, no other group, no longer than an hour, and not without a reason or a record', async () => {
    const desk = await open()
    for (const requester of [BOT, { ...BOT, groups: ['on-call'] }, { ...eve, actors: ['support-bot'] }, kim]) {
      await assert.rejects(desk.reviews.breakGlass(ask({ requester })), refused('forbidden'))
    }
    await assert.rejects(desk.reviews.breakGlass(ask({ requester: eve, minutes: 61 })), refused('invalid'))
    await assert.rejects(desk.reviews.breakGlass(ask({ requester: eve, reason: '' })), refused('invalid'))
    await assert.rejects(desk.reviews.breakGlass(ask({ requester: eve, rule: 'none' })), refused('invalid'))
    desk.ledger.fails = () => true
    await assert.rejects(desk.reviews.breakGlass(ask({ requester: eve })), /disk is full/)
    assert.deepEqual([await desk.reviews.grantsOf(eve, 'shop'), desk.news], [[], []])
  })
})
