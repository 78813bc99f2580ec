import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { CSRF_HEADER } from '@sallyport/contract'
import { Browser, type Page, type Visit } from '../support/browser.ts'
import { type ConsoleSetup, IDLE_MS, LONGEST_MS, setUpConsole } from '../support/console-setup.ts'
import { type LoginProvider, startLoginProvider } from '../support/login-provider.ts'
import { assertRefused } from '../support/refused-login.ts'

const DANA = { sub: 'u-17', claims: { preferred_username: 'dana', groups: ['admins'] } }

interface Scene {
  readonly setup: ConsoleSetup
  readonly provider: LoginProvider
  /** Logged in. */
  readonly browser: Browser
  readonly cookie: string
  readonly csrf: string
  readonly tokenId: string
  readonly list: string
  readonly policy: string
  /** As a page of the console changes the policy, with these changes. */
  change(visit?: Visit): Promise<Page>
}

type Attack = readonly [name: string, status: number, reason: RegExp, run: (scene: Scene) => Promise<Page>]

const YAML = { 'content-type': 'application/yaml' }
const FOREIGN = /the request comes from another site/
const CSRF = /does not carry the token of its session/
const UNKNOWN = /not known here, or was ended/
const random = () => randomBytes(32).toString('base64url')
const withHeaders = (headers: Record<string, string>) => ({ change, csrf }: Scene) => change({ headers: { [CSRF_HEADER]: csrf, ...headers } })
/** Sends no Sec-Fetch-Site, as browsers before 2023. */
const oldBrowser = (headers: Record<string, string>) => ({ browser, policy, csrf }: Scene) =>
  browser.go(policy, { method: 'POST', body: 'version: 1', headers: { ...YAML, [CSRF_HEADER]: csrf, 'sec-fetch-site': '', ...headers } })
const reads = (visit: (scene: Scene) => Visit) => (scene: Scene) => scene.browser.ask(scene.list, visit(scene))
const withCookie = (cookie: (scene: Scene) => string) => reads((scene) => ({ cookie: cookie(scene) }))

const ATTACKS: readonly Attack[] = [
  ['a change without the session\'s token', 403, CSRF, ({ change }) => change()],
  ['a change with an empty token', 403, CSRF, withHeaders({ [CSRF_HEADER]: '' })],
  ['a change with a made-up token', 403, CSRF, withHeaders({ [CSRF_HEADER]: random() })],
  ['a change with the cookie as token', 403, CSRF, ({ change, cookie }) => change({ headers: { [CSRF_HEADER]: cookie } })],
  ['a change with the token of another session of the same person', 403, CSRF, async ({ setup, change }) => {
    const other = new Browser()
    await setup.logIn(other)
    return change({ headers: { [CSRF_HEADER]: (await setup.session(other)).csrf } })
  }],
  ['a change with the token of the session before the login', 403, CSRF, async ({ setup, browser, csrf, change }) => {
    await setup.logIn(browser)
    return change({ headers: { [CSRF_HEADER]: csrf } })
  }],
  ['a change with the token in the address', 403, CSRF, ({ browser, policy, csrf }) => browser.ask(`${policy}?${CSRF_HEADER}=${csrf}`, { method: 'POST', body: 'version: 1' })],
  ['a change from another site', 403, FOREIGN, withHeaders({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })],
  ['a change from another site that names our origin', 403, FOREIGN, withHeaders({ 'sec-fetch-site': 'cross-site' })],
  ['a change from a neighbour of the site', 403, FOREIGN, withHeaders({ 'sec-fetch-site': 'same-site' })],
  ['a change from nowhere', 403, FOREIGN, withHeaders({ 'sec-fetch-site': 'none' })],
  ['a change from a sandboxed frame', 403, FOREIGN, withHeaders({ origin: 'null' })],
  ['a change from an origin that begins like ours', 403, FOREIGN, (scene) => withHeaders({ origin: `${scene.setup.url}.evil.example` })(scene)],
  ['a change from our host at another port', 403, FOREIGN, withHeaders({ origin: 'http://127.0.0.1:1' })],
  ['a change from our host by https', 403, FOREIGN, (scene) => withHeaders({ origin: scene.setup.url.replace('http:', 'https:') })(scene)],
  ['a change from our host by name', 403, FOREIGN, (scene) => withHeaders({ origin: scene.setup.url.replace('127.0.0.1', 'localhost') })(scene)],
  ['a change of an old browser from another site', 403, FOREIGN, oldBrowser({ origin: 'https://evil.example' })],
  ['a change of an old browser without origin', 403, FOREIGN, oldBrowser({})],
  ['a form of another site', 403, FOREIGN, ({ browser, policy }) => browser.go(policy, {
    method: 'POST', body: 'version: 1', headers: { 'content-type': 'text/plain', origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  })],
  ['a DELETE without the session\'s token', 403, CSRF, ({ browser, list }) => browser.ask(`${list}/x`, { method: 'DELETE' })],
  ['a logout from another site', 403, FOREIGN, ({ browser, setup, csrf }) => browser.ask(`${setup.url}/auth/logout`, { method: 'POST', headers: { [CSRF_HEADER]: csrf, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } })],
  ['a logout without the session\'s token', 403, CSRF, ({ browser, setup }) => browser.ask(`${setup.url}/auth/logout`, { method: 'POST' })],
  ['a script of another site that reads', 403, FOREIGN, reads(() => ({ headers: { 'sec-fetch-site': 'cross-site' } }))],
  ['a neighbour of the site that reads', 403, FOREIGN, reads(() => ({ headers: { 'sec-fetch-site': 'same-site' } }))],
  ['a link of another site to the session itself', 403, FOREIGN, ({ browser, setup }) => browser.go(`${setup.url}/auth/session`, { headers: { 'sec-fetch-site': 'cross-site' } })],
  ['a value of Sec-Fetch-Site that there is not', 403, FOREIGN, reads(() => ({ headers: { 'sec-fetch-site': 'Same-Origin' } }))],
  ['a token and a cookie', 400, /a token and the cookie of a session/, reads(() => ({ headers: { authorization: `Bearer slp_${'a'.repeat(49)}` } }))],
  ['a cookie and another kind of authorization', 400, /a token and the cookie of a session/, reads(() => ({ headers: { authorization: 'Basic eDp5' } }))],
  ['the session\'s cookie twice', 401, /cookie sallyport is there twice/, withCookie(({ cookie }) => `sallyport=${cookie}; sallyport=${random()}`)],
  ['the session\'s cookie twice, the same', 401, /cookie sallyport is there twice/, withCookie(({ cookie }) => `sallyport=${cookie}; x=y;sallyport=${cookie}`)],
  ['the session\'s cookie after an empty one', 401, /cookie sallyport is there twice/, withCookie(({ cookie }) => `sallyport=;sallyport=${cookie}`)],
  ['a made-up cookie (session fixation)', 401, UNKNOWN, withCookie(() => `sallyport=${random()}`)],
  ['an empty cookie', 401, UNKNOWN, withCookie(() => 'sallyport=')],
  ['a cookie with quotes', 401, UNKNOWN, withCookie(({ cookie }) => `sallyport="${cookie}"`)],
  ['a cookie with something behind it', 401, UNKNOWN, withCookie(({ cookie }) => `sallyport=${cookie}=`)],
  ['a part of a cookie', 401, UNKNOWN, withCookie(({ cookie }) => `sallyport=${cookie.slice(0, 42)}`)],
  ['a cookie in capitals', 401, UNKNOWN, withCookie(({ cookie }) => `sallyport=${cookie.toUpperCase()}`)],
  ['the cookie\'s hash, as the database has it', 401, UNKNOWN, withCookie(({ cookie }) => `sallyport=${createHash('sha256').update(cookie).digest('hex')}`)],
  ['the session\'s id, as the ledger has it', 401, UNKNOWN, withCookie(({ tokenId }) => `sallyport=${tokenId}`)],
  ['the session\'s token in place of the cookie', 401, UNKNOWN, withCookie(({ csrf }) => `sallyport=${csrf}`)],
  ['a cookie with an injection', 401, UNKNOWN, withCookie(() => "sallyport=' OR '1'='1")],
  ['the cookie of a login that is not finished', 401, UNKNOWN, async ({ setup, browser, list }) => {
    const other = new Browser()
    await other.go(`${setup.url}/auth/login/corp`)
    return browser.ask(list, { cookie: `sallyport=${other.cookie('sallyport-login')}` })
  }],
  ['the cookie of a session that was logged out of', 401, UNKNOWN, async ({ setup, browser, csrf, cookie, list }) => {
    assert.equal((await browser.ask(`${setup.url}/auth/logout`, { method: 'POST', headers: { [CSRF_HEADER]: csrf } })).status, 200)
    return browser.ask(list, { cookie: `sallyport=${cookie}` })
  }],
  ['the cookie that the browser had before it logged in again', 401, UNKNOWN, async ({ setup, browser, cookie, list }) => {
    await setup.logIn(browser)
    return new Browser().ask(list, { cookie: `sallyport=${cookie}` })
  }],
  ['the cookie of a session that was ended for its person', 401, UNKNOWN, async ({ setup, browser, list }) => {
    await setup.sessions.endAllOf({ issuer: 'corp', subject: 'u-17' })
    return browser.ask(list)
  }],
  ['the cookie of a session whose id was revoked', 401, UNKNOWN, async ({ setup, browser, list, tokenId }) => {
    await setup.service.revoke(tokenId)
    return browser.ask(list)
  }],
  ['a session that was not used for too long', 401, /not used for too long/, async ({ setup, browser, list }) => {
    setup.clockOffsetMs = IDLE_MS + 1_000
    return browser.ask(list)
  }],
  ['a session beyond its longest duration, used all the time', 401, /longest duration/, async ({ setup, browser, list }) => {
    while (setup.clockOffsetMs < LONGEST_MS - IDLE_MS) {
      setup.clockOffsetMs += IDLE_MS - 1_000
      assert.equal((await browser.ask(list)).status, 200)
    }
    setup.clockOffsetMs = LONGEST_MS + 1
    return browser.ask(list)
  }],
  ['a session of an issuer that is configured no more', 401, /of an issuer that is no longer configured/, async ({ setup, browser, list }) => {
    setup.configure({})
    return browser.ask(list)
  }],
  ['a session of an issuer at which nobody logs in any more', 401, /no longer taken at the console/, async ({ setup, browser, list }) => {
    const { document } = setup.policy
    setup.policy.document = { ...document, issuers: document.issuers.map(({ console: _console, ...rest }) => rest) }
    return browser.ask(list)
  }],
  ['a session of a client that was replaced', 401, /no longer taken at the console/, async ({ setup, browser, list }) => {
    const { document } = setup.policy
    setup.policy.document = { ...document, issuers: document.issuers.map((entry) => ({ ...entry, console: { clientId: 'new-client' } })) }
    return browser.ask(list)
  }],
  ['a session of an issuer whose name is another\'s now', 401, /no longer configured/, async ({ setup, browser, list }) => {
    const { document } = setup.policy
    setup.policy.document = { ...document, issuers: document.issuers.map((entry) => ({ ...entry, issuer: 'https://other.example' })) }
    return browser.ask(list)
  }],
  ['a session of somebody whose claims are an agent\'s now', 401, /is a registered agent: the console is for people/, async ({ setup, browser, list }) => {
    const { document } = setup.policy
    setup.policy.document = { ...document, agents: [{ name: 'robot', issuer: 'corp', match: { sub: 'u-17' }, owner: 'x', purpose: 'x' }] }
    return browser.ask(list)
  }],
]

describe('attacks on sessions at the console, each refused and on record', () => {
  let setup: ConsoleSetup
  let provider: LoginProvider
  before(async () => {
    setup = await setUpConsole()
    provider = await startLoginProvider([`${setup.url}/auth/callback/corp`], setup.url)
  })
  beforeEach(() => {
    setup.configure({ corp: { issuer: provider.url, secret: provider.clientSecret } })
    setup.clockOffsetMs = 0
    provider.person = { ...DANA }
  })
  after(async () => {
    await provider.close()
    await setup.close()
  })

  async function loggedIn(): Promise<Scene> {
    const browser = new Browser()
    await setup.logIn(browser)
    const [cookie, { csrf }] = [browser.cookie('sallyport') ?? assert.fail(), await setup.session(browser)]
    const tokenId = String((await setup.events('token.issued')).at(-1)?.['tokenId'])
    const [list, policy] = [`${setup.url}/api/v1/sessions`, `${setup.url}/api/v1/policy`]
    const change = (visit: Visit = {}) => browser.ask(policy, { method: 'POST', body: 'version: 1', ...visit, headers: { ...YAML, ...visit.headers } })
    return { setup, provider, browser, cookie, csrf, tokenId, list, policy, change }
  }

  it('what they attack works when it is right', async () => {
    const scene = await loggedIn()
    const { change, csrf, browser, list } = scene
    assert.equal((await change({ headers: { [CSRF_HEADER]: csrf } })).status, 200)
    assert.equal((await oldBrowser({ origin: setup.url })(scene)).status, 200)
    assert.equal((await browser.ask(list)).status, 200)
    assert.equal((await browser.go(list)).status, 200)
  })

  for (const [name, status, reason, run] of ATTACKS) {
    it(name, async () => {
      const scene = await loggedIn()
      // The same reason is on record once a minute.
      const page = await run(scene)
      assert.equal(page.status, status, page.body)
      await assertRefused(setup, page, reason, [scene.browser], 0)
      assert.ok(!JSON.stringify(await setup.events('login.refused')).includes(scene.csrf))
    })
  }

  it('the cookie is no token: neither as bearer nor in exchange', async () => {
    const { cookie, list } = await loggedIn()
    const page = await new Browser().ask(list, { headers: { authorization: `Bearer ${cookie}` } })
    assert.equal(page.status, 401)
  })

  it('other cookies do not matter, whatever they look like', async () => {
    const { browser, list, cookie } = await loggedIn()
    assert.equal((await browser.ask(list, { cookie: `Sallyport=x; sallyport2=y; =sallyport; ;;a; xsallyport=${cookie}; sallyport=${cookie}; __Host-sallyport=z` })).status, 200)
    assert.equal((await browser.ask(list, { cookie: `Sallyport=${cookie}` })).status, 401)
  })

  it('groups of the login do not grow: roles come from the policy alone', async () => {
    provider.person = { sub: 'u-30', claims: { preferred_username: 'mallory', groups: ['administrator', 'role:administrator', '__proto__'], roles: ['administrator'], kind: 'agent' } }
    const { browser, policy } = await loggedIn()
    assert.deepEqual((await setup.session(browser)).roles, [])
    assert.equal((await browser.ask(policy)).status, 403)
  })
})
