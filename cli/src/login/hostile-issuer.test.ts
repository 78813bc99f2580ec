import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, suite, test } from 'node:test'
import type { LoginIssuer } from '@sallyport/contract'
import { UnsecuredJWT } from 'jose'
import { listenOnLoopback, type LoopbackServer } from '../../../gateway/test/support/openid-servers.ts'
import type { Failure } from '../failure.ts'
import { boundedFetch, permittedUrl } from './bounded-fetch.ts'
import { deviceLogin } from './device-login.ts'
import { IssuerClient, issuerFailure } from './issuer-client.ts'
import { readDeviceAnswer } from './verification-page.ts'

const DEVICE_CODE = 'device-code-that-nobody-may-see'
const REFRESH = 'refresh-token-that-nobody-may-see'
type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An issuer that answers what a test tells it to. */
suite('an issuer that means ill', () => {
  let server: LoopbackServer
  let elsewhere: LoopbackServer
  let answers: Record<string, unknown>

  before(async () => {
    elsewhere = await listenOnLoopback((_request, response) => response.end('{}'))
    server = await listenOnLoopback((request, response) => {
      const answer = answers[request.url?.includes('openid-configuration') === true ? 'discovery' : request.url ?? '']
      if (typeof answer === 'function') (answer as Answer)(request, response)
      else response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    })
  })
  after(async () => {
    await server.close()
    await elsewhere.close()
  })

  const token = (claims: Record<string, unknown> = {}) => new UnsecuredJWT({
    iss: server.url, aud: 'sallyport', sub: 'dana', exp: Math.floor(Date.now() / 1_000) + 600, ...claims,
  }).encode()
  const discovery = (changes: Record<string, unknown> = {}) => ({
    issuer: server.url, device_authorization_endpoint: `${server.url}/device`, token_endpoint: `${server.url}/token`, jwks_uri: `${server.url}/keys`, ...changes,
  })
  const device = (changes: Record<string, unknown> = {}) => ({
    device_code: DEVICE_CODE, user_code: 'ABCD-EFGH', verification_uri: `${server.url}/code`, expires_in: 60, interval: 1, ...changes,
  })
  const tokens = (changes: Record<string, unknown> = {}) => ({ access_token: token(), token_type: 'Bearer', refresh_token: REFRESH, ...changes })
  const settings = (): LoginIssuer => ({
    name: 'corp', issuer: server.url, audience: 'sallyport', clientId: 'cli', scopes: ['openid'], verificationHosts: ['codes.example.com'],
  })

  /** What a person sees of a login, and how it ends. */
  async function attempt(changes: Record<string, unknown>): Promise<{ shown: string; failure: Failure | undefined; waits: number[] }> {
    answers = { discovery: discovery(), '/device': device(), '/token': tokens(), ...changes }
    const waits: number[] = []
    let shown = ''
    try {
      const client = await IssuerClient.discover(settings())
      await deviceLogin(client, (page) => { shown += JSON.stringify(page) }, { now: () => waits.reduce((sum, ms) => sum + ms, 0), wait: (ms) => Promise.resolve(waits.push(ms)) })
      return { shown, failure: undefined, waits }
    } catch (error) {
      return { shown, failure: issuerFailure(error, settings()), waits }
    }
  }
  async function refused(changes: Record<string, unknown>, words: RegExp, showsCode = false): Promise<void> {
    const { shown, failure } = await attempt(changes)
    assert.ok(failure, 'it is refused')
    const said = `${failure.message}\n${failure.hint}`
    assert.match(said, words)
    assert.equal(shown !== '', showsCode, 'whether a code was shown')
    assert.doesNotMatch(said.replace('\n', ''), /[\p{Cc}\p{Cf}]/u, 'nothing that steers a terminal')
    assert.ok(!(said + shown).includes(DEVICE_CODE) && !said.includes(REFRESH) && !said.includes('eyJ'), said)
  }
  const html: Answer = (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<script>alert(1)</script>')
  const redirect: Answer = (_request, response) => void response.writeHead(302, { location: `${elsewhere.url}/` }).end()
  const redirect307: Answer = (_request, response) => void response.writeHead(307, { location: `${elsewhere.url}/` }).end()
  const endless: Answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const more = () => { while (response.write('"'.repeat(65_536)) && !response.destroyed); }
    response.on('drain', more).on('close', () => response.removeAllListeners('drain'))
    response.write('{"a":"')
    more()
  }

  test('an issuer that means well is taken', async () => {
    const { failure, shown, waits } = await attempt({})
    assert.equal(failure, undefined)
    assert.match(shown, /ABCD-EFGH/)
    assert.deepEqual(waits, [1_000])
  })

  for (const [what, changes, words] of [
    ['names another issuer', () => ({ issuer: 'https://login.example.com' }), /of another issuer|none of an OpenID/],
    ['spells its name differently', () => ({ issuer: `${server.url}/` }), /of another issuer/],
    ['has a token endpoint without TLS elsewhere', () => ({ device_authorization_endpoint: 'http://login.example.com/device' }), /not https/],
    ['has an endpoint with a credential in it', () => ({ device_authorization_endpoint: server.url.replace('//', '//user:pw@') }), /credential/],
    ['has an endpoint that is a file', () => ({ device_authorization_endpoint: 'file:///etc/passwd' }), /not https|none of an OpenID/],
    ['has no device authorization endpoint', () => ({ device_authorization_endpoint: undefined }), /no device authorization endpoint/],
  ] as const) {
    test(`discovery that ${what} is refused`, () => refused({ discovery: discovery(changes()) }, words))
  }
  for (const [what, answer, words] of [
    ['is HTML', html, /none of an OpenID/], ['redirects', redirect, /another place/], ['never ends', endless, /too large/],
    ['is no JSON', '{"issuer"', /none of an OpenID/], ['is a list', [], /none of an OpenID/], ['is not there', undefined, /none of an OpenID/],
  ] as const) {
    test(`discovery that ${what} is refused`, () => refused({ discovery: answer }, words))
    test(`a device authorization that ${what} is refused`, () => refused({ '/device': answer }, words))
    test(`an answer with tokens that ${what} is refused`, () => refused({ '/token': answer }, words, true))
  }
  test('a redirect that would take the device code or a refresh token along is not followed', async () => {
    await refused({ '/token': redirect307 }, /another place/, true)
    answers = { discovery: discovery(), '/token': redirect307 }
    await assert.rejects((await IssuerClient.discover(settings())).refresh(REFRESH), /another place/)
    assert.deepEqual(elsewhere.requests, [])
  })

  for (const [uri, words] of [
    ['javascript:alert(1)', /not https/], ['data:text/html,x', /not https/], ['file:///etc/passwd', /not https/], ['vscode://x', /not https/],
    ['http://evil.example/code', /not https/], ['https://evil.example/code', /another host/], ['https://127.0.0.1/code', /another host/],
    ['https://127.0.0.1.evil.example/', /another host/], ['https://codes.example.com.evil.example/', /another host/], ['https://codes.example.com:444/', /another host/],
    ['https://user@codes.example.com/', /credential/], ['https://codes.example.com@evil.example/', /credential/], ['no address', /malformed/], ['', /malformed|none of an OpenID/],
    [`https://codes.example.com/${'a'.repeat(3_000)}`, /malformed/], [`https://codes.example.com/?${DEVICE_CODE}`, /device code/],
  ] as const) {
    test(`nobody is sent to ${uri.slice(0, 60) || 'nowhere'}`, async () => {
      await refused({ '/device': device({ verification_uri: uri }) }, words)
      if (uri !== '') await refused({ '/device': device({ verification_uri_complete: uri }) }, words)
    })
  }
  test('a page on a host that the policy names is taken, written so that it steers no terminal', async () => {
    const { shown, failure } = await attempt({ '/device': device({ verification_uri: 'https://codes.example.com/\u202e\u001b[2J' }) })
    assert.equal(failure, undefined)
    assert.match(shown, /https:\/\/codes\.example\.com\/%E2%80%AE%1B\[2J/)
  })
  for (const code of ['', 'A', '\u001b[2JABCD', 'AB\nCD', 'AB\u202eCD', 'АBCD', 'A'.repeat(65), ' ABCD', DEVICE_CODE, 7, null]) {
    test(`the code ${JSON.stringify(code)} is not shown`, () => refused({ '/device': device({ user_code: code }) }, /no sensible user_code|none of an OpenID|device code/))
  }
  for (const [interval, words] of [[1e9, /less often/], [61, /less often/], [-1, /none of|interval/], [0, /none of|interval/], ['5', /none of|interval/], [null, /none of|interval/]] as const) {
    test(`the interval ${JSON.stringify(interval)} is refused`, () => refused({ '/device': device({ interval }) }, words))
  }
  for (const seconds of [0, -5, 'soon', null]) {
    test(`a code that lives ${JSON.stringify(seconds)} seconds is refused`, () => refused({ '/device': device({ expires_in: seconds }) }, /none of|expires_in/))
  }
  test('a code that lives for years is waited for at most half an hour', async () => {
    const { failure, waits } = await attempt({ '/device': device({ expires_in: 1e9, interval: 60 }), '/token': pending })
    assert.match(failure?.message ?? '', /in time/)
    assert.ok(waits.reduce((sum, ms) => sum + ms, 0) <= 30 * 60_000)
  })
  test('a short interval is made a second, and slow_down makes it longer each time', async () => {
    assert.deepEqual((await attempt({ '/device': device({ interval: 0.001 }) })).waits, [1_000])
    const { waits } = await attempt({ '/device': device({ interval: 5 }), '/token': oauthError('slow_down') })
    assert.deepEqual(waits.slice(0, 4), [5_000, 10_000, 15_000, 20_000])
  })

  for (const [what, changes, words] of [
    ['of another issuer', () => ({ access_token: token({ iss: 'https://evil.example' }) }), /of another issuer/],
    ['for another audience', () => ({ access_token: token({ aud: 'billing' }) }), /another audience/],
    ['for an audience that only looks like it', () => ({ access_token: token({ aud: ['Sallyport', 'sallyport '] }) }), /another audience/],
    ['that has expired', () => ({ access_token: token({ exp: 1_000 }) }), /expired already/],
    ['that never expires', () => ({ access_token: token({ exp: undefined }) }), /lacks/],
    ['of nobody', () => ({ access_token: token({ sub: '' }) }), /lacks/],
    ['that is opaque', () => ({ access_token: 'opaque' }), /no JWT/],
    ['that is too long', () => ({ access_token: token({ pad: 'a'.repeat(16_384) }) }), /longer than/],
    ['with a line end in it', () => ({ access_token: `${token()}\r\nx-header: 1` }), /longer than|none of|no JWT/],
    ['that is bound to a key', () => ({ token_type: 'DPoP' }), /bearer|none of an OpenID/],
    ['that is missing', () => ({ access_token: undefined }), /none of an OpenID|no tokens/],
    ['with a refresh token that is no text', () => ({ refresh_token: { a: 1 } }), /none of an OpenID|no tokens/],
    ['with a refresh token that breaks a line', () => ({ refresh_token: 'a\nb' }), /no tokens/],
    ['with an ID token of another client', () => ({ id_token: token({ aud: 'other', iat: 1 }) }), /none of an OpenID/],
  ] as const) {
    test(`a token ${what} is not kept`, () => refused({ '/token': tokens(changes()) }, words, true))
  }
  test('what an issuer says of a refusal is shown without what was sent, and steers no terminal', async () => {
    const said = `no \u001b]0;title\u0007 for ${DEVICE_CODE} \u202e ${'a'.repeat(5_000)}`
    await refused({ '/token': oauthError('invalid_grant', said.replaceAll(/[^\x20-\x7e]/g, '')) }, /invalid_grant: no .* for …/, true)
    await refused({ '/token': oauthError('invalid_grant', said) }, /refuses: invalid_grant|none of an OpenID/, true)
    const { failure } = await attempt({ '/token': oauthError('nonsense\u001b[2J', said) })
    assert.ok((failure?.message.length ?? 0) < 500)
  })
  test('an issuer that fails while a person answers is asked again', async () => {
    let asked = 0
    const { failure, waits } = await attempt({
      '/token': ((_request, response) => {
        asked += 1
        if (asked === 1) response.writeHead(503).end('<h1>busy</h1>')
        else if (asked === 2) response.destroy()
        else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens()))
      }) satisfies Answer,
    })
    assert.equal(failure, undefined)
    assert.deepEqual(waits, [1_000, 2_000, 4_000])
  })

  test('an issuer that says nothing, or drips, is left in time', async () => {
    const limits = { timeoutMs: 300, maxBytes: 1_000 }
    answers = {
      '/silent': () => undefined,
      '/drips': ((_request, response) => {
        const timer = setInterval(() => response.write(' '), 20)
        response.on('close', () => clearInterval(timer))
      }) satisfies Answer,
    }
    for (const path of ['/silent', '/drips']) {
      const start = performance.now()
      await assert.rejects(boundedFetch(new URL(server.url), limits)(server.url + path, {}), /in time/)
      assert.ok(performance.now() - start < 2_000)
    }
  })
  test('nobody elsewhere can have this machine asked', () => {
    const home = new URL('https://login.example.com')
    for (const url of ['http://127.0.0.1/', 'https://localhost/', 'https://[::1]/', 'http://127.1/']) assert.throws(() => permittedUrl(url, home), /on this machine/)
    assert.throws(() => readDeviceAnswer({ ...device(), verification_uri: 'https://localhost/' }, home, ['localhost']), /on this machine/)
  })

  const pending = oauthError('authorization_pending')
  function oauthError(error: string, description?: string): Answer {
    return (_request, response) => void response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error, error_description: description }))
  }
})
