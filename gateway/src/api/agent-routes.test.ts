import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { AgentChange, AgentList, Agent, ApiError, routes } from '@sallyport/contract'
import { parse } from 'yaml'
import { type AgentApi, startAgentApi } from '../../test/support/agent-api.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'

const NEW = { name: 'new-bot', issuer: 'corp', match: { azp: 'new-bot' }, owner: 'dana', purpose: 'tries things' }

for (const [kind, start] of Object.entries(stateDatabases)) {
  describe(`agents over the control API, with state in ${kind}`, () => {
    let database: StateDatabase
    let gateway: AgentApi
    let admin = ''

    before(async () => {
      database = await start()
    })
    after(() => database.stop())
    beforeEach(async () => {
      gateway = await startAgentApi(await database.fresh())
      admin = await gateway.person('amy', 'admins')
    })
    const closing = async (work: () => Promise<void>) => {
      try {
        await work()
      } finally {
        await gateway.close()
      }
    }
    const test = (name: string, work: () => Promise<void>) => it(name, () => closing(work))
    const list = async (as: string, query = '') => AgentList.parse((await gateway.call('GET', routes.agents + query, as)).body).agents
    const names = async (as: string, query = '') => (await list(as, query)).map(({ name }) => name)
    function refused(got: { status: number; body: object }, status: number, code: ApiError['code']): ApiError {
      assert.equal(got.status, status, JSON.stringify(got.body))
      const error = ApiError.parse(got.body)
      assert.equal(error.code, code)
      return error
    }

    void test('an administrator registers one as a new version, in which all else stays as it was written', async () => {
      const text = await gateway.policyText()
      const got = await gateway.call('POST', routes.agents, admin, { ...NEW, targets: ['shop'], expires: '2099-12-31', policyVersion: 1 })
      assert.equal(got.status, 201, got.text)
      assert.deepEqual(AgentChange.parse(got.body), { policyVersion: 2, agents: ['new-bot'], dryRun: false, left: [] })
      const edited = await gateway.policyText()
      assert.deepEqual(parse(edited).agents.at(-1), { ...NEW, targets: ['shop'], expires: '2099-12-31' })
      for (const line of text.split('\n')) assert.ok(edited.includes(line), line)
      assert.equal(Agent.parse((await gateway.call('GET', routes.agent('new-bot'), admin)).body).purpose, 'tries things')
      const removed = await gateway.call('DELETE', `${routes.agent('new-bot')}?policyVersion=2`, admin)
      assert.equal(removed.status, 200, removed.text)
      assert.equal(await gateway.policyText(), text)
      const events = (await readEvents(gateway.ledgerDirectory)).map((event) => [event.event, 'action' in event ? event.action : ''])
      assert.deepEqual(events, [['administrator.acted', 'agent.add'], ['policy.applied', ''], ['administrator.acted', 'agent.remove'], ['policy.applied', '']])
    })

    void test('the token of one that was added opens what it may, and that of one that was removed nothing', async () => {
      const token = await gateway.agent('new-bot')
      refused(await gateway.call('GET', routes.agents, token), 401, 'unauthenticated')
      await gateway.call('POST', routes.agents, admin, NEW)
      assert.equal((await gateway.call('GET', routes.agents, token)).status, 200)
      await gateway.call('DELETE', routes.agent('new-bot'), admin)
      refused(await gateway.call('GET', routes.agents, token), 401, 'unauthenticated')
    })

    void test('nothing changes when another version is in force by now, the document would be wrong, or nothing can be recorded', async () => {
      const text = await gateway.policyText()
      refused(await gateway.call('POST', routes.agents, admin, { ...NEW, policyVersion: 7 }), 409, 'conflict')
      refused(await gateway.call('DELETE', `${routes.agent('nightly')}?policyVersion=7`, admin), 409, 'conflict')
      refused(await gateway.call('POST', routes.agents, admin, { ...NEW, name: 'nightly' }), 409, 'conflict')
      const twice = refused(await gateway.call('POST', routes.agents, admin, { ...NEW, match: { azp: 'nightly', env: 'x' } }), 422, 'invalid-policy')
      assert.match(JSON.stringify(twice.problems), /agent \\"new-bot\\" by this may be agent \\"nightly\\" too: see line 9/)
      for (const wrong of [{ targets: ['nowhere'] }, { issuer: 'none' }, { expires: 'soon' }, { name: '-x' }, { owner: ' ' }]) {
        refused(await gateway.call('POST', routes.agents, admin, { ...NEW, ...wrong }), 422, 'invalid-policy')
      }
      for (const wrong of [{ match: {} }, { match: { azp: 1 } }, { more: 1 }, { purpose: undefined }, { name: '' }, { targets: [] }]) {
        refused(await gateway.call('POST', routes.agents, admin, { ...NEW, ...wrong }), 400, 'invalid-request')
      }
      refused(await gateway.call('POST', routes.agents, admin, '['), 400, 'invalid-request')
      gateway.ledgerBroken = true
      refused(await gateway.call('POST', routes.agents, admin, NEW), 503, 'not-recorded')
      refused(await gateway.call('DELETE', routes.agent('nightly'), admin), 503, 'not-recorded')
      refused(await gateway.call('POST', routes.agentPrune, admin, { dryRun: false, unused: '1d', agents: ['nightly'], policyVersion: 1 }), 503, 'not-recorded')
      assert.equal(await gateway.policyText(), text)
      assert.equal(gateway.policies.current.version, 1)
    })

    void test('of two changes at once both are made, and of two of one version one', async () => {
      const [one, two] = await Promise.all([gateway.call('POST', routes.agents, admin, NEW), gateway.call('DELETE', routes.agent('nightly'), admin)])
      assert.deepEqual([one.status, two.status], [201, 200])
      assert.deepEqual((await names(admin)).toSorted(), ['new-bot', 'old-bot', 'support-bot'])
      const { version } = gateway.policies.current
      const both = await Promise.all(['old-bot', 'new-bot'].map((name) => gateway.call('DELETE', `${routes.agent(name)}?policyVersion=${version}`, admin)))
      assert.deepEqual(both.map(({ status }) => status).toSorted((a, b) => a - b), [200, 409])
    })

    void test('only administrators change anything, whatever else they are, and nobody on anybody\'s behalf', async () => {
      const bot = await gateway.agent('support-bot')
      for (const as of [
        await gateway.person('olaf', 'ops'), await gateway.person('ada', 'auditors'), await gateway.person('rita', 'reviewers'), await gateway.person('dana'), await gateway.person('eve'),
        bot, await gateway.sessionToken(admin, bot),
      ]) {
        for (const [method, path, body] of [
          ['POST', routes.agents, NEW], ['DELETE', routes.agent('support-bot'), undefined], ['DELETE', routes.agent('none'), undefined],
          ['POST', routes.agentPrune, { dryRun: true, unused: '1d' }], ['POST', routes.agentPrune, { dryRun: false, unused: '1d', agents: ['old-bot'], policyVersion: 1 }],
        ] as const) refused(await gateway.call(method, path, as, body), 403, 'forbidden')
      }
      assert.equal(gateway.policies.current.version, 1)
    })

    void test('are seen by auditors, operators and administrators, and each by its owner; by nobody else, as if there were none', async () => {
      for (const group of ['auditors', 'ops', 'admins']) assert.equal((await names(await gateway.person('x', group))).length, 3)
      assert.deepEqual(await names(await gateway.person('dana')), ['support-bot', 'nightly'])
      const bot = await gateway.agent('support-bot')
      for (const as of [await gateway.person('eve'), await gateway.person('rita', 'reviewers'), await gateway.person('DANA'), bot, await gateway.sessionToken(await gateway.person('dana'), bot), await gateway.person('gone')]) {
        assert.deepEqual(await names(as), [])
        const got = await gateway.call('GET', routes.agent('support-bot'), as)
        refused(got, 404, 'not-found')
        assert.equal(got.text, (await gateway.call('GET', routes.agent('none'), as)).text)
      }
      refused(await gateway.call('GET', routes.agent('old-bot'), await gateway.person('dana')), 404, 'not-found')
    })

    void test('say what each used, by itself and for others, and what it never did', async () => {
      const one = await gateway.session({}, 'shop', 5, 2)
      await one.end()
      const two = await gateway.session({ kind: 'person', name: 'dana', actors: ['nightly'] }, 'crm')
      await (await gateway.session({ issuer: 'other' }, 'crm', 100)).end()
      await (await gateway.session({ kind: 'person', name: 'dana', actors: ['someone', 'nightly'] }, 'shop', 7)).end()
      gateway.script.session({ name: 'support-bot' }).ran('select 1')
      gateway.script.session({ kind: 'person', name: 'dana', actors: ['nightly'] }).ran('insert', { rule: 'crm-writes' })
      gateway.script.session({ kind: 'person', name: 'dana', actors: ['x', 'nightly'] }).ran('drop', { rule: 'drops' })
      await gateway.script.written()
      const [support, nightly, old] = await list(admin)
      assert.deepEqual([support?.sessions, support?.asActor, support?.live, support?.operations, support?.refused], [1, 0, 0, 5, 2])
      assert.deepEqual([support?.unusedTargets, support?.unusedRules, support?.rulesComplete], [[], ['drops'], true])
      assert.ok(Date.now() - Date.parse(support?.lastSeenAt ?? '') < 60_000)
      assert.deepEqual([nightly?.sessions, nightly?.asActor, nightly?.live, nightly?.unusedTargets, nightly?.unusedRules], [1, 1, 1, ['shop'], ['reads', 'drops']])
      assert.deepEqual([old?.lastSeenAt, old?.sessions, old?.unusedTargets, old?.ownerState], [null, 0, ['shop', 'crm'], 'never-seen'])
      assert.match(old?.ownerWords ?? '', /Nobody of the name gone@example.com has ever had a session here\. .*cannot tell whether they have left/)
      assert.equal(support?.ownerState, 'seen')
      await gateway.storage.locks.place({ kind: 'identity', name: 'dana', by: 'amy', reason: 'left', atMs: Date.now() })
      assert.equal((await list(admin))[0]?.ownerState, 'locked')
      await two.end()
    })

    void test('are found that were not used, that end soon, and whose owner is gone', async () => {
      await (await gateway.session({}, 'shop')).end()
      await (await gateway.session({ kind: 'person', name: 'dana' }, 'shop')).end()
      assert.deepEqual(await names(admin, '?unused=30d'), ['nightly', 'old-bot'])
      assert.deepEqual(await names(admin, '?orphaned=true'), ['old-bot'])
      assert.deepEqual(await names(admin, '?unused=30d&orphaned=true&expiring=1d'), [])
      await gateway.call('POST', routes.agents, admin, { ...NEW, expires: new Date().toISOString().slice(0, 10) })
      assert.deepEqual(await names(admin, '?expiring=14d'), ['new-bot'])
      for (const wrong of ['?unused=30', '?unused=0d', '?unused=4000d', '?orphaned=yes', '?expiring=-1d']) refused(await gateway.call('GET', routes.agents + wrong, admin), 400, 'invalid-request')
    })

    void test('are pruned as a dry run said, none that is used or has a session open by then', async () => {
      const busy = await gateway.session({ kind: 'person', name: 'dana', actors: ['nightly'] }, 'shop')
      const dry = AgentChange.parse((await gateway.call('POST', routes.agentPrune, admin, { dryRun: true, unused: '90d' })).body)
      assert.deepEqual(dry, { policyVersion: 1, agents: ['support-bot', 'old-bot'], dryRun: true, left: [] })
      assert.equal(gateway.policies.current.version, 1)
      await (await gateway.session({}, 'shop')).end()
      const done = AgentChange.parse((await gateway.call('POST', routes.agentPrune, admin, { dryRun: false, unused: '90d', agents: ['support-bot', 'old-bot', 'nightly'], policyVersion: 1 })).body)
      assert.deepEqual(done, {
        policyVersion: 2, agents: ['old-bot'], dryRun: false,
        left: [{ agent: 'support-bot', reason: 'it was used meanwhile' }, { agent: 'nightly', reason: 'it has 1 open session' }],
      })
      assert.deepEqual(await names(admin), ['support-bot', 'nightly'])
      refused(await gateway.call('POST', routes.agentPrune, admin, { dryRun: false, unused: '90d', agents: ['nightly'], policyVersion: 1 }), 409, 'conflict')
      refused(await gateway.call('POST', routes.agentPrune, admin, { dryRun: false, unused: '90d', agents: ['nightly'], policyVersion: 2 }), 409, 'conflict')
      for (const wrong of [{ dryRun: false, unused: '90d' }, { dryRun: true }, { dryRun: true, unused: '0d' }, {}]) refused(await gateway.call('POST', routes.agentPrune, admin, wrong), 400, 'invalid-request')
      await busy.end()
    })
  })
}
