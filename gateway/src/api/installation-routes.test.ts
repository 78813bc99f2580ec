import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { GatewayList, IssuerList, routes } from '@sallyport/contract'
import { type AgentApi, startAgentApi } from '../../test/support/agent-api.ts'
import { makeSamlKey } from '../../test/support/saml-keys.ts'
import { SamlLogins } from '../identity/saml/saml-logins.ts'
import { resolveSecret } from '../vault/resolve-secret.ts'
import { createApi } from './create-api.ts'

describe('what an installation is made of, over the control API', () => {
  let gateway: AgentApi
  before(async () => {
    gateway = await startAgentApi()
  })
  after(() => gateway.close())

  it('tells which gateways run, which are silent, and which were closed', async () => {
    const now = Date.now()
    const { gateways: table } = gateway.storage
    const beat = (id: string, seenAtMs: number) => table.beat({ id, host: `host of ${id}`, version: '0.1.0', policyVersion: 1, startedAtMs: now - 60_000, seenAtMs })
    await beat('one', now)
    await beat('silent', now - 40_000)
    await beat('closed', now - 50_000)
    await table.stopped('closed', now)
    const { gateways, policyVersion } = GatewayList.parse((await gateway.call('GET', routes.gateways, await gateway.person('ada', 'auditors'))).body)
    assert.deepEqual(gateways.map(({ id, state, self }) => [id, state, self]), [['closed', 'stopped', false], ['one', 'running', true], ['silent', 'silent', false]])
    assert.equal(policyVersion, gateway.policies.current.version)
  })

  it('tells of issuers whether their keys are at hand, how old they are, and why they cannot be had', async () => {
    const text = await gateway.policyText()
    const dead = "  - { name: dead, issuer: 'http://127.0.0.1:1', audience: sallyport, cli: { clientId: cli } }\nagents:\n"
    await gateway.services.policyAdministration.apply(text.replace('agents:\n', dead), 'test')
    const list = async () => IssuerList.parse((await gateway.call('GET', routes.issuers, await gateway.person('olaf', 'ops'))).body).issuers
    const [corp, asked] = await list()
    assert.deepEqual([corp?.name, corp?.kind, corp?.logins, corp?.keys?.state, corp?.keys?.failure], ['corp', 'oidc', [], 'reachable', null])
    assert.ok(Date.now() - Date.parse(corp?.keys?.fetchedAt ?? '') < 60_000)
    assert.deepEqual([asked?.logins, asked?.keys], [['terminal'], { state: 'not-asked', fetchedAt: null, failure: null }])
    const claims = Buffer.from(JSON.stringify({ iss: 'http://127.0.0.1:1', aud: 'sallyport', exp: Math.round(Date.now() / 1_000) + 60, sub: 's' })).toString('base64url')
    const header = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT' })).toString('base64url')
    assert.equal((await gateway.call('GET', routes.whoami, `${header}.${claims}.${'A'.repeat(86)}`)).status, 401)
    const failing = (await list())[1]
    assert.equal(failing?.keys?.state, 'failing')
    assert.match(failing?.keys?.failure ?? '', /the keys of issuer "dead" cannot be had/)
  })

  it('tells of SAML providers when each certificate ends, theirs and ours, and of a file that it cannot be read', async () => {
    const { services, policies, ledgerDirectory: folder } = gateway
    const [inDocument, inFile, own] = await Promise.all([makeSamlKey(), makeSamlKey(), makeSamlKey()])
    const file = join(folder, 'idp.crt')
    const certificates = [inDocument.certificate, `file:${file}`, `file:${join(folder, 'nothing.crt')}`]
    const entry = { name: 'sso', issuer: 'https://idp.example.com', signOn: 'https://idp.example.com/sso', audience: 'sallyport', certificates, own: { key: 'vault:saml', certificate: own.certificate } }
    assert.equal((await services.policyAdministration.apply(`${await gateway.policyText()}saml:\n  - ${JSON.stringify(entry)}\n`, 'test')).applied, true)
    const secretOf = async (reference: string) => (await resolveSecret(reference, { environment: {}, folder, warn: () => undefined })).expose()
    const samlLogin = new SamlLogins({ policies, secretOf, transactions: {} as never, used: {} as never, origin: () => undefined, beginSession: () => Promise.reject(new Error('nobody logs in')) })
    const api = createApi({ ...services, samlLogin })
    const authorization = `Bearer ${await gateway.person('olaf', 'ops')}`
    const told = async () => IssuerList.parse(await (await api.request(routes.issuers, { headers: { authorization } })).json()).issuers.find(({ name }) => name === 'sso')
    const endOf = ({ certificate }: { readonly certificate: string }) => new X509Certificate(certificate).validToDate.toISOString()
    writeFileSync(file, inFile.certificate)
    assert.deepEqual(await told(), {
      name: 'sso', kind: 'saml', issuer: 'https://idp.example.com', audience: 'sallyport', logins: ['console'], keys: null,
      certificates: [
        { use: 'provider', from: 'document', endsAt: endOf(inDocument), failure: null },
        { use: 'provider', from: `file:${file}`, endsAt: endOf(inFile), failure: null },
        { use: 'provider', from: `file:${join(folder, 'nothing.crt')}`, endsAt: null, failure: 'the gateway cannot read the file' },
        { use: 'own', from: 'document', endsAt: endOf(own), failure: null },
      ],
    })
    // A file that somebody changed is read as it is now, and nothing of it is said.
    writeFileSync(file, inFile.key)
    const { endsAt, failure } = (await told())?.certificates[1] ?? {}
    assert.deepEqual([endsAt, failure], [null, 'expected one certificate, PEM or base64'])
  })

  it('is for those who look after it', async () => {
    for (const route of [routes.gateways, routes.issuers]) {
      for (const group of ['auditors', 'ops', 'admins']) assert.equal((await gateway.call('GET', route, await gateway.person('pat', group))).status, 200)
      for (const group of ['reviewers', 'nobody']) assert.equal((await gateway.call('GET', route, await gateway.person('pat', group))).status, 403)
      assert.equal((await gateway.call('GET', route, await gateway.agent('support-bot'))).status, 403)
    }
  })
})
