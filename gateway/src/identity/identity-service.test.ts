import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { AuthenticationError } from '../governance/identity.ts'
import type { ExchangeRequest } from '../governance/token-exchange.ts'
import { type HandmadeIssuer, makeKey, publicJwk, type RealProvider, startHandmadeIssuer, startProvider } from '../../test/support/openid-servers.ts'
import { documentFor, type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
  describe(`with a real OpenID provider that signs by ${alg}`, () => {
    const secret = randomBytes(16).toString('hex')
    const [bot, other, spoof] = ['support-bot', 'unregistered', 'spoof'].map((id) => ({ id, secret }))
    let provider: RealProvider
    let setup: IdentitySetup
    before(async () => {
      if (bot === undefined || other === undefined || spoof === undefined) assert.fail()
      provider = await startProvider([bot, other, { ...spoof, claims: { preferred_username: 'avery', groups: ['admins'] } }], alg)
      setup = await setUpIdentity(provider.url)
    })
    after(async () => {
      await provider.close()
      await setup.storage.close()
    })

    it('lets a registered agent in with its access token, and with a session token exchanged for it', async () => {
      const token = await provider.clientToken({ id: 'support-bot', secret })
      const direct = await setup.service.authenticate(token, 'shop')
      assert.deepEqual(
        [direct.identity.kind, direct.identity.name, direct.identity.issuer, direct.purpose],
        ['agent', 'support-bot', 'corp', 'answers tickets'],
      )
      const issued = await setup.service.exchange(request(token, { purpose: 'ticket 7' }))
      const admission = await setup.service.authenticate(issued.token, 'shop')
      assert.deepEqual(admission.identity, direct.identity)
      assert.equal(admission.purpose, 'ticket 7')
      assert.equal(admission.tokenId, issued.tokenId)
      assert.ok(issued.expiresIn > 590 && issued.expiresIn <= 600, `${issued.expiresIn}`)
    })

    it('refuses a client that is not registered', async () => {
      await refused(setup.service.authenticate(await provider.clientToken({ id: 'unregistered', secret }), 'shop'), /unregistered non-human/)
    })

    it('refuses a client that claims to be a person through its metadata', async () => {
      await refused(setup.service.authenticate(await provider.clientToken({ id: 'spoof', secret }), 'shop'), /unregistered non-human/)
    })

    it('refuses a token that the provider made for another audience', async () => {
      await refused(setup.service.authenticate(await provider.clientToken({ id: 'support-bot', secret }, 'billing'), 'shop'), /another audience/)
    })
  })
}

describe('identity', () => {
  let issuer: HandmadeIssuer
  let setup: IdentitySetup
  let nowMs: number
  before(async () => {
    issuer = await startHandmadeIssuer()
    setup = await setUpIdentity(issuer.url, { now: () => nowMs })
    nowMs = Date.now()
  })
  after(async () => {
    await issuer.close()
    await setup.storage.close()
  })
  const authenticate = async (claims: Record<string, unknown>, target = 'shop') => setup.service.authenticate(await issuer.token(claims), target)
  const person = { sub: 'u-17', azp: 'console', preferred_username: 'dana', groups: ['dba', 7, 'all'] }

  it('knows a person by the issuer\'s claim, with groups', async () => {
    const { identity, purpose } = await authenticate(person, 'crm')
    assert.deepEqual({ ...identity, claims: {} }, {
      kind: 'person', name: 'dana', issuer: 'corp', subject: 'u-17', groups: ['dba', 'all'], claims: {}, actors: [],
    })
    assert.equal(purpose, '')
  })

  it('takes an agent for an agent also when a person is logged in with it', async () => {
    const { identity } = await authenticate({ azp: 'support-bot', sub: 'u-17', preferred_username: 'dana' })
    assert.deepEqual([identity.kind, identity.name, identity.subject], ['agent', 'support-bot', 'u-17'])
  })

  it('wants every claim of an agent to be equal, and to be a string', async () => {
    assert.equal((await authenticate({ azp: 'nightly', role: 'report' }, 'crm')).identity.name, 'nightly-report')
    for (const claims of [{ azp: 'nightly' }, { azp: 'nightly', role: ['report'] }, { azp: 'nightly', role: 'Report' }, { azp: 'nightly', role: { report: true } }]) {
      await refused(authenticate(claims, 'crm'), /unregistered non-human/)
    }
  })

  it('refuses a token that two agents match', async () => {
    const document = documentFor(issuer.url)
    setup.policy.document = { ...document, agents: [...document.agents, { name: 'twin', issuer: 'corp', match: { sub: 'support-bot' }, owner: 'x', purpose: 'x' }] }
    await refused(authenticate({}), /more than one/)
    setup.policy.document = document
  })

  it('never matches an agent without claims to match, nor by inherited properties', async () => {
    const document = documentFor(issuer.url)
    setup.policy.document = { ...document, agents: [{ name: 'all', issuer: 'corp', match: {}, owner: 'x', purpose: 'x' }] }
    await refused(authenticate({}), /unregistered/)
    setup.policy.document = document
  })

  it('lets an agent in on its last day, and not after it', async () => {
    const document = documentFor(issuer.url)
    const today = new Date(nowMs).toISOString().slice(0, 10)
    const yesterday = new Date(nowMs - 86_400_000).toISOString().slice(0, 10)
    const withExpiry = (expires: string) => ({ ...document, agents: document.agents.map((agent) => ({ ...agent, expires })) })
    setup.policy.document = withExpiry(today)
    const { expiresAtMs } = await authenticate({})
    assert.ok(expiresAtMs <= Date.parse(today) + 86_400_000)
    for (const expires of [yesterday, 'someday']) {
      setup.policy.document = withExpiry(expires)
      await refused(authenticate({}), /registration of agent "support-bot" has expired/)
    }
    setup.policy.document = document
  })

  it('opens to an agent its targets alone, and tells nothing of which others there are', async () => {
    const messages = await Promise.all(['crm', 'nothing', '__proto__', 'shop\0'].map((target) => refused(authenticate({}, target), /does not open that target/)))
    assert.equal(new Set(messages).size, 1)
  })

  it('keeps who acts for a person, and applies the limits of the agent that does', async () => {
    const { identity } = await authenticate({ ...person, act: { sub: 'a', azp: 'support-bot', act: { sub: 'first' } } })
    assert.deepEqual([identity.name, identity.kind, identity.actors], ['dana', 'person', ['support-bot', 'first']])
    await refused(authenticate({ ...person, act: { sub: 'a', azp: 'support-bot' } }, 'crm'), /does not open that target/)
  })

  it('lets an agent name itself as the one who acts', async () => {
    const { identity } = await authenticate({ preferred_username: 'dana', sub: 'u-17', act: { sub: 'support-bot' } })
    assert.deepEqual([identity.name, identity.actors], ['support-bot', ['support-bot']])
  })

  it('exchanges a person\'s token with an agent\'s actor token, and keeps both', async () => {
    const [subjectToken, actorToken] = [await issuer.token(person), await issuer.token()]
    const issued = await setup.service.exchange({ ...request(subjectToken), actorToken, actorTokenType: ACCESS_TOKEN })
    const { identity, purpose } = await setup.service.authenticate(issued.token, 'shop')
    assert.deepEqual([identity.name, identity.actors, purpose], ['dana', ['support-bot'], 'answers tickets'])
    await refusedExchange(setup.service.exchange({ ...request(subjectToken, { targets: ['crm'] }), actorToken, actorTokenType: ACCESS_TOKEN }), 'invalid_target')
  })

  it('lets only those act whom may_act names', async () => {
    const actor = { actorToken: await issuer.token(), actorTokenType: ACCESS_TOKEN }
    const withMayAct = async (mayAct: unknown) => setup.service.exchange({ ...request(await issuer.token({ ...person, may_act: mayAct })), ...actor })
    assert.equal((await withMayAct({ sub: 'support-bot' })).identity.name, 'dana')
    for (const mayAct of [{ sub: 'nightly' }, {}, 'support-bot', null, { sub: 'support-bot', iss: 'elsewhere' }, { sub: ['support-bot'] }]) {
      await refusedExchange(withMayAct(mayAct), 'invalid_request')
    }
  })

  it('ends a session token with the identity token it was exchanged for, and after 15 minutes at the latest', async () => {
    const seconds = Math.floor(nowMs / 1_000)
    const short = await setup.service.exchange(request(await issuer.token({ exp: seconds + 90 })))
    assert.equal(short.expiresAtMs, (seconds + 90) * 1_000)
    const long = await setup.service.exchange(request(await issuer.token({ exp: seconds + 86_400 })))
    assert.equal(long.expiresAtMs, nowMs + 15 * 60_000)
    const [before] = [nowMs]
    nowMs = long.expiresAtMs - 1
    assert.equal((await setup.service.authenticate(long.token, 'shop')).expiresAtMs, long.expiresAtMs)
    nowMs = long.expiresAtMs
    await refused(setup.service.authenticate(long.token, 'shop'), /expired/)
    nowMs = before
  })

  it('refuses a session token for a target it does not name', async () => {
    const issued = await setup.service.exchange(request(await issuer.token(person)))
    await refused(setup.service.authenticate(issued.token, 'crm'), /does not open that target/)
  })

  it('asks again at each login whether the agent is still registered as it was', async () => {
    const document = documentFor(issuer.url)
    const issued = await setup.service.exchange(request(await issuer.token()))
    const [bot, ...others] = document.agents
    if (bot === undefined) assert.fail()
    const changes = {
      'gone': { ...document, agents: others },
      'renumbered claims': { ...document, agents: [{ ...bot, match: { azp: 'support-bot-2' } }] },
      'expired': { ...document, agents: [{ ...bot, expires: '2020-01-01' }] },
      'other targets': { ...document, agents: [{ ...bot, targets: ['crm'] }] },
      'no such target': { ...document, targets: [] },
      'issuer gone': { ...document, issuers: [] },
      'issuer moved': { ...document, issuers: document.issuers.map((one) => ({ ...one, issuer: 'https://new.example.com' })) },
      'another audience': { ...document, issuers: document.issuers.map((one) => ({ ...one, audience: 'other' })) },
    }
    for (const [change, changed] of Object.entries(changes)) {
      setup.policy.document = changed
      await assert.rejects(setup.service.authenticate(issued.token, 'shop'), AuthenticationError, change)
      await assert.rejects(authenticate({ jti: 'same' }), AuthenticationError, change)
      setup.policy.document = document
    }
    assert.equal((await setup.service.authenticate(issued.token, 'shop')).identity.name, 'support-bot')
  })

  it('refuses a revoked session token, and tells who listens', async () => {
    const issued = await setup.service.exchange(request(await issuer.token()))
    const heard: string[][] = []
    const stop = setup.service.onRevoked((ids) => heard.push([...ids]))
    await setup.service.revoke(issued.tokenId)
    stop()
    await setup.service.revoke('tok_other')
    assert.deepEqual(heard, [[issued.tokenId]])
    await refused(setup.service.authenticate(issued.token, 'shop'), /revoked/)
    await refused(setup.service.identify(issued.token), /revoked/)
  })

  it('refuses with a revoked identity token all that came of it, however its signature is spelt', async () => {
    const token = await issuer.token({ jti: randomBytes(8).toString('hex') })
    const issued = await setup.service.exchange(request(token))
    const { tokenId } = await setup.service.authenticate(token, 'shop')
    await setup.service.revoke(tokenId)
    await refused(setup.service.authenticate(token, 'shop'), /revoked/)
    await refused(setup.service.authenticate(issued.token, 'shop'), /revoked/)
    await refusedExchange(setup.service.exchange(request(token)), 'invalid_request')
    await refused(setup.service.authenticate(otherSpelling(token), 'shop'), /revoked/)
  })

  it('verifies one token once for 200 logins at once', async () => {
    const token = await issuer.token({ jti: 'crowd' })
    const before = setup.service.verifier.verifications
    const all = await Promise.all(Array.from({ length: 200 }, () => setup.service.authenticate(token, 'shop')))
    assert.equal(all.length, 200)
    assert.equal(setup.service.verifier.verifications - before, 1)
  })

  it('remembers a verified token only shortly, and never past its end', async () => {
    const token = await issuer.token({ jti: 'memory', exp: Math.floor(nowMs / 1_000) + 10 })
    const before = nowMs
    await setup.service.authenticate(token, 'shop')
    nowMs = before + 25_000
    await setup.service.authenticate(token, 'shop')
    nowMs = before + 41_000
    await refused(setup.service.authenticate(token, 'shop'), /expired/)
    nowMs = before
  })

  it('stores neither a session token nor an identity token', async () => {
    const token = await issuer.token({ jti: 'stored' })
    const issued = await setup.service.exchange(request(token))
    const { hashSessionToken } = await import('./session-token.ts')
    const stored = JSON.stringify(await setup.storage.sessionTokens.find(hashSessionToken(issued.token)))
    for (const secret of [issued.token, issued.token.slice(4, 47), token, token.split('.')[2]]) assert.ok(!stored.includes(String(secret)))
  })

  it('makes of a purpose one plain line', async () => {
    const issued = await setup.service.exchange(request(await issuer.token(), { purpose: ' a\r\nb\u0000\u001b[31m\u202e c ' }))
    assert.equal(issued.purpose, 'a b [31m c')
  })

  it('notices a key rotation without a restart', async () => {
    const next = makeKey('EdDSA')
    issuer.answers.keys = { keys: [publicJwk(issuer.key), publicJwk(next)] }
    const rotated = await issuer.token({}, {}, next)
    nowMs += 31_000
    assert.equal((await setup.service.authenticate(rotated, 'shop')).identity.name, 'support-bot')
  })
})

function request(subjectToken: string, more: Partial<ExchangeRequest> = {}): ExchangeRequest {
  return { subjectToken, subjectTokenType: ACCESS_TOKEN, targets: ['shop'], ...more }
}

/** The same signature with other unused bits in its last character, or with s replaced by n - s. */
function otherSpelling(token: string): string {
  const [header, payload, signature] = token.split('.')
  const bytes = Buffer.from(signature ?? '', 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  return `${header}.${payload}.${other.toString('base64url')}`
}

async function refused(attempt: Promise<unknown>, message: RegExp): Promise<string> {
  const error = await attempt.then(() => assert.fail('it was let in'), (reason: unknown) => reason)
  assert.ok(error instanceof AuthenticationError, String(error))
  assert.match(error.message, message)
  assert.ok(error.hint.length > 10)
  return error.message
}

async function refusedExchange(attempt: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(attempt, { name: 'TokenExchangeError', code })
}
