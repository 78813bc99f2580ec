import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { AgentChange, ApiError, Campaign, CampaignList, type CampaignRequest, routes } from '@sallyport/contract'
import { type AgentApi, startAgentApi } from '../../test/support/agent-api.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'

for (const [kind, start] of Object.entries(stateDatabases)) {
  describe(`access reviews of agents over the control API, with state in ${kind}`, () => {
    let database: StateDatabase
    let gateway: AgentApi

    before(async () => {
      database = await start()
    })
    after(() => database.stop())
    const test = (name: string, work: () => Promise<void>) => it(name, async () => {
      gateway = await startAgentApi(await database.fresh())
      try {
        await work()
      } finally {
        await gateway.close()
      }
    })
    const ada = () => gateway.person('ada', 'auditors')
    const amy = () => gateway.person('amy', 'admins')
    async function open(request: Partial<CampaignRequest> = {}): Promise<Campaign> {
      const got = await gateway.call('POST', routes.campaigns, await ada(), { due: '14d', reason: 'first quarter', ...request })
      assert.equal(got.status, 201, got.text)
      return Campaign.parse(got.body)
    }
    const decide = (id: string, as: string, agent: string, decision = 'keep', reason = 'in use') => gateway.call('POST', routes.campaignDecisions(id), as, { agent, decision, reason })
    const show = async (id: string, as: string) => Campaign.parse((await gateway.call('GET', routes.campaign(id), as)).body)
    function refused(got: { status: number; body: object }, status: number, code: ApiError['code'], what = ''): ApiError {
      assert.equal(got.status, status, `${what} ${JSON.stringify(got.body)}`)
      const error = ApiError.parse(got.body)
      assert.equal(error.code, code, what)
      return error
    }

    void test('freeze what was known, are decided by owners and reviewers, signed off, and applied as a new version', async () => {
      await (await gateway.session({}, 'shop', 3)).end()
      const { id, items } = await open()
      assert.deepEqual(items.map(({ agent, decision, mayDecide }) => [agent.name, agent.sessions, decision, mayDecide]), [['nightly', 0, null, false], ['old-bot', 0, null, false], ['support-bot', 1, null, false]])
      await (await gateway.session({}, 'shop', 3)).end()
      const dana = await gateway.person('dana')
      const rita = await gateway.person('rita', 'reviewers')
      assert.deepEqual((await show(id, dana)).items.map(({ agent, mayDecide }) => [agent.name, mayDecide]), [['nightly', true], ['support-bot', true]])
      refused(await decide(id, dana, 'old-bot'), 404, 'not-found', 'an agent of another owner')
      assert.equal((await decide(id, dana, 'support-bot')).status, 200)
      assert.equal((await decide(id, dana, 'nightly', 'remove', 'not wanted')).status, 200)
      refused(await gateway.call('POST', routes.campaignClosing(id), await ada(), {}), 409, 'conflict')
      assert.equal((await decide(id, rita, 'nightly', 'keep', 'it is, by finance')).status, 200)
      assert.equal((await decide(id, rita, 'old-bot', 'remove', 'nobody knows it')).status, 200)
      refused(await gateway.call('POST', routes.campaignApplication(id), await amy(), { dryRun: true }), 409, 'conflict', 'not signed off')
      const closed = Campaign.parse((await gateway.call('POST', routes.campaignClosing(id), await ada(), {})).body)
      assert.deepEqual([closed.state, closed.kept, closed.removed, closed.closedBy, closed.items.find(({ agent }) => agent.name === 'support-bot')?.agent.sessions], ['closed', 2, 1, 'ada', 1])
      refused(await decide(id, rita, 'old-bot', 'keep'), 409, 'conflict', 'closed')
      refused(await gateway.call('POST', routes.campaignClosing(id), await ada(), {}), 409, 'conflict', 'closed twice')
      assert.equal(gateway.policies.current.version, 1)
      const dry = AgentChange.parse((await gateway.call('POST', routes.campaignApplication(id), await amy(), { dryRun: true })).body)
      assert.deepEqual(dry, { policyVersion: 1, agents: ['old-bot'], dryRun: true, left: [] })
      refused(await gateway.call('POST', routes.campaignApplication(id), await amy(), { dryRun: false, policyVersion: 3 }), 409, 'conflict')
      const done = AgentChange.parse((await gateway.call('POST', routes.campaignApplication(id), await amy(), { dryRun: false, policyVersion: 1 })).body)
      assert.deepEqual(done, { policyVersion: 2, agents: ['old-bot'], dryRun: false, left: [] })
      assert.deepEqual(gateway.policies.current.document.agents.map(({ name }) => name), ['support-bot', 'nightly'])
      assert.equal((await show(id, await ada())).appliedVersion, 2)
      refused(await gateway.call('POST', routes.campaignApplication(id), await amy(), { dryRun: false }), 409, 'conflict', 'nothing is left')
      const events = await readEvents(gateway.ledgerDirectory)
      assert.deepEqual(events.map((event) => event.event), [
        'campaign.opened', 'campaign.decided', 'campaign.decided', 'campaign.decided', 'campaign.decided', 'campaign.closed', 'administrator.acted', 'policy.applied',
      ])
      assert.deepEqual(events.flatMap((event) => (event.event === 'campaign.decided' ? [[event.agent, event.decision, event.by.name, event.reason]] : [])), [
        ['support-bot', 'keep', 'dana', 'in use'], ['nightly', 'remove', 'dana', 'not wanted'], ['nightly', 'keep', 'rita', 'it is, by finance'], ['old-bot', 'remove', 'rita', 'nobody knows it'],
      ])
    })

    void test('that are independent take no owner\'s decision, under whatever spelling and role', async () => {
      const { id } = await open({ independent: true, reviewers: ['payments'] })
      for (const name of ['dana', 'DANA', 'Ｄana']) {
        for (const groups of [['payments'], ['payments', 'reviewers', 'admins', 'auditors']]) {
          const got = await decide(id, await gateway.person(name, ...groups), 'nightly')
          assert.match(refused(got, 403, 'forbidden', name).message, /independent/)
        }
      }
      refused(await decide(id, await gateway.person('dana'), 'nightly'), 403, 'forbidden', 'an owner of no group')
      refused(await decide(id, await gateway.person('rita', 'reviewers'), 'nightly'), 404, 'not-found', 'a reviewer of other things')
      const pat = await gateway.person('pat', 'payments')
      for (const agent of ['nightly', 'support-bot', 'old-bot']) assert.equal((await decide(id, pat, agent)).status, 200)
      assert.deepEqual((await show(id, await gateway.person('dana'))).items.map(({ agent, mayDecide, decidedBy }) => [agent.name, mayDecide, decidedBy]), [['nightly', false, 'pat'], ['support-bot', false, 'pat']])
    })

    void test('are nobody else\'s business, as if there were none', async () => {
      const { id } = await open({ agents: ['support-bot'], reviewers: ['payments'] })
      const bot = await gateway.agent('support-bot')
      const dana = await gateway.person('dana')
      const strangers = {
        'another person': await gateway.person('eve'), 'a reviewer of other things': await gateway.person('rita', 'reviewers'), 'the agent': bot,
        'the agent for its owner': await gateway.sessionToken(dana, bot), 'the owner in other letters': await gateway.person('Dana'), 'the owner of another': await gateway.person('gone@example.com'),
      }
      for (const [who, token] of Object.entries(strangers)) {
        for (const [method, path, body] of [
          ['GET', routes.campaign(id), undefined], ['POST', routes.campaignDecisions(id), { agent: 'support-bot', decision: 'keep', reason: 'mine' }],
          ['POST', routes.campaignDecisions(id), 'nonsense'], ['POST', routes.campaignClosing(id), { overdue: 'remove' }],
        ] as const) {
          const got = await gateway.call(method, path, token, body)
          refused(got, 404, 'not-found', `${who} ${method} ${path}`)
          assert.equal(got.text, (await gateway.call(method, path.replace(id, 'cp_none'), token, body)).text, who)
        }
        refused(await gateway.call('POST', routes.campaignApplication(id), token, { dryRun: true }), 403, 'forbidden', who)
        refused(await gateway.call('POST', routes.campaigns, token, { due: '1d', reason: 'r' }), 403, 'forbidden', who)
        assert.deepEqual(CampaignList.parse((await gateway.call('GET', routes.campaigns, token)).body).campaigns, [], who)
      }
      for (const token of [dana, await gateway.person('pat', 'payments'), await ada(), await gateway.person('olaf', 'ops')]) {
        assert.equal(CampaignList.parse((await gateway.call('GET', routes.campaigns, token)).body).campaigns.length, 1)
      }
      // Seeing is not deciding, nor closing, nor applying.
      for (const token of [await ada(), await gateway.person('olaf', 'ops'), await amy()]) refused(await decide(id, token, 'support-bot'), 403, 'forbidden')
      for (const token of [dana, await gateway.person('pat', 'payments'), await gateway.person('olaf', 'ops')]) refused(await gateway.call('POST', routes.campaignClosing(id), token, {}), 403, 'forbidden')
      for (const token of [dana, await ada(), await gateway.person('olaf', 'ops')]) refused(await gateway.call('POST', routes.campaignApplication(id), token, { dryRun: true }), 403, 'forbidden')
      refused(await decide(id, await gateway.sessionToken(dana), 'support-bot'), 403, 'forbidden', 'a session token')
      refused(await decide(id, dana, 'nightly'), 404, 'not-found', 'an agent that is not in it')
      assert.equal((await show(id, await ada())).items[0]?.decision, null)
    })

    void test('remove undecided agents once they are due and whoever closes says so, and none that was changed since', async () => {
      const { id } = await open({ due: '1d' })
      refused(await gateway.call('POST', routes.campaignClosing(id), await ada(), { overdue: 'remove' }), 409, 'conflict', 'not due')
      const { dueAtMs } = await gateway.storage.campaigns.get(id) ?? assert.fail()
      assert.ok(dueAtMs > Date.now() + 86_000_000)
      const past = await open({ due: '1d' })
      const stored = await gateway.storage.campaigns.get(past.id) ?? assert.fail()
      await gateway.storage.campaigns.add({ ...stored, id: 'cp_due', dueAtMs: Date.now() - 1 })
      assert.equal((await decide('cp_due', await gateway.person('dana'), 'support-bot')).status, 200)
      const closed = Campaign.parse((await gateway.call('POST', routes.campaignClosing('cp_due'), await ada(), { overdue: 'remove' })).body)
      assert.deepEqual(closed.items.map(({ agent, decision, decidedBy, reason }) => [agent.name, decision, decidedBy, reason]), [
        ['nightly', 'remove', null, 'nobody decided in time'], ['old-bot', 'remove', null, 'nobody decided in time'], ['support-bot', 'keep', 'dana', 'in use'],
      ])
      await gateway.call('DELETE', routes.agent('nightly'), await amy())
      await gateway.call('DELETE', routes.agent('old-bot'), await amy())
      await gateway.call('POST', routes.agents, await amy(), { name: 'nightly', issuer: 'corp', match: { azp: 'nightly' }, owner: 'new-owner', purpose: 'again' })
      const dry = AgentChange.parse((await gateway.call('POST', routes.campaignApplication('cp_due'), await amy(), { dryRun: true })).body)
      assert.deepEqual([dry.agents, dry.left], [[], [
        { agent: 'nightly', reason: 'its registration was changed since the campaign was opened' }, { agent: 'old-bot', reason: 'it is not in the policy any more' },
      ]])
      refused(await gateway.call('POST', routes.campaignApplication('cp_due'), await amy(), { dryRun: false }), 409, 'conflict')
    })

    void test('are not changed by what cannot be recorded or read', async () => {
      const { id } = await open()
      const dana = await gateway.person('dana')
      for (const wrong of [{ due: '0d', reason: 'r' }, { due: '14d' }, { due: '14d', reason: ' ' }, { due: 14, reason: 'r' }, { due: '14d', reason: 'r', agents: [] }, { due: '14d', reason: 'r', by: 'x' }]) {
        refused(await gateway.call('POST', routes.campaigns, await ada(), wrong), 400, 'invalid-request')
      }
      refused(await gateway.call('POST', routes.campaigns, await ada(), { due: '14d', reason: 'r', agents: ['none'] }), 422, 'not-possible')
      for (const wrong of [{ agent: 'nightly', decision: 'perhaps', reason: 'r' }, { agent: 'nightly', decision: 'keep' }, { decision: 'keep', reason: 'r' }, []]) {
        refused(await gateway.call('POST', routes.campaignDecisions(id), dana, wrong), 400, 'invalid-request')
      }
      gateway.ledgerBroken = true
      refused(await decide(id, dana, 'nightly'), 503, 'not-recorded')
      refused(await gateway.call('POST', routes.campaigns, await ada(), { due: '14d', reason: 'r' }), 503, 'not-recorded')
      gateway.ledgerBroken = false
      assert.equal((await show(id, dana)).items.every(({ decision }) => decision === null), true)
      assert.equal((await gateway.storage.campaigns.list({ limit: 10 })).length, 1)
    })

    void test('close and decide one after the other, whichever gateway does it', async () => {
      const { id } = await open({ agents: ['nightly'] })
      const dana = await gateway.person('dana')
      await decide(id, dana, 'nightly')
      const [closing, ...answers] = await Promise.all([gateway.call('POST', routes.campaignClosing(id), await ada(), {}), ...Array.from({ length: 8 }, () => decide(id, dana, 'nightly', 'remove', 'late'))])
      assert.equal(closing.status, 200)
      const { removed } = Campaign.parse(closing.body)
      const now = await show(id, await ada())
      assert.equal(now.removed, removed, 'what was signed off is what stands')
      assert.ok(answers.every(({ status }) => status === 200 || status === 409))
    })
  })
}
