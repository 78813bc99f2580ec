import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { LoginOffer, routes, WhoAmI } from '@sallyport/contract'
import { Hono } from 'hono'
import { documentFor, type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'
import { type HandmadeIssuer, startHandmadeIssuer } from '../../test/support/openid-servers.ts'
import { answerFailure, ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { offerLogin, tellWhoAmI } from './login-routes.ts'

describe('logins over the control API', () => {
  let issuer: HandmadeIssuer
  let identity: IdentitySetup
  const api = new Hono()

  before(async () => {
    issuer = await startHandmadeIssuer()
    identity = await setUpIdentity(issuer.url)
    const services = { identification: identity.service, policies: identity.policy, locks: { on: () => undefined } } as unknown as ApiServices
    api.get(routes.login, (context) => offerLogin(context, services))
    api.get(routes.whoami, (context) => tellWhoAmI(context, services))
    api.onError((error, context) => {
      if (error instanceof ApiFailure) return answerFailure(context, error)
      throw error
    })
  })
  after(async () => {
    await identity.storage.close()
    await issuer.close()
  })

  const who = async (token?: string) => api.request(routes.whoami, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  const person = (claims: Record<string, unknown> = {}) =>
    issuer.token({ sub: 'id-of-dana', azp: 'cli', preferred_username: 'dana', groups: ['dba', 'ops', 'unknown'], ...claims })

  it('tells everybody which issuers the CLI may use, and nothing of the others', async () => {
    const document = documentFor(issuer.url)
    const [corp] = document.issuers
    assert.ok(corp)
    identity.policy.document = {
      ...document,
      issuers: [
        { ...corp, cli: { clientId: 'cli', scopes: ['openid'], resource: 'https://gateway.example.com', verificationHosts: ['codes.example.com'] }, console: { clientId: 'console', clientSecret: 'env:HIDDEN' } },
        { ...corp, name: 'inner', issuer: 'https://inner.example.com' },
      ],
    }
    const response = await api.request(routes.login)
    assert.equal(response.status, 200)
    const text = await response.text()
    assert.doesNotMatch(text, /HIDDEN|console|inner|preferred_username/)
    assert.deepEqual(LoginOffer.parse(JSON.parse(text)), { issuers: [{
      name: 'corp', issuer: issuer.url, audience: 'sallyport', clientId: 'cli', scopes: ['openid'], resource: 'https://gateway.example.com',
      verificationHosts: ['codes.example.com'],
    }] })
    identity.policy.document = document
    assert.deepEqual(await (await api.request(routes.login)).json(), { issuers: [] })
  })

  it('tells a person their roles under the policy of now, and when the token ends', async () => {
    const token = await person()
    const { expiresAt, tokenId, ...rest } = WhoAmI.parse(await (await who(token)).json())
    assert.deepEqual(rest, {
      name: 'dana', kind: 'person', issuer: 'corp', subject: 'id-of-dana', groups: ['dba', 'ops', 'unknown'], actors: [], roles: ['reviewer', 'operator'],
      credential: 'identity-token',
    })
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 600_000) < 60_000)
    assert.match(tokenId, /^idt_/)
    const document = identity.policy.document
    identity.policy.document = { ...document, roles: { ...document.roles, operator: [] } }
    assert.deepEqual(WhoAmI.parse(await (await who(token)).json()).roles, ['reviewer'])
    identity.policy.document = document
  })

  it('gives an agent, and whoever acts for a person, no role', async () => {
    const agent = WhoAmI.parse(await (await who(await issuer.token({ groups: ['dba'] }))).json())
    assert.deepEqual([agent.kind, agent.roles], ['agent', []])
    const acting = WhoAmI.parse(await (await who(await person({ act: { sub: 'support-bot', azp: 'support-bot' } }))).json())
    assert.deepEqual([acting.name, acting.actors, acting.roles], ['dana', ['support-bot'], []])
  })

  it('tells nobody without a token, nor by an ID token whose audience is a client that the policy does not name as one', async () => {
    assert.equal((await who()).status, 401)
    assert.equal((await who('nonsense')).status, 401)
    const idToken = await person({ aud: 'cli' })
    assert.equal((await who(idToken)).status, 401)
    const document = identity.policy.document
    identity.policy.document = { ...document, issuers: document.issuers.map((entry) => ({ ...entry, audience: 'cli' })) }
    assert.equal((await who(idToken)).status, 200)
    assert.equal((await who(await person())).status, 401, 'and then no other token')
    identity.policy.document = document
  })
})
