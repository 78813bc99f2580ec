import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { ApiServices } from '../../gateway/src/api/api-services.ts'
import { createApi } from '../../gateway/src/api/create-api.ts'
import { openApiDocument } from '../../gateway/src/api/reference/openapi-document.ts'
import { type AgentApi, startAgentApi } from '../../gateway/test/support/agent-api.ts'
import { Browser } from '../../gateway/test/support/browser.ts'
import { type ConsoleSetup, setUpConsole } from '../../gateway/test/support/console-setup.ts'
import { type LoginProvider, startLoginProvider } from '../../gateway/test/support/login-provider.ts'

const routes = Object.entries(openApiDocument('1').paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })))
const filled = (path: string, id = 'x-1') => path.replace('/locks/{kind}', '/locks/agent').replace('/holds/{kind}', '/holds/session').replaceAll(/\{\w+\}/g, id)

/** They carry a token of their own in the body, or the provider's answer, and no cookie of a session. */
const WITHOUT_COOKIE = new Set(['/oauth/token', '/oauth/revoke', '/auth/callback/{issuer}', '/auth/saml/{name}/acs'])
const changing = routes.filter(({ method, path }) => method !== 'GET' && !WITHOUT_COOKIE.has(path))

suite('other sites, with the browser of an administrator who is logged in', () => {
  let console: ConsoleSetup
  let provider: LoginProvider
  let browser: Browser
  let csrf = ''

  before(async () => {
    console = await setUpConsole()
    provider = await startLoginProvider([`${console.url}/auth/callback/corp`], console.url)
    provider.person = { sub: 'u-1', claims: { preferred_username: 'avery', groups: ['administrators', 'admins', 'platform'] } }
    console.configure({ corp: { issuer: provider.url, secret: provider.clientSecret } })
    const roles = Object.fromEntries(['viewer', 'reviewer', 'operator', 'auditor', 'administrator'].map((role) => [role, ['admins']]))
    console.policy.document = { ...console.policy.document, roles: { ...console.policy.document.roles, ...roles } }
    browser = new Browser()
    await console.logIn(browser)
    ;({ csrf } = await console.session(browser))
  })
  after(async () => {
    await provider.close()
    await console.close()
  })

  const ATTACKS: readonly [string, () => Record<string, string>][] = [
    ['without the token of the session', () => ({ origin: console.url, 'sec-fetch-site': 'same-origin' })],
    ['with a token of another session', () => ({ origin: console.url, 'sec-fetch-site': 'same-origin', 'x-sallyport-csrf': 'A'.repeat(csrf.length) })],
    ['from a foreign origin', () => ({ origin: 'https://evil.example', 'x-sallyport-csrf': csrf, 'sec-fetch-site': '' })],
    ['from a page without an origin', () => ({ origin: 'null', 'x-sallyport-csrf': csrf, 'sec-fetch-site': '' })],
    ['from where no browser says', () => ({ 'x-sallyport-csrf': csrf, 'sec-fetch-site': '' })],
    ['when the browser says cross-site', () => ({ origin: console.url, 'x-sallyport-csrf': csrf, 'sec-fetch-site': 'cross-site' })],
    ['when the browser says same-site', () => ({ origin: console.url, 'x-sallyport-csrf': csrf, 'sec-fetch-site': 'same-site' })],
  ]
  for (const [name, headers] of ATTACKS) {
    test(`change nothing ${name}: each route that changes something refuses`, async () => {
      assert.ok(changing.length > 20)
      for (const { method, path } of changing) {
        const page = await browser.go(console.url + filled(path), { method, headers: { 'content-type': 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', ...headers() }, ...(method === 'POST' && { body: '{}' }) })
        assert.equal(page.status, 403, `${method} ${path}: ${page.body}`)
      }
    })
  }

  test('the same requests of the console itself get further', async () => {
    for (const { method, path } of changing.filter(({ path: one }) => ['/api/v1/locks', '/api/v1/policy', '/api/v1/policy/check'].includes(one))) {
      const headers = { 'content-type': 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', origin: console.url, 'sec-fetch-site': 'same-origin', 'x-sallyport-csrf': csrf }
      const { status, body } = await browser.go(console.url + filled(path), { method, headers, body: '{}' })
      assert.ok(status === 400 || status === 415, `${method} ${path}: ${status} ${body}`)
    }
  })

  test('a login leads nowhere but to this gateway', async () => {
    for (const next of [
      'https://evil.example/', '//evil.example/', '/\\evil.example/', '\\\\evil.example', '/\t/evil.example', 'javascript:alert(1)', 'data:text/html,x', '/%09//evil.example',
      'http:evil.example', '/..//evil.example', '/.//evil.example', '///evil.example', '@evil.example', '\u2044\u2044evil.example',
    ]) {
      const somebody = new Browser()
      const begun = await somebody.go(`${console.url}/auth/login/corp?next=${encodeURIComponent(next)}`)
      if (begun.status >= 400) continue
      const page = await somebody.follow(`${console.url}/auth/login/corp?next=${encodeURIComponent(next)}`, (at) => at.startsWith(`${console.url}/auth/callback/`))
      const { location = '' } = (await somebody.go(page.url)).headers
      assert.equal(new URL(location, `${console.url}/`).origin, console.url, `${next} led to ${location}`)
    }
  })

  test('a cookie that was planted before the login is worth nothing after it', async () => {
    const { name } = await console.session(browser)
    assert.equal(name, 'avery')
    const stolen = 'A'.repeat(43)
    const page = await browser.go(`${console.url}/auth/session`, { cookie: `sallyport=${stolen}`, headers: { 'sec-fetch-site': 'same-origin' } })
    assert.equal(page.status, 401)
    const victim = new Browser()
    await console.logIn(victim)
    assert.ok(!victim.seenCookies.includes(stolen))
    const first = victim.seenCookies.at(-1) ?? ''
    await console.logIn(victim)
    const again = await victim.go(`${console.url}/auth/session`, { cookie: `sallyport=${first}`, headers: { 'sec-fetch-site': 'same-origin' } })
    assert.equal(again.status, 401, 'the session of before is over')
  })

  test('no answer can be framed, run, or read by another origin', async () => {
    // One that never ends is answered as all others are.
    for (const { method, path } of routes.filter((one) => one.path !== '/api/v1/reviews/events')) {
      const { headers } = await browser.go(console.url + filled(path), { method, headers: { origin: 'https://evil.example' } })
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, path)
      assert.match(String(headers['content-security-policy']), /default-src 'none'/, path)
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin', path)
      assert.equal(headers['access-control-allow-origin'], undefined, path)
    }
  })
})

const READERS = ['nobody', 'own agent', 'other agent', 'person', 'viewer', 'reviewer', 'operator', 'auditor', 'administrator'] as const
type Reader = (typeof READERS)[number]
const LOGGED_IN = READERS.slice(1)
const WATCH: readonly Reader[] = ['operator', 'auditor', 'administrator']
const OWN: readonly Reader[] = ['own agent', ...WATCH]

/** Who may read what of a session of `support-bot`, and of the rest; others are told 401, 403, or that it is not there. */
const MAY: Readonly<Record<string, readonly Reader[]>> = {
  '/api/v1/targets': LOGGED_IN, '/api/v1/targets/catalogs': LOGGED_IN, '/api/v1/whoami': LOGGED_IN, '/api/v1/sessions': LOGGED_IN, '/api/v1/reviews': LOGGED_IN, '/api/v1/access': LOGGED_IN, '/api/v1/agents': LOGGED_IN, '/api/v1/campaigns': LOGGED_IN,
  '/api/v1/sessions/{id}': OWN, '/api/v1/sessions/{id}/operations': OWN, '/api/v1/sessions/{id}/replay': OWN, '/api/v1/sessions/{id}/events': OWN, '/api/v1/sessions/{id}/export': OWN, '/api/v1/sessions/{id}/originals': ['auditor'],
  '/api/v1/protocols': ['administrator'], '/api/v1/gateways': WATCH, '/api/v1/targets/use': WATCH, '/api/v1/issuers': WATCH, '/api/v1/locks': WATCH, '/api/v1/holds': ['auditor', 'administrator'], '/api/v1/reviews/channels': ['reviewer', 'operator', 'administrator'],
  '/api/v1/agents/{name}': WATCH, '/api/v1/policy': ['reviewer', ...WATCH], '/api/v1/policy/schema': ['reviewer', ...WATCH], '/api/v1/policy/versions': ['reviewer', ...WATCH], '/api/v1/policy/versions/{version}': ['reviewer', ...WATCH],
  '/api/v1/ledger/status': WATCH, '/ledger/tile/{path}': WATCH, '/ledger/bundle/{session}': ['auditor', 'administrator'], '/api/v1/reviews/events': LOGGED_IN,
  '/api/v1/version': READERS, '/healthz': READERS, '/api/v1/openapi.json': READERS, '/ledger/verifier.pub': READERS,
}
/** Of things that this gateway has none of, or that are for anybody or for a browser by their nature. */
const ELSEWHERE = new Set([
  '/api/v1/sessions/search', '/api/v1/reviews/{id}', '/api/v1/campaigns/{id}', '/api/v1/login', '/api/v1/ssh/authorities', '/ledger/checkpoint', '/ledger/proof/inclusion', '/ledger/proof/consistency',
  '/auth/providers', '/auth/session', '/auth/login/{issuer}', '/auth/callback/{issuer}', '/auth/saml/{name}/login', '/auth/saml/{name}/metadata',
])

suite('what others did is read by those alone who may', () => {
  let gateway: AgentApi
  let session = ''
  let tokens: Readonly<Record<Reader, string | undefined>>
  let api: ReturnType<typeof createApi>

  before(async () => {
    gateway = await startAgentApi()
    const { storage } = gateway
    await gateway.services.policyAdministration.apply(`${await gateway.policyText()}  viewer: [viewers]\n`, 'test')
    session = (await gateway.session({}, 'shop')).id
    const nothing = { async* [Symbol.asyncIterator]() { /* It did nothing. */ } }
    const more: Partial<ApiServices> = {
      sessions: storage.sessions, gateways: { ...gateway.services.gateways, self: 'gateway' }, holds: storage.holds, reviewStore: storage.reviews, signals: storage.signals, channels: { states: () => [] } as never, version: '1', verifierKey: 'k',
      locks: { on: () => undefined, list: () => [] } as never, ledgerStatus: () => ({ healthy: true, size: 0, check: { state: 'waiting', size: 0, at: null, finding: null }, anchors: [] }),
      reading: { events: () => nothing, follow: () => nothing, stream: () => nothing, originals: () => nothing } as never, makeBundle: () => Promise.resolve(nothing as never),
      ledgerReader: { entryBundle: () => Promise.resolve(Buffer.from('entry')), readEntries: () => Promise.resolve(Buffer.from('entry')) } as never,
    }
    api = createApi({ ...gateway.services, ...more })
    tokens = {
      nobody: undefined, 'own agent': await gateway.agent('support-bot'), 'other agent': await gateway.agent('nightly'), person: await gateway.person('eve', 'visitors'), viewer: await gateway.person('vic', 'viewers'),
      reviewer: await gateway.person('rita', 'reviewers'), operator: await gateway.person('olaf', 'ops'), auditor: await gateway.person('ada', 'auditors'), administrator: await gateway.person('amy', 'admins'),
    }
  })
  after(() => gateway.close())

  test('every route that reads is in the table', () => {
    const reads = routes.filter(({ method }) => method === 'GET').map(({ path }) => path)
    assert.deepEqual(reads.filter((path) => !(path in MAY) && !ELSEWHERE.has(path)), [])
  })

  for (const [path, may] of Object.entries(MAY)) {
    test(`GET ${path} is for ${may.length === READERS.length ? 'anybody' : may.join(', ')}`, async () => {
      const address = path.replace('{name}', 'old-bot').replace('{version}', '1').replace('{path}', 'entries/000.p/1').replaceAll(/\{\w+\}/g, session) + (path.endsWith('export') ? '?format=jsonl' : '')
      const hidden = new Set<string>()
      for (const reader of READERS) {
        const token = tokens[reader]
        const answer = await api.request(address, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
        const stream = path.endsWith('/events') && answer.ok
        const text = stream ? '' : await answer.text()
        if (stream) await answer.body?.cancel()
        // Beyond the check of who asks, this gateway has no entries to give.
        const passed = answer.ok || (path === '/ledger/tile/{path}' && ![401, 403].includes(answer.status))
        assert.equal(passed, may.includes(reader), `${reader}: ${answer.status} ${text.slice(0, 200)}`)
        if (!answer.ok && !passed) assert.ok(reader === 'nobody' ? answer.status === 401 : [403, 404].includes(answer.status), `${reader}: ${answer.status}`)
        if (answer.status === 404) hidden.add(text)
      }
      assert.ok(hidden.size <= 1, 'what is not there and what is not shown are told alike')
    })
  }

  test('lists hold what is one\'s own', async () => {
    const counts: Record<string, number> = {}
    for (const reader of LOGGED_IN) {
      const answer = await api.request('/api/v1/sessions', { headers: { authorization: `Bearer ${tokens[reader]}` } })
      counts[reader] = ((await answer.json()) as { sessions: unknown[] }).sessions.length
    }
    assert.deepEqual(counts, { 'own agent': 1, 'other agent': 0, person: 0, viewer: 1, reviewer: 0, operator: 1, auditor: 1, administrator: 1 })
  })
})
