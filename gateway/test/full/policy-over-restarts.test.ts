import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { type Issuer, startIssuer } from '../support/issuer.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ApiUser } from '../support/reviewing.ts'

/** Nobody connects to the target. */
const TARGET = { port: 1, database: 'shop', user: 'nobody', password: 'unused' }
const policyOf = (rule: string): string => `
masks: []
rules:
  - { name: ${rule}, when: operation.readOnly, then: allow }
roles: { reviewer: [], operator: [], auditor: [], administrator: [platform] }
`

const data = mkdtempSync(join(tmpdir(), 'sallyport-policy-'))
let issuer: Issuer
let gateway: TestGateway

async function start(rule: string): Promise<void> {
  gateway = await startTestGateway({ targets: [TARGET], policy: policyOf(rule), tls: false, data, issuer })
}

/** The newest version and the name of its only rule, as an administrator reads them, and the version that the gateway says it is on. */
async function inForce(): Promise<{ version: number; rule: string | undefined; running: number }> {
  const avery = new ApiUser(() => gateway, await issuer.personToken('avery', ['platform']))
  const { body } = await avery.call('GET', '/api/v1/policy')
  const { body: list } = await avery.call('GET', '/api/v1/gateways')
  const [running] = list['gateways'] as { policyVersion: number }[]
  return { version: Number(body['version']), rule: /- \{ name: ([\w-]+),/.exec(String(body['text']).split('rules:')[1] ?? '')?.[1], running: running?.policyVersion ?? 0 }
}

before(async () => {
  issuer = await startIssuer()
})
after(async () => {
  await gateway.stop()
  await issuer.close()
  rmSync(data, { recursive: true, force: true })
})

describe('the policy over restarts of a gateway', () => {
  test('is what somebody applied since, as long as the file says what it said before', async () => {
    await start('from-file')
    assert.deepEqual(await inForce(), { version: 1, rule: 'from-file', running: 1 })
    const avery = new ApiUser(() => gateway, await issuer.personToken('avery', ['platform']))
    const { body } = await avery.call('GET', '/api/v1/policy')
    const urgent = String(body['text']).replace('from-file', 'in-an-emergency')
    const applied = await avery.call('POST', '/api/v1/policy', urgent)
    assert.equal(applied.status, 200, JSON.stringify(applied.body))
    await gateway.stop()
    for (let restarts = 0; restarts < 2; restarts++) {
      await start('from-file')
      assert.deepEqual(await inForce(), { version: 2, rule: 'in-an-emergency', running: 2 })
      await gateway.stop()
    }
    assert.match(gateway.log(), /the policy version that was applied since stays in force/)
  })

  test('is the file again once that says something else, also what it said long ago', async () => {
    for (const [rule, version] of [['changed', 3], ['from-file', 4]] as const) {
      await start(rule)
      assert.deepEqual(await inForce(), { version, rule, running: version })
      await gateway.stop()
    }
  })

  test('is what the file says where somebody has applied the very same', async () => {
    await start('from-file')
    const avery = new ApiUser(() => gateway, await issuer.personToken('avery', ['platform']))
    const { body } = await avery.call('GET', '/api/v1/policy')
    const text = String(body['text'])
    assert.equal((await avery.call('POST', '/api/v1/policy', text.replace('from-file', 'synced'))).status, 200)
    await gateway.stop()
    await start('synced')
    assert.deepEqual(await inForce(), { version: 5, rule: 'synced', running: 5 })
    assert.equal((await avery.call('POST', '/api/v1/policy', text.replace('from-file', 'later'))).status, 200)
    await gateway.stop()
    await start('synced')
    assert.deepEqual(await inForce(), { version: 6, rule: 'later', running: 6 })
    const applied = (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'policy.applied' ? [event.policyVersion] : []))
    assert.deepEqual(applied, [1, 2, 3, 4, 5, 6])
  })
})
