import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ApiError, MaskPreviewList, PolicyCheck, PolicySchema, PolicyVersion, PolicyVersionList, routes } from '@sallyport/contract'
import { type AgentApi, startAgentApi } from '../../test/support/agent-api.ts'
import { readEvents } from '../../test/support/ledger-records.ts'

describe('versions of the policy over the control API', () => {
  let gateway: AgentApi
  let admin = ''
  let first = ''

  before(async () => {
    gateway = await startAgentApi()
    admin = await gateway.person('amy', 'admins')
    first = await gateway.policyText()
    for (const words of ['second', 'third', 'fourth']) await gateway.services.policyAdministration.apply(`${first}# ${words}\n`, words)
  })
  after(() => gateway.close())

  const post = async (path: string, text: string | Uint8Array<ArrayBuffer>, as = admin, type = 'application/yaml') => {
    const answer = await gateway.api.request(path, { method: 'POST', headers: { authorization: `Bearer ${as}`, 'content-type': type }, body: text })
    return { status: answer.status, body: await answer.json() }
  }

  it('are listed page by page, the newest first, and read one by one', async () => {
    const all = PolicyVersionList.parse((await gateway.call('GET', routes.policyVersions, admin)).body)
    assert.deepEqual(all.versions.map(({ version, appliedBy }) => [version, appliedBy]), [[4, 'fourth'], [3, 'third'], [2, 'second'], [1, 'file']])
    assert.equal(all.next, null)
    const newest = PolicyVersionList.parse((await gateway.call('GET', `${routes.policyVersions}?limit=3`, admin)).body)
    assert.deepEqual([newest.versions.length, newest.next], [3, 2])
    const rest = PolicyVersionList.parse((await gateway.call('GET', `${routes.policyVersions}?limit=3&before=2`, admin)).body)
    assert.deepEqual([rest.versions.map(({ version }) => version), rest.next], [[1], null])
    assert.equal(PolicyVersion.parse((await gateway.call('GET', routes.policyVersion(1), admin)).body).text, first)
    assert.match(PolicyVersion.parse((await gateway.call('GET', routes.policyVersion(3), admin)).body).text, /# third\n$/)
  })

  it('that there are not, and pages that cannot be, are refused with words', async () => {
    for (const odd of ['5', '0', '-1', '1.5', 'x', '99999999999999999999', '1%2f..']) {
      const { status, body } = await gateway.call('GET', `${routes.policyVersions}/${odd}`, admin)
      assert.deepEqual([status, ApiError.parse(body).code], [404, 'not-found'], odd)
    }
    for (const odd of ['limit=0', 'limit=201', 'before=0', 'before=x']) {
      assert.equal((await gateway.call('GET', `${routes.policyVersions}?${odd}`, admin)).status, 400, odd)
    }
  })

  it('are read by whoever reads the policy, and a document is checked by administrators', async () => {
    const people = { reviewers: [200, 403], ops: [200, 403], auditors: [200, 403], admins: [200, 200], nobody: [403, 403] } as const
    for (const [group, [reads, checks]] of Object.entries(people)) {
      const token = await gateway.person('pat', group)
      assert.equal((await gateway.call('GET', routes.policyVersions, token)).status, reads, group)
      assert.equal((await gateway.call('GET', routes.policyVersion(1), token)).status, reads, group)
      assert.equal((await post(routes.policyCheck, first, token)).status, checks, group)
    }
    const bot = await gateway.agent('support-bot')
    assert.equal((await gateway.call('GET', routes.policyVersions, bot)).status, 403)
    assert.equal((await post(routes.policyCheck, first, bot)).status, 403)
  })

  it('a document is checked in full, and nothing comes of it', async () => {
    const before = gateway.policies.current.version
    const events = (await readEvents(gateway.ledgerDirectory)).length
    assert.deepEqual(PolicyCheck.parse((await post(routes.policyCheck, first)).body).problems, [])
    const [unknown] = PolicyCheck.parse((await post(routes.policyCheck, `${first}rulez: []\n`)).body).problems
    assert.match(unknown?.message ?? '', /rulez/)
    assert.equal(unknown?.line, first.split('\n').length)
    const [condition] = PolicyCheck.parse((await post(routes.policyCheck, first.replace('when: operation.readOnly', "when: 'operation.readOnly &&'"))).body).problems
    assert.ok(condition?.line !== undefined && (first.split('\n')[condition.line - 1] ?? '').includes('name: reads'), 'a wrong condition is found at its place')
    assert.equal((await post(routes.policyCheck, first, admin, 'application/json')).status, 415)
    assert.equal((await post(routes.policyCheck, Uint8Array.from([0xff, 0xfe]))).status, 400)
    assert.equal(gateway.policies.current.version, before)
    assert.equal((await readEvents(gateway.ledgerDirectory)).length, events)
  })

  it('tell editors their schema, and show what masks make of samples', async () => {
    const box = `  - { name: box, protocol: ssh, host: 127.0.0.1, credential: { user: demo, certificate: {} }, hostKeys: ['SHA256:${'A'.repeat(43)}'] }\nrules:\n`
    const masked = `${first.replace('rules:\n', box)}masks:\n  - { name: card, targets: [shop], columns: [payments.card], method: keep-last, keep: 4 }\n  - { name: mail, detect: [email], method: redact, unless: 'identity.kind == "person"' }\n`
    const samples = ['4111111111111111', 'ask dana@example.com']
    for (const [group, status] of Object.entries({ reviewers: 200, ops: 200, auditors: 200, admins: 200, nobody: 403 })) {
      const token = await gateway.person('pat', group)
      assert.equal((await gateway.call('GET', routes.policySchema, token)).status, status, group)
      assert.equal((await post(routes.maskPreview, JSON.stringify({ samples }), token, 'application/json')).status, status, group)
    }
    const { properties } = PolicySchema.parse((await gateway.call('GET', routes.policySchema, admin)).body) as { properties: object }
    assert.ok('rules' in properties)
    const events = (await readEvents(gateway.ledgerDirectory)).length
    const preview = async (body: object) => post(routes.maskPreview, JSON.stringify(body), admin, 'application/json')
    const { masks } = MaskPreviewList.parse((await preview({ samples, document: masked })).body)
    assert.deepEqual(masks.map((mask) => [mask.name, mask.columns, mask.finds, mask.targets, mask.unless, mask.masked]), [
      ['card', ['payments.card'], null, ['shop'], null, ['************1111', '****************.com']],
      ['mail', null, ['email'], null, 'identity.kind == "person"', ['4111111111111111', 'ask [redacted]']],
    ])
    assert.deepEqual((await preview({ samples })).body, { masks: [] }, 'those in force')
    assert.equal((await preview({ samples, document: 'version: 2' })).status, 422)
    for (const odd of [{}, { samples: [] }, { samples: Array(21).fill('x') }, { samples: ['x'.repeat(1_001)] }, { samples: [1] }]) assert.equal((await preview(odd)).status, 400)
    assert.equal((await readEvents(gateway.ledgerDirectory)).length, events, 'nothing of it is kept')
  })
})
