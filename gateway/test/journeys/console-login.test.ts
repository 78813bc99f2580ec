import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { CSRF_HEADER, LoggedOut, LoginProviders, SessionList, WebSession } from '@sallyport/contract'
import { Browser } from '../support/browser.ts'
import { type ConsoleSetup, IDLE_MS, LONGEST_MS, setUpConsole } from '../support/console-setup.ts'
import { type LoginProvider, startLoginProvider } from '../support/login-provider.ts'

const DANA = { sub: 'u-17', claims: { preferred_username: 'dana', groups: ['everybody', 'dba'], email: 'dana@example.com' } }

describe('people at the console, with a real OpenID provider', () => {
  let setup: ConsoleSetup
  let provider: LoginProvider
  let browser: Browser
  before(async () => {
    setup = await setUpConsole()
    provider = await startLoginProvider([`${setup.url}/auth/callback/corp`], setup.url)
  })
  beforeEach(() => {
    setup.configure({ corp: { issuer: provider.url, secret: provider.clientSecret } })
    setup.clockOffsetMs = 0
    provider.person = { ...DANA }
    browser = new Browser()
  })
  after(async () => {
    await provider.close()
    await setup.close()
  })
  const status = async (who = browser) => (await who.ask(`${setup.url}/auth/session`)).status

  it('are told where they can log in', async () => {
    const page = await browser.ask(`${setup.url}/auth/providers`)
    assert.deepEqual(LoginProviders.parse(JSON.parse(page.body)), { providers: [{ name: 'corp', kind: 'oidc', login: '/auth/login/corp' }] })
  })

  it('log in, are sent where they wanted to go, and are known with their roles of now', async () => {
    const page = await setup.logIn(browser, 'corp', '/reviews?state=open')
    assert.deepEqual([page.status, page.headers.location], [302, '/reviews?state=open'])
    const session = WebSession.parse(JSON.parse((await browser.ask(`${setup.url}/auth/session`)).body))
    assert.deepEqual([session.name, session.issuer], ['dana', 'corp'])
    assert.deepEqual(new Set(session.roles), new Set(['viewer', 'reviewer']))
    assert.deepEqual(session.groups, ['everybody', 'dba'])
    const { document } = setup.policy
    setup.policy.document = { ...document, roles: { ...document.roles, reviewer: [], administrator: ['dba'] } }
    assert.deepEqual(new Set((await setup.session(browser)).roles), new Set(['viewer', 'administrator']))
  })

  it('use the control API with the cookie alone, and change things with the session\'s token beside it', async () => {
    await setup.logIn(browser)
    const { document } = setup.policy
    setup.policy.document = { ...document, roles: { ...document.roles, administrator: ['dba'] } }
    const list = await browser.ask(`${setup.url}/api/v1/sessions`)
    assert.deepEqual([list.status, SessionList.parse(JSON.parse(list.body)).sessions], [200, []])
    const { csrf } = await setup.session(browser)
    const applied = await browser.ask(`${setup.url}/api/v1/policy`, { method: 'POST', headers: { [CSRF_HEADER]: csrf, 'content-type': 'application/yaml' }, body: 'version: 1' })
    assert.equal(applied.status, 200, applied.body)
  })

  it('get a cookie that no script reads and no other site sends with a form', async () => {
    const page = await setup.logIn(browser)
    const [session] = (page.headers['set-cookie'] ?? []).filter((line) => line.startsWith('sallyport='))
    assert.match(session ?? '', /^sallyport=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/)
  })

  it('go through the provider with PKCE, state and nonce, new ones each time', async () => {
    const locations = await Promise.all([0, 1].map(async () => (await new Browser().go(`${setup.url}/auth/login/corp`)).headers.location ?? ''))
    const [one, other] = locations.map((location) => new URL(location).searchParams)
    assert.equal(one?.get('code_challenge_method'), 'S256')
    for (const name of ['state', 'nonce', 'code_challenge']) {
      assert.match(one?.get(name) ?? '', /^[\w-]{43}$/)
      assert.notEqual(one?.get(name), other?.get(name), name)
    }
  })

  it('are logged out, here and by the provider\'s own page', async () => {
    await setup.logIn(browser)
    const { csrf } = await setup.session(browser)
    const cookie = browser.cookie('sallyport')
    const page = await browser.ask(`${setup.url}/auth/logout`, { method: 'POST', headers: { [CSRF_HEADER]: csrf } })
    const { location } = LoggedOut.parse(JSON.parse(page.body))
    assert.equal(browser.cookie('sallyport'), undefined)
    assert.equal((await browser.ask(`${setup.url}/auth/session`, { cookie: `sallyport=${cookie}` })).status, 401)
    assert.ok(location?.startsWith(`${provider.url}/session/end?`), location ?? 'null')
    const asked = await browser.go(location ?? '')
    assert.equal(asked.status, 200, asked.body)
    assert.match(asked.body, /logout/i)
  })

  it('log out although the session is over, or the provider is down', async () => {
    await setup.logIn(browser)
    const { csrf } = await setup.session(browser)
    setup.configure({ corp: { issuer: 'http://127.0.0.1:1' } })
    const page = await browser.ask(`${setup.url}/auth/logout`, { method: 'POST', headers: { [CSRF_HEADER]: csrf } })
    assert.deepEqual([page.status, JSON.parse(page.body)], [200, { location: null }])
    assert.equal((await browser.ask(`${setup.url}/auth/logout`, { method: 'POST' })).status, 200)
  })

  it('stay logged in while they use it, and not longer than idle and longest durations', async () => {
    await setup.logIn(browser)
    for (let used = 0; used < 5; used += 1) {
      setup.clockOffsetMs += IDLE_MS - 60_000
      assert.equal(await status(), 200)
    }
    setup.clockOffsetMs += IDLE_MS + 1_000
    assert.equal(await status(), 401)
    setup.clockOffsetMs = 0
    await setup.logIn(browser)
    while (setup.clockOffsetMs < LONGEST_MS - IDLE_MS) {
      setup.clockOffsetMs += IDLE_MS - 60_000
      assert.equal(await status(), 200)
    }
    setup.clockOffsetMs = LONGEST_MS - 1_000
    assert.equal(await status(), 200)
    setup.clockOffsetMs = LONGEST_MS + 1_000
    assert.equal(await status(), 401)
  })

  it('keep their sessions while the provider is down; new logins are refused clearly, and go again without a restart', async () => {
    await setup.logIn(browser)
    const port = Number(new URL(provider.url).port)
    await provider.close()
    assert.equal(await status(), 200)
    setup.clockOffsetMs = 11 * 60_000
    const refused = await new Browser().go(`${setup.url}/auth/login/corp`)
    assert.equal(refused.status, 503)
    assert.match(refused.body, /provider \\"corp\\" cannot be asked: it cannot be reached/)
    provider.server.listen(port, '127.0.0.1')
    await new Promise((resolve) => provider.server.once('listening', resolve))
    assert.equal((await setup.logIn(new Browser())).status, 302)
  })

  it('have several sessions, of which an end of all leaves none, and others\' alone', async () => {
    const browsers = [new Browser(), new Browser()]
    for (const each of browsers) await setup.logIn(each)
    provider.person = { sub: 'u-18', claims: { preferred_username: 'avery', groups: [] } }
    await setup.logIn(browser)
    assert.equal(await setup.sessions.endAllOf({ issuer: 'corp', subject: 'u-17' }) >= 2, true)
    for (const each of browsers) assert.equal(await status(each), 401)
    assert.equal(await status(), 200)
  })

  it('lose their sessions to a lock on who they are, for good, and do not log in while it holds', async () => {
    const other = new Browser()
    await setup.logIn(browser)
    await setup.locks.place({ kind: 'identity', name: 'Dana', by: 'olga', reason: 'laptop stolen', atMs: Date.now() })
    const refused = await setup.logIn(new Browser())
    assert.deepEqual([refused.status, JSON.parse(refused.body).message], [401, 'the identity "Dana" is locked: laptop stolen'])
    provider.person = { sub: 'u-18', claims: { preferred_username: 'avery', groups: [] } }
    await setup.logIn(other)
    assert.deepEqual([await status(), await status(other)], [401, 200])
    await setup.locks.lift('identity', 'dana', 'olga', 'found')
    assert.equal(await status(), 401)
  })

  it('lose a session whose id is revoked like a token\'s', async () => {
    await setup.logIn(browser)
    const issued = (await setup.events('token.issued')).at(-1)
    await setup.service.revoke(String(issued?.['tokenId']))
    assert.equal(await status(), 401)
  })

  it('are on record with each login before they get the cookie, and do not get it without', async () => {
    const before = (await setup.events('token.issued')).length
    await setup.logIn(browser)
    const events = await setup.events('token.issued')
    assert.equal(events.length, before + 1)
    assert.match(String(events.at(-1)?.['tokenId']), /^web_[0-9a-f]{24}$/)
    const other = new Browser()
    const answer = await setup.answerFor(other)
    const kept = async () => (await setup.storage.webSessions.listOf('corp', 'u-17')).map(({ id }) => id)
    const sessions = await kept()
    setup.ledgerBroken = true
    const page = await other.go(answer)
    setup.ledgerBroken = false
    assert.deepEqual([page.status, other.cookie('sallyport')], [503, undefined])
    assert.deepEqual(await kept(), sessions)
  })

  it('get a new session with each login: what was there before is worth nothing after it', async () => {
    browser.plant('sallyport', 'A'.repeat(43))
    await setup.logIn(browser)
    const first = browser.cookie('sallyport')
    assert.notEqual(first, 'A'.repeat(43))
    await setup.logIn(browser)
    assert.notEqual(browser.cookie('sallyport'), first)
    assert.equal((await new Browser().ask(`${setup.url}/auth/session`, { cookie: `sallyport=${first}` })).status, 401)
  })

  it('see, as viewers, that sessions are there, and nothing of what is in them', async () => {
    provider.person = { sub: 'u-20', claims: { preferred_username: 'vic', groups: ['everybody'] } }
    await setup.logIn(browser)
    assert.deepEqual((await setup.session(browser)).roles, ['viewer'])
    assert.equal((await browser.ask(`${setup.url}/api/v1/sessions`)).status, 200)
    assert.equal((await browser.ask(`${setup.url}/api/v1/sessions/0abc-x`)).status, 404)
    assert.equal((await browser.ask(`${setup.url}/api/v1/policy`)).status, 403)
    assert.equal((await browser.ask(`${setup.url}/api/v1/holds`)).status, 403)
  })

  it('leave nothing secret in the database, the ledger or the log', async () => {
    await setup.logIn(browser)
    const { csrf } = await setup.session(browser)
    const callbacks = browser.visited.filter((url) => url.includes('/auth/callback/')).flatMap((url) => [...new URL(url).searchParams.values()])
    const asked = browser.visited.flatMap((url) => ['state', 'nonce'].flatMap((name) => new URL(url).searchParams.get(name) ?? []))
    const secrets = [...browser.seenCookies, csrf, provider.clientSecret, ...callbacks.filter((value) => value !== provider.url), ...asked]
    assert.ok(secrets.length >= 8, `${secrets.length}`)
    const kept = setup.keptBytes() + setup.logged.join('\n')
    assert.ok(kept.includes('web_') && kept.includes('u-17'))
    for (const secret of secrets) assert.ok(!kept.includes(secret), 'a secret was kept in the clear')
    // Both its parts: three letters alone are found by chance in what is sealed.
    assert.ok(!/eyJ[\w-]{10,}\.eyJ[\w-]{10}/.test(kept), 'a token was kept')
  })
})
