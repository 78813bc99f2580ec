import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ApiError, Grant, GrantList, Review, routes } from '@sallyport/contract'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type ReviewApi, startReviewApi } from '../../test/support/review-api.ts'

describe('access over the control API', () => {
  let gateway: ReviewApi
  let dana = ''
  let agent = ''
  let oncall = ''

  before(async () => {
    gateway = await startReviewApi()
    dana = await gateway.person('dana', 'dba')
    agent = await gateway.agent()
    oncall = await gateway.person('omar', 'oncall')
  })
  after(() => gateway.close())

  let number = 0
  const wanted = (more: object = {}) => ({ target: 'shop', minutes: 30, reason: `ticket ${number += 1}`, ...more })
  const request = (as: string, body: unknown = wanted()) => gateway.call('POST', routes.access, as, body)
  const breakGlass = (as: string, body: unknown = wanted()) => gateway.call('POST', routes.breakGlass, as, body)
  const end = (as: string, id: string) => gateway.call('DELETE', routes.grant(id), as)
  const grants = async (as: string) => GrantList.parse((await gateway.call('GET', routes.access, as)).body).grants
  const approve = (as: string, { id, digest }: Review, narrow?: object) => gateway.call('POST', routes.reviewAnswers(id), as, { answer: 'approve', digest, ...(narrow && { narrow }) })
  function refused(got: { status: number; body: object }, status: number, code: ApiError['code'], what = ''): void {
    assert.equal(got.status, status, `${what} ${JSON.stringify(got.body)}`)
    assert.equal(ApiError.parse(got.body).code, code, what)
  }
  async function granted(as: string): Promise<Grant> {
    const review = Review.parse((await request(as)).body)
    assert.equal((await approve(dana, review)).status, 200)
    const found = (await grants(as)).find(({ reason }) => review.kind === 'access' && reason === review.reason)
    return found ?? assert.fail('no grant')
  }

  it('is asked for with a reason, answered by a person, and given from then on for no longer than they say', async () => {
    const { status, body } = await request(agent)
    const review = Review.parse(body)
    assert.ok(status === 201 && review.kind === 'access')
    assert.deepEqual([review.state, review.rule, review.minutes, review.purpose, review.mayAnswer], ['open', 'night', 30, 'answers tickets', false])
    refused(await approve(agent, review), 403, 'forbidden')
    refused(await approve(dana, review, { minutes: 31 }), 422, 'not-possible')
    refused(await approve(dana, review, { rows: 1 }), 422, 'not-possible')
    assert.equal(Review.parse((await approve(dana, review, { minutes: 10 })).body).state, 'used')
    const grant = (await grants(agent)).find(({ reason }) => reason === review.reason) ?? assert.fail('no grant')
    assert.equal(Date.parse(grant.until) - Date.parse(grant.from), 10 * 60_000)
    assert.deepEqual([grant.kind, grant.requester.name, grant.target, grant.rules], ['access', 'support-bot', 'shop', ['night']])
  })

  it('has the purpose that a session token was given for', async () => {
    assert.equal(Review.parse((await request(await gateway.sessionToken(agent))).body).purpose, 'ticket 7')
  })

  for (const [what, body, status, code] of [
    ['a target that there is not', { target: 'none' }, 404, 'not-found'],
    ['a target that the agent may not open', { target: 'crm' }, 404, 'not-found'],
    ['a rule that there is not', { rule: 'none' }, 422, 'not-possible'],
    ['a rule that nobody grants', { rule: 'writes' }, 422, 'not-possible'],
    ['longer than the rule says', { minutes: 121 }, 422, 'not-possible'],
    ['no time', { minutes: 0 }, 400, 'invalid-request'],
    ['half a minute', { minutes: 0.5 }, 400, 'invalid-request'],
    ['no reason', { reason: ' ' }, 400, 'invalid-request'],
    ['a reason without end', { reason: 'x'.repeat(1_001) }, 400, 'invalid-request'],
    ['a requester of its own choice', { requester: { name: 'dana' } }, 400, 'invalid-request'],
    ['a body without end', { reason: 'x'.repeat(17_000) }, 413, 'too-large'],
  ] as const) {
    it(`is not asked for with ${what}`, async () => { refused(await request(agent, wanted(body)), status, code) })
  }

  it('is not asked for where no rule could give it', async () => {
    refused(await request(dana, wanted({ target: 'crm' })), 403, 'forbidden')
  })

  it('tells of another target no more than that the agent may not open it', async () => {
    const known = await request(agent, wanted({ target: 'crm' }))
    const unknown = await request(agent, wanted({ target: 'none' }))
    assert.equal(known.text, unknown.text)
  })

  it('is seen by who holds it, auditor, operator and administrator, and by nobody else', async () => {
    const { id } = await granted(agent)
    const sees = async (token: string) => (await grants(token)).some((grant) => grant.id === id)
    for (const group of ['auditors', 'ops', 'admins']) assert.ok(await sees(await gateway.person('someone', group)), group)
    assert.ok(await sees(await gateway.sessionToken(agent)))
    for (const token of [dana, await gateway.person('eve'), await gateway.agent('nightly-report'), await gateway.sessionToken(dana, agent)]) assert.ok(!(await sees(token)))
  })

  it('is not there for a session token of its holder for another target, nor is the review of it', async () => {
    const gil = await gateway.person('gil')
    const review = Review.parse((await request(gil)).body)
    const [here, elsewhere] = [await gateway.sessionToken(gil), await gateway.sessionToken(gil, undefined, 'crm')]
    const sees = async (token: string) => [(await gateway.call('GET', routes.review(review.id), token)).status, ((await gateway.call('GET', routes.reviews, token)).body['reviews'] as unknown[]).length]
    assert.deepEqual([await sees(here), await sees(elsewhere)], [[200, 1], [404, 0]])
    assert.equal((await approve(dana, review)).status, 200)
    const [grant] = await grants(here)
    assert.deepEqual([grant?.requester.name, await grants(elsewhere)], ['gil', []])
    refused(await end(elsewhere, grant?.id ?? ''), 404, 'not-found')
    assert.equal((await end(here, grant?.id ?? '')).status, 200)
  })

  it('is ended by who holds it, an operator or an administrator; sessions under it end', async () => {
    for (const who of ['itself', 'ops', 'admins']) {
      const { id } = await granted(agent)
      for (const token of [dana, await gateway.person('eve'), await gateway.agent('nightly-report')]) refused(await end(token, id), 404, 'not-found')
      refused(await end(await gateway.person('ada', 'auditors'), id), 403, 'forbidden')
      assert.ok((await grants(agent)).some((grant) => grant.id === id))
      const { status, body } = await end(who === 'itself' ? agent : await gateway.person('someone', who), id)
      assert.equal(status, 200)
      assert.ok(Date.parse(Grant.parse(body).until) <= Date.now())
      assert.ok(!(await grants(agent)).some((grant) => grant.id === id))
      assert.ok(gateway.ended.includes(id))
      refused(await end(agent, id), 409, 'conflict', 'a second time')
    }
  })

  it('is not there under any other id', async () => {
    for (const id of ['gr_AAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(65), '..', '%00']) refused(await end(agent, id), 404, 'not-found', id)
  })

  it('stays as it was when nothing can be recorded', async () => {
    const { id } = await granted(agent)
    const review = Review.parse((await request(agent)).body)
    gateway.ledgerBroken = true
    try {
      refused(await end(agent, id), 503, 'unavailable')
      refused(await request(agent), 503, 'unavailable')
      refused(await approve(dana, review), 503, 'unavailable')
      refused(await breakGlass(oncall), 503, 'unavailable')
    } finally {
      gateway.ledgerBroken = false
    }
    assert.ok((await grants(agent)).some((grant) => grant.id === id))
    assert.equal((await grants(agent)).filter(({ reason }) => review.kind === 'access' && reason === review.reason).length, 0)
    assert.equal((await grants(oncall)).length, 0)
  })

  describe('by breaking glass', () => {
    it('is given at once to a person of a group that a rule names, and stands out in the ledger', async () => {
      const { status, body } = await breakGlass(oncall, wanted({ minutes: 15 }))
      const grant = Grant.parse(body)
      assert.deepEqual([status, grant.kind, grant.rules, grant.requester.name], [201, 'break-glass', ['writes'], 'omar'])
      assert.equal(Date.parse(grant.until) - Date.parse(grant.from), 15 * 60_000)
      const events = (await readEvents(gateway.ledgerDirectory)).filter((event) => 'grant' in event && event.grant === grant.id).map(({ event }) => event)
      assert.deepEqual(events.toSorted(), ['access.granted', 'break-glass.opened'])
    })

    it('is not given to agents, through agents, by session tokens, or to others', async () => {
      for (const [who, token] of Object.entries({
        'an agent': agent, 'an agent for somebody': await gateway.sessionToken(oncall, agent), 'a session token': await gateway.sessionToken(oncall),
        'a reviewer': dana, 'an administrator': await gateway.person('amy', 'admins'),
      })) {
        refused(await breakGlass(token), 403, 'forbidden', who)
        assert.equal((await grants(token)).filter(({ kind, requester }) => kind === 'break-glass' && requester.name !== 'omar').length, 0, who)
      }
    })

    for (const [what, body, status, code] of [
      ['for longer than an hour', { minutes: 61 }, 422, 'not-possible'],
      ['without a reason', { reason: '' }, 400, 'invalid-request'],
      ['for a rule that does not name the group', { rule: 'night' }, 422, 'not-possible'],
      ['on a target that there is not', { target: 'none' }, 404, 'not-found'],
    ] as const) {
      it(`is not given ${what}`, async () => { refused(await breakGlass(oncall, wanted(body)), status, code) })
    }
  })
})
