import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ReviewLine, routes } from '@sallyport/contract'
import { Hono } from 'hono'
import { FollowedLines, type ReviewApi, startReviewApi } from '../../test/support/review-api.ts'
import { type FollowTimes, followReviews } from './follow-reviews.ts'

const words = (lines: readonly (ReviewLine | undefined)[]) => lines.map((line) => (line?.type === 'review' ? `${line.review.id} ${line.review.state} ${line.review.answers.length}` : line?.type))

describe('following reviews', () => {
  let gateway: ReviewApi
  let dana = ''
  let agent = ''
  const followed: FollowedLines[] = []

  before(async () => {
    gateway = await startReviewApi()
    dana = await gateway.person('dana', 'dba')
    agent = await gateway.agent()
  })
  afterEach(async () => {
    for (const one of followed.splice(0)) await one.leave()
  })
  after(() => gateway.close())

  async function follow(as: string, times?: FollowTimes): Promise<FollowedLines> {
    const api = times === undefined ? gateway.api : new Hono().get(routes.reviewEvents, (context) => followReviews(context, gateway.services, times))
    const lines = new FollowedLines(await api.request(routes.reviewEvents, { headers: { authorization: `Bearer ${as}` } }))
    followed.push(lines)
    return lines
  }
  const approve = (as: string, { id, digest }: { id: string; digest: string }) => gateway.call('POST', routes.reviewAnswers(id), as, { answer: 'approve', digest })

  it('starts with what is open, then tells each change once, as it happens', async () => {
    const first = await gateway.ask(agent, { demands: [{ approvals: 2 }] })
    const lines = await follow(dana)
    assert.deepEqual(words(await lines.until('live')), [`${first.id} open 0`, 'live'])
    const second = await gateway.ask(agent)
    // As when it comes back from another gateway too.
    gateway.signals.tell({ what: 'review', id: second.id })
    gateway.signals.tell({ what: 'review', id: second.id })
    assert.deepEqual(words([await lines.next()]), [`${second.id} open 0`])
    await approve(dana, first)
    await approve(await gateway.person('robin', 'dba'), first)
    const told = words([await lines.next()])
    if (told[0] === `${first.id} open 1`) told.push(...words([await lines.next()]))
    assert.equal(told.at(-1), `${first.id} approved 2`)
    await gateway.call('DELETE', routes.review(second.id), agent)
    assert.deepEqual(words([await lines.next()]), [`${second.id} withdrawn 0`])
    await gateway.call('DELETE', routes.review(first.id), agent)
  })

  it('tells each follower only of what they may see, and as much of it', async () => {
    const strangers = await Promise.all([gateway.person('eve'), gateway.agent('nightly-report'), gateway.person('mallory', 'payments')].map(async (token) => follow(await token)))
    const requester = await follow(agent)
    const auditor = await follow(await gateway.person('ada', 'auditors'))
    for (const lines of [...strangers, requester, auditor]) await lines.until('live')
    const review = await gateway.ask(agent)
    const [own, all] = [await requester.next(), await auditor.next()]
    assert.ok(own?.type === 'review' && own.review.kind === 'operation' && own.review.id === review.id)
    assert.equal(own.review.card.risk, null)
    assert.ok(all?.type === 'review' && all.review.kind === 'operation' && all.review.card.risk !== null)
    // Nothing of it came to the others: what comes next is their own.
    const eves = await gateway.ask(await gateway.person('eve'), { demands: [{ reviewers: ['payments', 'agent:nightly-report'] }] })
    for (const lines of strangers) assert.deepEqual(words([await lines.next()]), [`${eves.id} open 0`])
    for (const one of [review, eves]) await gateway.storage.reviews.move(one.id, 'open', 'withdrawn', { nowMs: Date.now() })
  })

  it('reads everything anew after a gap in which changes may have been missed', async () => {
    const [kept, closed] = [await gateway.ask(agent), await gateway.ask(agent, { text: 'delete from orders' })]
    const lines = await follow(dana)
    await lines.until('live')
    await gateway.storage.reviews.move(closed.id, 'open', 'denied', { nowMs: Date.now() })
    gateway.signals.tellGap()
    assert.deepEqual(words([await lines.next()]), [`${closed.id} denied 0`])
    await gateway.call('DELETE', routes.review(kept.id), agent)
    assert.deepEqual(words([await lines.next()]), [`${kept.id} withdrawn 0`], 'what did not change was not told again')
  })

  it('loses nothing when more changes at once than are kept for a slow reader', async () => {
    const review = await gateway.ask(agent)
    const lines = await follow(dana)
    await lines.until('live')
    await gateway.storage.reviews.move(review.id, 'open', 'denied', { nowMs: Date.now() })
    for (let number = 0; number < 3_000; number += 1) gateway.signals.tell({ what: 'review', id: `rv_${number}` })
    gateway.signals.tell({ what: 'review', id: review.id })
    assert.deepEqual(words([await lines.next()]), [`${review.id} denied 0`])
  })

  it('ends after its time with words, and goes no further than the token', async () => {
    const short = await follow(dana, { checkMs: 10_000, mostMs: 100 })
    assert.deepEqual(words(await short.until('end')).at(-1), 'end')
    assert.equal(await short.next(), undefined)
    const eve = await gateway.person('eve')
    const cut = await follow(eve, { checkMs: 20, mostMs: 60_000 })
    await cut.until('live')
    await gateway.revoke(eve)
    assert.equal(await cut.next(), undefined, 'without an end: it was cut off')
  })

  it('takes in what a change of roles means while it goes on', async () => {
    const review = await gateway.ask(agent)
    const before = gateway.services.policies.current.document
    const ada = await gateway.person('ada', 'auditors')
    const lines = await follow(ada, { checkMs: 20, mostMs: 60_000 })
    await lines.until('live')
    const { current } = gateway.services.policies
    Object.defineProperty(gateway.services.policies, 'current', { value: { ...current, document: { ...before, roles: { ...before.roles, auditor: [] } } }, configurable: true, writable: true })
    try {
      await sleep(100)
      await gateway.call('DELETE', routes.review(review.id), agent)
      const own = await gateway.ask(ada)
      assert.deepEqual(words([await lines.next()]), [`${own.id} open 0`], 'no word of the other one')
      await gateway.call('DELETE', routes.review(own.id), ada)
    } finally {
      Object.defineProperty(gateway.services.policies, 'current', { value: current, configurable: true, writable: true })
    }
  })

  it('is for so many at once, and gives the place back', async () => {
    const eve = await gateway.person('eve-of-many')
    const all = [await follow(eve), await follow(eve), await follow(eve), await follow(eve)]
    assert.deepEqual(all.map(({ status }) => status), [200, 200, 200, 200])
    const refused = await gateway.api.request(routes.reviewEvents, { headers: { authorization: `Bearer ${eve}` } })
    assert.equal(refused.status, 429)
    assert.equal((await follow(dana)).status, 200, 'others are not kept out')
    await all[0]?.leave()
    for (let again = 0; again < 70; again += 1) {
      const lines = await follow(eve)
      assert.equal(lines.status, 200)
      await lines.leave()
    }
  })

  it('wants a token', async () => {
    assert.equal((await gateway.api.request(routes.reviewEvents)).status, 401)
    assert.equal((await gateway.api.request(`${routes.reviewEvents}?access_token=${dana}`)).status, 401)
  })
})
