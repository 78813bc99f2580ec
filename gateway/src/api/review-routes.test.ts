import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ApiError, Review, ReviewList, routes } from '@sallyport/contract'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type ReviewApi, startReviewApi } from '../../test/support/review-api.ts'
import type { OperationReview } from '../governance/review/review.ts'

describe('reviews over the control API', () => {
  let gateway: ReviewApi
  let dana = ''
  let robin = ''
  let agent = ''
  let review: OperationReview

  before(async () => {
    gateway = await startReviewApi()
    dana = await gateway.person('dana', 'dba')
    robin = await gateway.person('robin', 'dba')
    agent = await gateway.agent()
  })
  beforeEach(async () => {
    review = await gateway.ask(agent)
  })
  after(() => gateway.close())

  const show = (as: string, id = review.id) => gateway.call('GET', routes.review(id), as)
  const answer = (as: string, body: unknown, id = review.id) => gateway.call('POST', routes.reviewAnswers(id), as, body)
  const approve = (as: string, id = review.id) => answer(as, { answer: 'approve', digest: review.digest }, id)
  const stateNow = async (id = review.id) => (await gateway.storage.reviews.get(id))?.state
  const ids = async (as: string, query = '') => ReviewList.parse((await gateway.call('GET', routes.reviews + query, as)).body).reviews.map(({ id }) => id)
  /** The review is as it was, and nobody's answer is on it. */
  async function untouched(what: string): Promise<void> {
    const now = await gateway.storage.reviews.get(review.id)
    assert.deepEqual([now?.state, now?.answers.length], ['open', 0], what)
  }
  function refused(got: { status: number; body: object }, status: number, code: ApiError['code'], what = ''): ApiError {
    assert.equal(got.status, status, `${what} ${JSON.stringify(got.body)}`)
    const error = ApiError.parse(got.body)
    assert.equal(error.code, code, what)
    return error
  }

  it('shows everything to those who may answer, auditor, operator and administrator', async () => {
    for (const [name, group, mayAnswer] of [['dana', 'dba', true], ['ada', 'auditors', false], ['olaf', 'ops', false], ['amy', 'admins', false]] as const) {
      const { status, body } = await show(await gateway.person(name, group))
      assert.equal(status, 200)
      const shown = Review.parse(body)
      assert.ok(shown.kind === 'operation' && shown.card.preview !== null)
      assert.equal(shown.mayAnswer, mayAnswer, name)
      assert.deepEqual(shown.card.preview.sample, [{ before: { id: '1', status: 'SAMPLE' }, after: null }])
      assert.equal(shown.card.risk?.owner, 'dana@example.com')
      assert.deepEqual(shown.card.risk.lately.map(({ text }) => text), ['drop table x'])
      assert.deepEqual(shown.demands, [{ rule: 'writes', reviewers: ['dba'], approvals: 1, missing: 1 }])
      assert.deepEqual([shown.rowLimit, shown.card.parameters], [12, ['sent', null]])
    }
  })

  it('shows its requester the review without risk, and nothing of what was found out about rows', async () => {
    const { body, text } = await show(agent)
    const shown = Review.parse(body)
    assert.ok(shown.kind === 'operation')
    assert.deepEqual([shown.card.risk, shown.card.preview, shown.rowLimit, shown.mayAnswer], [null, null, null, false])
    assert.doesNotMatch(text, /SAMPLE|a note|drop table x|dana@example/)
    // A subject says more than a name, and is nobody's business here.
    assert.doesNotMatch(text, /"subject"/)
  })

  it('is not there for anybody else, whatever they try, as if there were none of that id', async () => {
    const strangers = {
      'another agent': await gateway.agent('nightly-report'), 'a person of no group': await gateway.person('eve'),
      'a reviewer of other things': await gateway.person('mallory', 'payments'),
      'a person whose group is named as an agent': await gateway.person('eve', 'agent:support-bot'),
      'the owner of the agent, of no group': await gateway.person('dana@example.com'),
    }
    for (const [who, token] of Object.entries(strangers)) {
      for (const [method, path, body] of [
        ['GET', routes.review(review.id)], ['POST', routes.reviewAnswers(review.id), { answer: 'approve', digest: review.digest }],
        ['POST', routes.reviewAnswers(review.id), 'nonsense'], ['DELETE', routes.review(review.id)],
      ] as const) {
        const got = await gateway.call(method, path, token, body)
        const none = await gateway.call(method, path.replace(review.id, 'rv_AAAAAAAAAAAAAAAAAAAAAA'), token, body)
        refused(got, 404, 'not-found', `${who} ${method}`)
        assert.equal(got.text, none.text, `${who} ${method}: nothing tells that there is one`)
      }
      assert.ok(!(await ids(token)).includes(review.id), who)
    }
    await untouched('nobody of them did anything')
  })

  it('wants a token, and takes no id that is too long or odd', async () => {
    const bare = await gateway.api.request(routes.review(review.id))
    assert.equal(bare.status, 401)
    for (const id of ['x'.repeat(65), '..', '%00', 'rv_', `${review.id}'--`]) refused(await gateway.call('GET', `${routes.reviews}/${encodeURIComponent(id)}`, dana), 404, 'not-found', id)
  })

  describe('an answer', () => {
    it('counts once, with the digest of what was shown', async () => {
      const { status, body } = await answer(dana, { answer: 'approve', digest: review.digest, reason: ' ticket 7 ', narrow: { rows: 5 } })
      assert.equal(status, 200)
      const shown = Review.parse(body)
      assert.deepEqual([shown.state, shown.mayAnswer, shown.demands[0]?.missing], ['approved', false, 0])
      assert.deepEqual(shown.answers.map(({ by, answer: said, reason, rows, minutes }) => [by.name, said, reason, rows, minutes]), [['dana', 'approve', 'ticket 7', 5, null]])
      refused(await approve(dana), 409, 'conflict')
      refused(await approve(robin), 409, 'conflict')
    })

    it('is of another person each time, until nothing is missing', async () => {
      review = await gateway.ask(agent, { demands: [{ approvals: 2 }] })
      assert.deepEqual(Review.parse((await approve(dana)).body).demands.map(({ missing }) => missing), [1])
      refused(await approve(dana), 409, 'conflict')
      refused(await approve(await gateway.person('DANA', 'dba')), 409, 'conflict', 'the same name in other letters')
      assert.equal(Review.parse((await show(dana)).body).mayAnswer, false)
      assert.equal(Review.parse((await show(robin)).body).mayAnswer, true)
      assert.equal(Review.parse((await approve(robin)).body).state, 'approved')
    })

    it('that denies carries a reason, which the requester reads, and ends the review', async () => {
      refused(await answer(dana, { answer: 'deny', digest: review.digest }), 400, 'invalid-request')
      refused(await answer(dana, { answer: 'deny', digest: review.digest, reason: ' \n' }), 400, 'invalid-request')
      assert.equal(Review.parse((await answer(dana, { answer: 'deny', digest: review.digest, reason: 'add a filter' })).body).state, 'denied')
      const shown = Review.parse((await show(agent)).body)
      assert.deepEqual([shown.state, shown.answers[0]?.reason], ['denied', 'add a filter'])
      refused(await approve(robin), 409, 'conflict')
    })

    for (const [what, body, status, code] of [
      ['another digest', { answer: 'approve', digest: 'cd'.repeat(32) }, 409, 'conflict'],
      ['no digest', { answer: 'approve' }, 400, 'invalid-request'],
      ['a digest in capitals', { answer: 'approve', digest: 'AB'.repeat(32) }, 400, 'invalid-request'],
      ['a member too many', { answer: 'approve', digest: 'ab'.repeat(32), by: 'robin' }, 400, 'invalid-request'],
      ['groups of its own', { answer: 'approve', digest: 'ab'.repeat(32), groups: ['dba'] }, 400, 'invalid-request'],
      ['another word', { answer: 'yes', digest: 'ab'.repeat(32) }, 400, 'invalid-request'],
      ['a reason without end', { answer: 'approve', digest: 'ab'.repeat(32), reason: 'x'.repeat(1_001) }, 400, 'invalid-request'],
      ['a body without end', { answer: 'approve', digest: 'ab'.repeat(32), reason: 'x'.repeat(17_000) }, 413, 'too-large'],
      ['half a row', { answer: 'approve', digest: 'ab'.repeat(32), narrow: { rows: 0.5 } }, 400, 'invalid-request'],
      ['fewer rows than none', { answer: 'approve', digest: 'ab'.repeat(32), narrow: { rows: -1 } }, 400, 'invalid-request'],
      ['minutes for an operation', { answer: 'approve', digest: 'ab'.repeat(32), narrow: { minutes: 5 } }, 422, 'not-possible'],
      ['a denial that narrows', { answer: 'deny', digest: 'ab'.repeat(32), reason: 'no', narrow: { rows: 1 } }, 400, 'invalid-request'],
      ['no JSON', '{"answer":', 400, 'invalid-request'],
      ['a list', [], 400, 'invalid-request'],
    ] as const) {
      it(`with ${what} is none`, async () => {
        refused(await answer(dana, body), status, code)
        await untouched(what)
      })
    }

    it('takes no more than a reviewer may say, though prototypes are named', async () => {
      refused(await answer(dana, '{"answer":"approve","digest":"' + review.digest + '","__proto__":{"x":1}}'), 400, 'invalid-request')
      await untouched('a prototype')
    })

    it('of the requester counts on no way', async () => {
      const bot = await gateway.agent()
      const onBehalf = await gateway.sessionToken(dana, bot)
      const ways: Record<string, string> = {
        'its own token': bot, 'its own session token': await gateway.sessionToken(bot),
        'a token as acting for a reviewer': onBehalf,
      }
      for (const [way, token] of Object.entries(ways)) {
        const got = await approve(token)
        assert.ok(got.status === 403 || got.status === 404, `${way}: ${got.status} ${got.text}`)
        await untouched(way)
      }
    })

    it('of the person on whose behalf it is asked, or of anybody through the agent, counts on no way', async () => {
      review = await gateway.ask(await gateway.sessionToken(dana, agent))
      assert.deepEqual([review.requester.name, review.requester.actors.length], ['dana', 1])
      for (const [who, token] of Object.entries({
        'the person': dana, 'the person in other letters': await gateway.person('Dana', 'dba'), 'the person by a session token': await gateway.sessionToken(dana),
        'the agent for the person': await gateway.sessionToken(dana, agent), 'the agent': agent, 'the agent by a session token': await gateway.sessionToken(agent),
        'the agent for another reviewer': await gateway.sessionToken(robin, agent), 'somebody of the agent\'s name': await gateway.person('Support-Bot', 'dba'),
        'the person with every role': await gateway.person('dana', 'dba', 'ops', 'auditors', 'admins'),
      })) {
        const got = await approve(token)
        assert.ok([401, 403, 404].includes(got.status), `${who}: ${got.status} ${got.text}`)
        await untouched(who)
      }
      assert.equal(Review.parse((await approve(robin)).body).state, 'approved')
    })

    it('is not taken from a session token, which may lie where agents run', async () => {
      const error = refused(await approve(await gateway.sessionToken(dana)), 403, 'forbidden')
      assert.match(error.message, /session token/)
      assert.equal(Review.parse((await show(await gateway.sessionToken(dana))).body).mayAnswer, false)
      await untouched('a session token')
    })

    it('of an agent counts where a demand names it, and of no other', async () => {
      review = await gateway.ask(await gateway.person('eve'), { demands: [{ reviewers: ['agent:nightly-report'] }] })
      for (const token of [agent, dana, await gateway.person('x', 'agent:nightly-report')]) refused(await approve(token), 404, 'not-found')
      refused(await approve(await gateway.person('nightly-report', 'dba')), 401, 'unauthenticated', 'a person of its name is nobody')
      assert.equal(Review.parse((await approve(await gateway.agent('nightly-report'))).body).state, 'approved')
    })

    it('has no effect when it cannot be put on record', async () => {
      gateway.ledgerBroken = true
      try {
        refused(await approve(dana), 503, 'unavailable')
        refused(await gateway.call('DELETE', routes.review(review.id), agent), 503, 'unavailable')
      } finally {
        gateway.ledgerBroken = false
      }
      await untouched('nothing was on record')
    })

    it('is on record with who gave it', async () => {
      await approve(dana)
      const told = (await readEvents(gateway.ledgerDirectory)).filter((event) => event.event === 'review.answered' && event.review === review.id)
      assert.equal(told.length, 1)
      assert.match(JSON.stringify(told[0]), /"name":"dana"/)
    })

    it('of two at the same moment denies when one of them does', async () => {
      const [yes, no] = await Promise.all([approve(dana), answer(robin, { answer: 'deny', digest: review.digest, reason: 'no' })])
      const state = await stateNow()
      assert.ok(state === 'approved' ? yes.status === 200 && no.status === 409 : state === 'denied' && no.status === 200, `${yes.status} ${no.status} ${state}`)
    })
  })

  describe('withdrawing', () => {
    it('is for the requester', async () => {
      refused(await gateway.call('DELETE', routes.review(review.id), dana), 403, 'forbidden')
      refused(await gateway.call('DELETE', routes.review(review.id), await gateway.person('amy', 'admins')), 403, 'forbidden')
      const { status, body } = await gateway.call('DELETE', routes.review(review.id), agent)
      assert.deepEqual([status, Review.parse(body).state], [200, 'withdrawn'])
      refused(await gateway.call('DELETE', routes.review(review.id), agent), 409, 'conflict')
      refused(await approve(dana), 409, 'conflict')
    })

    it('is for the person, of what an agent asked for on their behalf; for the agent itself not, of what that person asked for', async () => {
      const through = await gateway.sessionToken(dana, agent)
      review = await gateway.ask(through)
      assert.equal(Review.parse((await gateway.call('DELETE', routes.review(review.id), dana)).body).state, 'withdrawn')
      review = await gateway.ask(dana)
      refused(await gateway.call('DELETE', routes.review(review.id), through), 404, 'not-found')
      assert.ok(!(await ids(through)).includes(review.id))
    })
  })

  describe('the list', () => {
    it('has what the caller asked for or may answer, by state, newest first', async () => {
      await answer(dana, { answer: 'deny', digest: review.digest, reason: 'no' })
      const open = await gateway.ask(agent)
      assert.deepEqual((await ids(dana, '?state=open')).at(0), open.id)
      assert.ok(!(await ids(dana, '?state=open')).includes(review.id))
      assert.deepEqual((await ids(dana, '?state=denied&limit=1')), [review.id])
      assert.deepEqual((await ids(agent, '?limit=2')), [open.id, review.id])
      assert.deepEqual((await ids(await gateway.person('ada', 'auditors'), '?limit=2')), [open.id, review.id])
      assert.deepEqual(await ids(await gateway.person('eve2')), [])
      assert.deepEqual(await ids(await gateway.person('mallory', 'payments')), [])
    })

    it('goes page by page over all that the caller may see, though others lie between', async () => {
      const own: string[] = []
      const eve = await gateway.person('eve-of-pages')
      const others = await gateway.agent('nightly-report')
      for (let number = 0; number < 5; number += 1) {
        own.unshift((await gateway.ask(eve, { demands: [{ reviewers: ['payments'] }] })).id)
        await gateway.ask(others, { demands: [{ reviewers: ['dba'] }] })
      }
      const pages = async (token: string, limit: number, wanted: readonly string[]) => {
        const found: string[] = []
        let query = `?limit=${limit}`
        for (let page = 0; page < 100; page += 1) {
          const { reviews, next } = ReviewList.parse((await gateway.call('GET', routes.reviews + query, token)).body)
          assert.ok(reviews.length <= limit)
          found.push(...reviews.map(({ id }) => id))
          if (next === null) break
          query = `?limit=${limit}&after=${next}`
        }
        assert.equal(new Set(found).size, found.length, 'none comes twice')
        assert.deepEqual(found.filter((id) => wanted.includes(id)), wanted)
        return found
      }
      for (const limit of [1, 2, 3, 200]) assert.deepEqual(await pages(eve, limit, own), own)
      const auditor = await gateway.person('ada', 'auditors')
      const all = await pages(auditor, 200, own)
      assert.deepEqual(await pages(auditor, 7, own), all)
      const mine = await pages(dana, 200, [])
      assert.ok(mine.length < all.length && own.every((id) => !mine.includes(id)))
      for (const limit of [1, 4]) assert.deepEqual(await pages(dana, limit, []), mine)
    })

    for (const query of ['?limit=0', '?limit=201', '?limit=x', '?state=closed', `?after=${'x'.repeat(65)}`]) {
      it(`refuses ${query.slice(0, 20)}`, async () => { refused(await gateway.call('GET', routes.reviews + query, dana), 400, 'invalid-request') })
    }

    it('ends behind an id that is none', async () => {
      assert.deepEqual(await ids(dana, '?after=rv_AAAAAAAAAAAAAAAAAAAAAA'), [])
    })
  })
})
