import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { type HandmadeIssuer, listenOnLoopback, makeKey, publicJwk, startHandmadeIssuer } from '../../test/support/openid-servers.ts'
import { IssuerUnavailable } from './issuer-unavailable.ts'
import { documentFor, type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'

describe('an issuer that fails', () => {
  const undo: (() => Promise<void>)[] = []
  let nowMs = Date.now()
  afterEach(async () => {
    for (const one of undo.splice(0)) await one()
  })

  async function setUp(timeoutMs = 300): Promise<{ issuer: HandmadeIssuer; setup: IdentitySetup; login: (token?: string) => Promise<string> }> {
    nowMs = Date.now()
    const issuer = await startHandmadeIssuer()
    const setup = await setUpIdentity(issuer.url, { now: () => nowMs, issuerKeys: { timeoutMs } })
    undo.push(() => issuer.close(), () => setup.storage.close())
    let number = 0
    return {
      issuer, setup,
      async login(token) {
        const credential = token ?? await issuer.token({ jti: `${(number += 1)}`, exp: Math.floor(nowMs / 1_000) + 600, iat: Math.floor(nowMs / 1_000) })
        return (await setup.service.authenticate(credential, 'shop')).identity.name
      },
    }
  }

  it('does not stop tokens signed with keys that are known', async () => {
    const { issuer, login } = await setUp()
    await login()
    await issuer.close()
    for (const minutes of [1, 15, 60, 22 * 60]) {
      nowMs += minutes * 60_000
      assert.equal(await login(), 'support-bot')
      // Lets a fetch in the background come to its end.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })

  it('is no longer believed after a day without an answer', async () => {
    const { issuer, login } = await setUp()
    await login()
    await issuer.close()
    nowMs += 24 * 3_600_000 + 1
    await assert.rejects(login(), /the keys of issuer "corp" cannot be had: it cannot be reached/)
  })

  it('makes a new key unknown, and says that the issuer is the reason', async () => {
    const { issuer, login } = await setUp()
    await login()
    await issuer.close()
    nowMs += 31_000
    await assert.rejects(issuer.token({}, {}, makeKey('ES256')).then(login), /the keys of issuer "corp" cannot be had: it cannot be reached/)
    assert.equal(await login(), 'support-bot')
  })

  it('is asked again when it is back', async () => {
    const { issuer, login } = await setUp()
    issuer.answers.respond = (_request, response) => response.writeHead(503).end() !== undefined
    await assert.rejects(login(), /status 503/)
    delete issuer.answers.respond
    await assert.rejects(login(), /status 503/, 'within the cooldown it is not asked')
    nowMs += 5_001
    assert.equal(await login(), 'support-bot')
  })

  it('is asked once for many logins at once, and seldom for unknown keys', async () => {
    const { issuer, login } = await setUp()
    await Promise.all(Array.from({ length: 50 }, () => login()))
    assert.equal(issuer.requests.length, 2)
    const stranger = makeKey('ES256')
    await Promise.allSettled(Array.from({ length: 50 }, async (_, index) => login(await issuer.token({ jti: `${index}` }, { kid: `${index}` }, stranger))))
    assert.equal(issuer.requests.length, 2, 'within the cooldown')
    nowMs += 31_000
    await Promise.allSettled(Array.from({ length: 50 }, async (_, index) => login(await issuer.token({ jti: `x${index}` }, { kid: `${index}` }, stranger))))
    assert.equal(issuer.requests.length, 4)
  })

  it('takes a key away when it says so, in ten minutes at the latest', async () => {
    const { issuer, login } = await setUp()
    await login()
    issuer.answers.keys = { keys: [publicJwk(makeKey('ES256'))] }
    nowMs += 10 * 60_000 + 1
    await login()
    await new Promise((resolve) => setTimeout(resolve, 50))
    await assert.rejects(login(), /names a key that is not among its issuer's/)
  })

  it('is not waited for longer than its time, neither for headers nor for a body that drips', async () => {
    for (const drip of [false, true]) {
      const { issuer, login } = await setUp()
      issuer.answers.respond = (_request, response) => {
        if (drip) {
          const timer = setInterval(() => response.write(' '), 20)
          response.on('close', () => clearInterval(timer))
        }
        return true
      }
      const begun = performance.now()
      await assert.rejects(login(), /too slowly/)
      assert.ok(performance.now() - begun < 2_000)
    }
  })

  it('does not keep logins of another issuer waiting, however many wait for it', async () => {
    const { issuer, setup, login } = await setUp(60_000)
    const slow = await startHandmadeIssuer()
    undo.push(() => slow.close())
    slow.answers.respond = () => true
    const document = documentFor(issuer.url)
    setup.policy.document = { ...document, issuers: [...document.issuers, { name: 'slow', issuer: slow.url, audience: 'sallyport', groups: 'g', person: 'p' }] }
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, index) => slow.token({ jti: `${index}` })))
    let ended = 0
    const waiting = tokens.map((token) => setup.service.authenticate(token, 'shop').then(() => 'let in', (error: Error) => {
      ended += 1
      return error.message
    }))
    assert.equal(await login(), 'support-bot')
    assert.equal(ended, 0)
    await slow.close()
    for (const message of await Promise.all(waiting)) assert.match(message, /keys of issuer "slow" cannot be had/)
  })

  it('cannot send elsewhere by a redirect', async () => {
    const { issuer, login } = await setUp()
    const evil = await listenOnLoopback((_request, response) => response.end(JSON.stringify({ keys: [] })))
    undo.push(() => evil.close())
    for (const part of ['openid-configuration', 'keys']) {
      issuer.answers.respond = (request, response) => {
        if (request.url?.endsWith(part) !== true) return false
        response.writeHead(302, { location: `${evil.url}/` }).end()
        return true
      }
      await assert.rejects(login(), /it redirects/)
      nowMs += 6_000
    }
    assert.deepEqual(evil.requests, [])
  })

  it('cannot fill the memory by a huge or endless key set, nor by a compressed one', async () => {
    const { issuer, login } = await setUp()
    issuer.answers.keys = { keys: Array.from({ length: 5_000 }, () => publicJwk(issuer.key)) }
    await assert.rejects(login(), /too large/)
    nowMs += 6_000
    let written = 0
    issuer.answers.respond = (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) written += 65_536
        written += 65_536
      }
      response.on('drain', more)
      more()
      return true
    }
    await assert.rejects(login(), /too large|too slowly/)
    assert.ok(written < 64 * 1_024 * 1_024)
    nowMs += 6_000
    const { gzipSync } = await import('node:zlib')
    const bomb = gzipSync(Buffer.alloc(50 * 1_024 * 1_024, ' '))
    issuer.answers.respond = (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
      return true
    }
    await assert.rejects(login(), /too large/)
  })

  const wrongDocuments: Record<string, (url: string) => unknown> = {
    'of another issuer': (url) => ({ issuer: 'https://login.example.com', jwks_uri: `${url}/keys` }),
    'of itself but for a slash': (url) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` }),
    'without an issuer': (url) => ({ jwks_uri: `${url}/keys` }),
    'without an address of keys': (url) => ({ issuer: url }),
    'with keys over plain HTTP elsewhere': (url) => ({ issuer: url, jwks_uri: 'http://keys.example.com/' }),
    'with keys in a file': (url) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
    'with keys in the address itself': (url) => ({ issuer: url, jwks_uri: 'data:application/json,{"keys":[]}' }),
    'with a credential in the address of keys': (url) => ({ issuer: url, jwks_uri: url.replace('//', '//user:pass@') }),
    'that is an array': () => [],
    'that is no JSON': () => '<html>',
  }
  for (const [name, document] of Object.entries(wrongDocuments)) {
    it(`is refused with a discovery document ${name}`, async () => {
      const { issuer, login } = await setUp()
      issuer.answers.discovery = document(issuer.url)
      await assert.rejects(login(), IssuerUnavailable)
      assert.ok(!issuer.requests.includes('GET /keys'))
    })
  }

  it('is never asked over plain HTTP beyond this machine', async () => {
    const { issuer, setup } = await setUp()
    const elsewhere = 'http://login.example.com'
    setup.policy.document = documentFor(elsewhere)
    await assert.rejects(setup.service.authenticate(await issuer.token({ iss: elsewhere }), 'shop'), /not https/)
  })

  it('makes an exchange answer that it is worth trying again', async () => {
    const { issuer, setup } = await setUp()
    const subjectToken = await issuer.token()
    await issuer.close()
    const exchange = setup.service.exchange({ subjectToken, subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt', targets: ['shop'] })
    await assert.rejects(exchange, { name: 'TokenExchangeError', code: 'temporarily_unavailable' })
  })
})
