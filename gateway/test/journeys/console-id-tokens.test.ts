import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Browser } from '../support/browser.ts'
import { type ConsoleSetup, setUpConsole } from '../support/console-setup.ts'
import { CONSOLE_CLIENT } from '../support/login-provider.ts'
import { type HandmadeIssuer, makeKey, publicJwk, startHandmadeIssuer } from '../support/openid-servers.ts'
import { assertRefused } from '../support/refused-login.ts'

const SECRET = 'a-secret-of-the-console-client'

interface Making {
  readonly issuer: HandmadeIssuer
  readonly nonce: string
  /** A token that would be let in, with these changes. */
  make(claims?: Record<string, unknown>, header?: Record<string, unknown>, key?: HandmadeIssuer['key']): Promise<string>
}

type Crafted = readonly [name: string, reason: RegExp, make: (making: Making) => Promise<string> | string]

const seconds = () => Math.floor(Date.now() / 1_000)
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const WRONG = /answer to the code is malformed, or holds no ID token/
const ALGORITHM = /not signed with an algorithm that is accepted here/
const AUDIENCE = /for another audience/
const claims = (changed: Record<string, unknown>, reason: RegExp): [RegExp, Crafted[2]] => [reason, ({ make }) => make(changed)]
/** Rightly signed, whatever it holds. */
function signedBy(issuer: HandmadeIssuer, header: object, payload: string): string {
  const signed = `${encode({ alg: 'ES256', kid: issuer.key.kid, typ: 'JWT', ...header })}.${Buffer.from(payload).toString('base64url')}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key: issuer.key.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const payloadOf = ({ issuer, nonce }: Making) =>
  JSON.stringify({ iss: issuer.url, aud: CONSOLE_CLIENT, sub: 'u', nonce, iat: seconds(), exp: seconds() + 60, preferred_username: 'dana' })

const TOKENS: readonly Crafted[] = [
  ['unsigned, alg none', ALGORITHM, async ({ make }) => {
    const [, payload] = (await make()).split('.')
    return `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`
  }],
  ['signed by HMAC with the client\'s secret', ALGORITHM, async ({ make }) => {
    const [, payload] = (await make()).split('.')
    const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}`
    return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`
  }],
  ['signed by HMAC with the provider\'s public key', ALGORITHM, async ({ make, issuer }) => {
    const [, payload] = (await make()).split('.')
    const signed = `${encode({ alg: 'HS256', typ: 'JWT', kid: issuer.key.kid })}.${payload}`
    return `${signed}.${createHmac('sha256', issuer.key.publicKey.export({ format: 'pem', type: 'spki' })).update(signed).digest('base64url')}`
  }],
  ['signed with another key of the same id', /signature is wrong/, ({ make, issuer }) => make({}, {}, makeKey('ES256', issuer.key.kid))],
  ['signed with a key that the provider does not have', /names a key that is not among its issuer's/, ({ make }) => make({}, {}, makeKey('ES256'))],
  ['signed with a key in its own header (jwk)', /names a key that is not among its issuer's|signature is wrong/, ({ make }) => {
    const key = makeKey('ES256')
    return make({}, { jwk: publicJwk(key) }, key)
  }],
  ['signed with a key at an address of its own (jku)', /names a key that is not among its issuer's|signature is wrong/, ({ make }) => make({}, { jku: 'https://evil.example/keys' }, makeKey('ES256'))],
  ['a key id that is a path', /names a key that is not among its issuer's/, ({ make }) => make({}, { kid: '../../../../dev/null' })],
  ['changed after it was signed', /signature is wrong/, async ({ make }) => {
    const [head, payload = '', signature] = (await make()).split('.')
    const read = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    return `${head}.${encode({ ...read, preferred_username: 'root' })}.${signature}`
  }],
  ['with a signature of zeros', /signature is wrong/, async ({ make }) => `${(await make()).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`],
  ['signed over other bytes than it has', /signature is wrong/, (making) => {
    const [head, , signature] = signedBy(making.issuer, {}, '{}').split('.')
    return `${head}.${Buffer.from(payloadOf(making)).toString('base64url')}.${signature}`
  }],
  ['for another client', ...claims({ aud: 'another-client' }, AUDIENCE)],
  ['for the audience of access tokens', ...claims({ aud: 'sallyport' }, AUDIENCE)],
  ['for several clients, without azp', ...claims({ aud: [CONSOLE_CLIENT, 'another-client'], azp: undefined }, /does not say which asked/)],
  ['for an audience that is no text', ...claims({ aud: [CONSOLE_CLIENT, 7] }, AUDIENCE)],
  ['without audience', ...claims({ aud: undefined }, AUDIENCE)],
  ['that another client asked for (azp)', ...claims({ aud: [CONSOLE_CLIENT, 'another-client'], azp: 'another-client' }, /another client asked for it/)],
  ['for this client alone, that another asked for', ...claims({ azp: 'another-client' }, /another client asked for it/)],
  ['whose azp is a list', ...claims({ azp: [CONSOLE_CLIENT] }, /another client asked for it/)],
  ['of another issuer', ...claims({ iss: 'https://evil.example' }, /of an issuer that is not configured/)],
  ['of the issuer with a slash', /of an issuer that is not configured/, ({ make, issuer }) => make({ iss: `${issuer.url}/` })],
  ['without issuer', ...claims({ iss: undefined }, /of an issuer that is not configured/)],
  ['that has expired', ...claims({ iat: seconds() - 7_200, exp: seconds() - 3_600 }, /has expired/)],
  ['that never expires', ...claims({ exp: undefined }, /exp claim is missing or wrong/)],
  ['that expires at a time that is no number', ...claims({ exp: 'never' }, /exp claim is missing or wrong/)],
  ['that is not valid yet', ...claims({ nbf: seconds() + 3_600 }, /not valid yet/)],
  ['made in the future', ...claims({ iat: seconds() + 3_600, exp: seconds() + 7_200 }, /not valid yet/)],
  ['that does not say when it was made', ...claims({ iat: undefined }, /does not say when it was made/)],
  ['without nonce', ...claims({ nonce: undefined }, /of another login/)],
  ['with the nonce of another login', ...claims({ nonce: 'n'.repeat(43) }, /of another login/)],
  ['with a list of nonces', /of another login/, ({ make, nonce }) => make({ nonce: [nonce] })],
  ['with an empty nonce', ...claims({ nonce: '' }, /of another login/)],
  ['without subject', ...claims({ sub: undefined }, /sub claim is missing or wrong/)],
  ['with an empty subject', ...claims({ sub: '' }, /sub claim is missing or wrong/)],
  ['with a subject that is no text', ...claims({ sub: { name: 'dana' } }, /sub claim is missing or wrong/)],
  ['with a subject longer than any', ...claims({ sub: 'u'.repeat(5_000) }, /subject is longer than/)],
  ['that is an access token', /it is an access token/, ({ make }) => make({}, { typ: 'at+jwt' })],
  ['that is a logout token', /made for another use/, ({ make }) => make({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }, { typ: 'logout+jwt' })],
  ['that is a notice of an event', /notice of an event/, ({ make }) => make({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })],
  ['that demands an extension (crit)', /demands extensions/, (making) => signedBy(making.issuer, { crit: ['x'], x: 1 }, payloadOf(making))],
  ['bound to a key (cnf)', /bound to a key/, ({ make }) => make({ cnf: { jkt: 'x' } })],
  ['of a registered agent', /another client asked for it/, ({ make }) => make({ azp: 'support-bot' })],
  ['of an agent by another claim', /"nightly-report" is a registered agent: the console is for people/, ({ make }) => make({ preferred_username: 'nightly-report', role: 'report', batch: 'nightly' })],
  ['of a client\'s own account', /unregistered non-human/, ({ make }) => make({ gty: 'client-credentials' })],
  ['in which an agent acts for a person', /somebody else acts in this login/, ({ make }) => make({ act: { sub: 'x', batch: 'nightly', role: 'report' } })],
  ['with an act claim that is no chain', /act claim is malformed/, ({ make }) => make({ act: 'dana' })],
  ['whose person has a name with a line break', /unregistered non-human/, ({ make }) => make({ preferred_username: 'dana\nroot' })],
  ['whose person is a list', /unregistered non-human/, ({ make }) => make({ preferred_username: ['dana'] })],
  ['whose claims stand twice', /is malformed/, (making) => signedBy(making.issuer, {}, `${payloadOf(making).slice(0, -1)},"preferred_username":"root"}`)],
  ['encrypted (JWE)', /is encrypted/, () => `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
  ['that is no token', /is malformed/, () => 'dana'],
  ['longer than any', /longer than/, ({ make }) => make({ padding: 'x'.repeat(20_000) })],
  ['signed by a key of a weak kind', /key that is not among|signature is wrong|cannot be verified/, async ({ make }) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1_024 })
    const [, payload] = (await make()).split('.')
    const signed = `${encode({ alg: 'RS256', typ: 'JWT' })}.${payload}`
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  }],
]

type Answering = readonly [name: string, reason: RegExp, answer: (response: ServerResponse, token: string) => void]
const json = (status: number, body: object) => (response: ServerResponse) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const ANSWERS: readonly Answering[] = [
  ['a token endpoint without ID token', WRONG, json(200, { access_token: 'x', token_type: 'Bearer' })],
  ['a token endpoint whose ID token is an object', WRONG, json(200, { access_token: 'x', token_type: 'Bearer', id_token: {} })],
  ['a token endpoint that refuses the code', /does not accept the code/, json(400, { error: 'invalid_grant', error_description: 'https://evil.example' })],
  ['a token endpoint that refuses the client', /does not accept this gateway as its client/, json(401, { error: 'invalid_client' })],
  ['a token endpoint that refuses in its own words', /the provider refused to give tokens$/, json(400, { error: '<script>', error_description: '<script>' })],
  ['a token endpoint that is out of order', /answers with status 502/, json(502, {})],
  ['a token endpoint that answers a page', WRONG, (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
  ['a token endpoint that answers half', WRONG, (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"id_token":"')],
  ['a token endpoint that redirects', /its token endpoint does not answer/, (response) => void response.writeHead(307, { location: '/steal' }).end()],
  ['a token endpoint that answers without end', /its token endpoint does not answer/, (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('x'.repeat(600_000))],
  ['a token endpoint that hangs up', /its token endpoint does not answer/, (response) => void response.destroy()],
]

const DISCOVERIES: readonly (readonly [name: string, reason: RegExp, change: (issuer: HandmadeIssuer) => object | string])[] = [
  ['of another issuer', /is of another issuer/, () => ({ issuer: 'https://evil.example' })],
  ['without an authorization endpoint', /has no authorization_endpoint/, () => ({ authorization_endpoint: undefined })],
  ['with a script as authorization endpoint', /not https/, () => ({ authorization_endpoint: 'javascript:alert(1)' })],
  ['with an endpoint in the clear', /not https/, () => ({ token_endpoint: 'http://login.example.com/token' })],
  ['with a credential in an address', /holds a credential/, () => ({ token_endpoint: 'https://u:p@login.example.com/token' })],
  ['without PKCE by S256', /does not know PKCE with S256/, () => ({ code_challenge_methods_supported: ['plain'] })],
  ['that is no JSON', /is not JSON/, () => '<html>'],
]

describe('what a provider gives for a code at the console', () => {
  let setup: ConsoleSetup
  let issuer: HandmadeIssuer
  let good: object
  let tokenFor: (making: Making) => Promise<string> | string
  let answer: ((response: ServerResponse, token: string) => void) | undefined
  let nonce = ''
  const make: Making['make'] = (changed = {}, head = {}, key = issuer.key) => issuer.token(
    { aud: CONSOLE_CLIENT, sub: 'u-17', azp: undefined, nonce, preferred_username: 'dana', groups: ['dba'], ...changed },
    { typ: 'JWT', ...head }, key)

  before(async () => {
    issuer = await startHandmadeIssuer()
    good = {
      issuer: issuer.url, jwks_uri: `${issuer.url}/keys`, authorization_endpoint: `${issuer.url}/authorize`, token_endpoint: `${issuer.url}/token`,
      id_token_signing_alg_values_supported: ['ES256'],
    }
    issuer.answers.respond = (request, response) => {
      const url = new URL(request.url ?? '', issuer.url)
      if (url.pathname === '/authorize') {
        nonce = url.searchParams.get('nonce') ?? ''
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        back.searchParams.set('code', 'c'.repeat(32))
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        response.writeHead(302, { location: back.href }).end()
        return true
      }
      if (url.pathname !== '/token') return false
      Promise.resolve(tokenFor({ issuer, nonce, make })).then((token) => {
        if (answer !== undefined) answer(response, token)
        else json(200, { access_token: 'an-access-token', token_type: 'Bearer', expires_in: 60, id_token: token })(response)
      }).catch(() => response.destroy())
      return true
    }
  })
  beforeEach(() => {
    setup?.logged.splice(0)
    issuer.answers.discovery = good
    answer = undefined
    tokenFor = ({ make: made }) => made()
  })
  before(async () => {
    setup = await setUpConsole()
    setup.configure({ corp: { issuer: issuer.url, secret: SECRET } })
    const { document } = setup.policy
    setup.policy.document = {
      ...document,
      agents: document.agents.map((agent) => (agent.name === 'nightly-report' ? { ...agent, match: { batch: 'nightly', role: 'report' } } : agent)),
    }
  })
  after(async () => {
    await issuer.close()
    await setup.close()
  })

  it('is taken when it is right, also for several clients with the right azp', async () => {
    assert.equal((await setup.logIn(new Browser())).status, 302)
    tokenFor = ({ make: made }) => made({ aud: [CONSOLE_CLIENT, 'another-client'], azp: CONSOLE_CLIENT })
    assert.equal((await setup.logIn(new Browser())).status, 302)
  })

  it('is taken when the provider has changed its keys', async () => {
    const key = makeKey('ES256')
    issuer.answers.keys = { keys: [publicJwk(issuer.key), publicJwk(key)] }
    tokenFor = ({ make: made }) => made({}, {}, key)
    assert.equal((await setup.logIn(new Browser())).status, 302)
  })

  describe('is refused when the ID token is', () => {
    for (const [name, reason, craft] of TOKENS) {
      it(name, async () => {
        tokenFor = craft
        await refused(reason)
      })
    }
  })

  describe('is refused from', () => {
    for (const [name, reason, respond] of ANSWERS) {
      it(name, async () => {
        answer = respond
        await refused(reason)
      })
    }
  })

  describe('is not even asked for with a discovery document', () => {
    for (const [name, reason, change] of DISCOVERIES) {
      it(name, async () => {
        const browser = new Browser()
        const changed = change(issuer)
        issuer.answers.discovery = typeof changed === 'string' ? changed : { ...good, ...changed }
        const already = (await setup.events('login.refused')).length
        setup.clockOffsetMs += 11 * 60_000
        const page = await browser.go(`${setup.url}/auth/login/corp`)
        assert.equal(page.status, 503)
        await assertRefused(setup, page, reason, [browser], already)
      })
    }
  })

  async function refused(reason: RegExp): Promise<void> {
    const browser = new Browser()
    const already = (await setup.events('login.refused')).length
    const page = await setup.logIn(browser)
    await assertRefused(setup, page, reason, [browser], already)
    assert.ok(!issuer.requests.some((request) => request.endsWith('/steal')), 'code and secret were sent elsewhere')
    const written = page.body + setup.logged.join('\n') + JSON.stringify(await setup.events('login.refused'))
    assert.ok(!/eyJ[\w-]{10}|an-access-token|evil|script/.test(written) && !written.includes(SECRET), 'a token, a secret or the provider\'s words were written')
  }
})
