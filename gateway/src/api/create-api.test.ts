import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  ApiError, Health, OAuthError, PolicyApplied, PolicyVersion, routes, SessionDetail, SessionList, TargetList,
  TOKEN_EXCHANGE_GRANT, TokenExchangeResponse, Version,
} from '@sallyport/contract'
import type { z } from 'zod'
import { type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'
import { type HandmadeIssuer, startHandmadeIssuer } from '../../test/support/openid-servers.ts'
import { encodeDecided, encodeFinished } from '../governance/recording/events.ts'
import { StreamError } from '../governance/recording/read-stream.ts'
import type { StreamChunk } from '../governance/recording/stream.ts'
import type { Session } from '../governance/session.ts'
import type { LedgerLog } from '../ledger/ledger-log.ts'
import { verifierPath } from '../ledger/layout.ts'
import { LogReader } from '../ledger/log-reader.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { readEntries } from '../ledger/read-entries.ts'
import { readSessions } from '../read-sessions.ts'
import { createApi } from './create-api.ts'
import { type ApiServer, serveApi } from './serve-api.ts'

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

/** Identity, storage and ledger are the real ones; the policy's administration is the only stand-in. */
describe('the control API', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-api-'))
  const logged: string[] = []
  const tokens: string[] = []
  const ended: string[] = []
  let issuer: HandmadeIssuer
  let identity: IdentitySetup
  let ledger: LedgerLog
  let reading: ReturnType<typeof readSessions>
  let ledgerBroken = false
  let server: ApiServer
  let applied: { text: string; by: string } = { text: 'version: 1', by: 'file' }

  before(async () => {
    issuer = await startHandmadeIssuer()
    identity = await setUpIdentity(issuer.url)
    ;({ log: ledger } = await openLedger({ directory: folder, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined }))
    reading = readSessions({ storage: { kind: 'sqlite', path: ':memory:' }, ledger, directory: folder, verifierKey: 'k', readStream: noStream, log: { info: () => undefined, warn: () => undefined, error: () => undefined } })
    const note = (details: object, message: string) => void logged.push(JSON.stringify(details) + message)
    server = await serveApi(createApi({
      identification: identity.service, tokenExchange: identity.service, revoke: (id) => identity.service.revoke(id),
      policies: identity.policy,
      policyAdministration: {
        read: () => Promise.resolve({ version: 1, appliedAt: new Date().toISOString(), appliedBy: applied.by, text: applied.text }),
        list: () => Promise.resolve([]),
        check: () => [], schema: () => ({}), masks: () => [],
        apply(text, by) {
          if (text.includes('wrong')) return Promise.resolve({ applied: false, problems: [{ line: 2, column: 3, message: 'unknown key' }] })
          if (text.includes('crash')) return Promise.reject(new Error(`connection lost: ${text}`))
          applied = { text, by }
          return Promise.resolve({ applied: true, version: 2 })
        },
      },
      sessions: identity.storage.sessions, holds: identity.storage.holds, agents: {} as never, targets: {} as never, gateways: { self: 'one', list: () => Promise.resolve([]) }, issuerKeys: () => undefined,
      // Reviews have tests of their own.
      reviews: {} as never, channels: {} as never, reviewStore: identity.storage.reviews, signals: identity.storage.signals,
      endSession: (id) => Promise.resolve(id === 'gone' ? 'not-open' : id === 'elsewhere' ? 'asked' : (ended.push(id), 'ended')),
      revokeHeld: (token) => identity.service.revokeHeld(token), locks: { on: () => undefined } as never,
      reading,
      ledger: {
        append: (entry) => ledger.append(entry),
        onWritten: (done) => (ledgerBroken ? setImmediate(done, new Error('disk full')) : ledger.onWritten(done)),
      },
      ledgerReader: new LogReader(folder, readFileSync(verifierPath(folder), 'utf8')),
      verifierKey: readFileSync(verifierPath(folder), 'utf8'),
      makeBundle: () => Promise.resolve(undefined),
      ledgerStatus: () => ({ healthy: true, size: 3, check: { state: 'proved', size: 3, at: null, finding: null }, anchors: [] }),
      listeners: () => [{ protocol: 'postgres', host: '127.0.0.1', port: 15_432, names: [], tls: false }], certification: () => undefined,
      version: '1.2.3', log: { info: note, error: note },
    }), { port: 0 })
  })
  after(async () => {
    await server.close()
    await reading.close()
    await ledger.close()
    await issuer.close()
    await identity.storage.close()
    rmSync(folder, { recursive: true })
  })

  async function login(claims: Record<string, unknown>): Promise<string> {
    const token = await issuer.token(claims)
    tokens.push(token)
    return token
  }
  const agent = () => login({})
  const person = (name: string, ...groups: string[]) => login({ azp: 'console', sub: `u-${name}`, preferred_username: name, groups })

  async function call(path: string, options: { as?: string; method?: string; body?: string | Buffer; type?: string } = {}): Promise<Response> {
    const { as, method = 'GET', body, type } = options
    return fetch(server.url + path, {
      method,
      headers: { ...(as === undefined ? {} : { authorization: `Bearer ${as}` }), ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body }),
    })
  }

  async function answer<Schema extends z.ZodType>(response: Response, schema: Schema, status = 200): Promise<z.infer<Schema>> {
    const text = await response.text()
    assert.equal(response.status, status, text)
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
    return schema.parse(JSON.parse(text))
  }

  async function refused(response: Response, code: ApiError['code'], status: number): Promise<ApiError> {
    const error = await answer(response, ApiError, status)
    assert.equal(error.code, code)
    assert.ok(error.message.length > 5 && error.hint.length > 5)
    return error
  }

  async function exchange(form: Record<string, string> | URLSearchParams | string, type = 'application/x-www-form-urlencoded'): Promise<Response> {
    return call(routes.token, { method: 'POST', body: typeof form === 'string' ? form : new URLSearchParams(form).toString(), type })
  }

  async function sessionToken(subjectToken: string, target = 'shop'): Promise<string> {
    const response = await exchange({ grant_type: TOKEN_EXCHANGE_GRANT, subject_token: subjectToken, subject_token_type: ACCESS_TOKEN, audience: target })
    const { access_token: token } = await answer(response, TokenExchangeResponse)
    tokens.push(token)
    return token
  }

  async function recorded(): Promise<Record<string, unknown>[]> {
    const entries: Record<string, unknown>[] = []
    for await (const { text } of readEntries(folder)) entries.push(JSON.parse(text) as Record<string, unknown>)
    return entries
  }

  it('answers health and version to anybody, and nothing else without a token', async () => {
    assert.deepEqual(await answer(await call(routes.health), Health), { status: 'ok' })
    assert.deepEqual(await answer(await call(routes.version), Version), { name: 'sallyport', version: '1.2.3' })
    for (const path of [routes.targets, routes.sessions, routes.session('x'), routes.policy, `${routes.tiles}/entries/000`]) {
      const response = await call(path)
      assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
      await refused(response, 'unauthenticated', 401)
    }
    await refused(await call(routes.policy, { method: 'POST', body: 'version: 1', type: 'application/yaml' }), 'unauthenticated', 401)
    await refused(await call(routes.session('x'), { method: 'DELETE' }), 'unauthenticated', 401)
  })

  it('refuses whatever is not one good bearer token', async () => {
    const good = await agent()
    for (const authorization of ['Bearer', 'Bearer ', `Basic ${good}`, `Bearer ${good} ${good}`, `Bearer ${good.slice(0, -4)}AAAA`, 'Bearer slp_x', `bearer: ${good}`]) {
      await refused(await fetch(server.url + routes.targets, { headers: { authorization } }), 'unauthenticated', 401)
    }
    await answer(await call(`${routes.targets}?access_token=${good}`), ApiError, 401)
  })

  it('protects every answer, errors too, from caches and pages, and grants no other origin anything', async () => {
    for (const path of [routes.health, routes.targets, '/nothing']) {
      const { headers } = await fetch(server.url + path, { headers: { origin: 'https://evil.example.com' } })
      assert.equal(headers.get('cache-control'), 'no-store')
      assert.equal(headers.get('x-content-type-options'), 'nosniff')
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/)
      assert.equal(headers.get('access-control-allow-origin'), null)
    }
    const preflight = await call(routes.policy, { method: 'OPTIONS' })
    assert.equal(preflight.status, 404)
  })

  it('exchanges an identity token for a session token, and puts that on record before it answers', async () => {
    const before = (await recorded()).length
    const response = await exchange(new URLSearchParams([
      ['grant_type', TOKEN_EXCHANGE_GRANT], ['subject_token', await person('dana')], ['subject_token_type', ACCESS_TOKEN],
      ['audience', 'shop'], ['audience', 'crm'], ['purpose', 'ticket 7'], ['unknown', 'ignored'],
    ]))
    const issued = await answer(response, TokenExchangeResponse)
    tokens.push(issued.access_token)
    assert.ok(issued.expires_in > 500 && issued.expires_in <= 600)
    const [event] = (await recorded()).slice(before)
    assert.equal(event?.['event'], 'token.issued')
    assert.deepEqual([event?.['targets'], event?.['purpose']], [['shop', 'crm'], 'ticket 7'])
    assert.equal((await identity.service.authenticate(issued.access_token, 'crm')).tokenId, event?.['tokenId'])
  })

  it('answers a wrong exchange as OAuth wants it, with a hint', async () => {
    const good = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: await agent(), subject_token_type: ACCESS_TOKEN, audience: 'shop' }
    const { audience: _, ...noTarget } = good
    const wrong: [Record<string, string> | string, OAuthError['error']][] = [
      ['', 'unsupported_grant_type'],
      [{ ...good, grant_type: 'client_credentials' }, 'unsupported_grant_type'],
      [{ ...good, subject_token: '' }, 'invalid_request'],
      [{ ...good, subject_token: 'x.y.z' }, 'invalid_request'],
      [{ ...good, subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
      [{ ...good, subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, 'invalid_request'],
      [{ ...good, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
      [{ ...good, actor_token: 'x.y.z' }, 'invalid_request'],
      [{ ...good, actor_token: 'x.y.z', actor_token_type: ACCESS_TOKEN }, 'invalid_request'],
      [{ ...good, subject_token: await sessionToken(await agent()) }, 'invalid_request'],
      [{ ...good, purpose: 'x'.repeat(501) }, 'invalid_request'],
      [noTarget, 'invalid_target'],
      [{ ...good, audience: 'crm' }, 'invalid_target'],
      [{ ...good, audience: 'nothing' }, 'invalid_target'],
      [`${new URLSearchParams(good).toString()}&subject_token=x`, 'invalid_request'],
      [`${new URLSearchParams(good).toString()}&grant_type=x`, 'invalid_request'],
    ]
    for (const [form, code] of wrong) {
      const error = await answer(await exchange(form), OAuthError, 400)
      assert.equal(error.error, code, JSON.stringify(error))
      assert.ok((error.hint ?? '').length > 5)
    }
    assert.equal((await answer(await exchange(JSON.stringify(good), 'application/json'), OAuthError, 400)).error, 'invalid_request')
    await answer(await exchange(good), TokenExchangeResponse).then(({ access_token: token }) => tokens.push(token))
  })

  it('gives no token that cannot be put on record', async () => {
    ledgerBroken = true
    try {
      const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: await agent(), subject_token_type: ACCESS_TOKEN, audience: 'shop' }
      assert.equal((await answer(await exchange(form), OAuthError, 503)).error, 'temporarily_unavailable')
    } finally {
      ledgerBroken = false
    }
  })

  it('lists to each caller the targets it may open, where the gateway listens for them', async () => {
    const names = async (token: string) => (await answer(await call(routes.targets, { as: token }), TargetList)).targets.map((target) => target.name)
    assert.deepEqual(await names(await agent()), ['shop'])
    assert.deepEqual(await names(await person('dana')), ['shop', 'crm'])
    assert.deepEqual(await names(await sessionToken(await person('dana'), 'crm')), ['crm'])
    const { targets } = await answer(await call(routes.targets, { as: await agent() }), TargetList)
    assert.deepEqual(targets[0], { name: 'shop', protocol: 'postgres', host: '127.0.0.1', port: 15_432, database: 'shop', tls: false, labels: { env: 'test' } })
  })

  it('shows agents and people their own sessions, and all to auditor, operator and administrator', async () => {
    for (const [id, name, kind] of [['a1', 'support-bot', 'agent'], ['a2', 'support-bot', 'agent'], ['p1', 'dana', 'person'], ['p2', 'support-bot', 'person']] as const) {
      await identity.storage.sessions.opened(sessionOf(id, name, kind), 'psql')
    }
    const ids = async (token: string, query = '') => (await answer(await call(routes.sessions + query, { as: token }), SessionList)).sessions.map((one) => one.id).sort()
    assert.deepEqual(await ids(await agent()), ['a1', 'a2'])
    assert.deepEqual(await ids(await person('dana', 'dba')), ['p1'])
    assert.deepEqual(await ids(await sessionToken(await person('dana'))), ['p1'])
    for (const group of ['auditors', 'ops', 'admins']) assert.deepEqual(await ids(await person('robin', group)), ['a1', 'a2', 'p1', 'p2'])
    const first = await answer(await call(`${routes.sessions}?limit=3`, { as: await person('robin', 'auditors') }), SessionList)
    const second = await answer(await call(`${routes.sessions}?limit=3&after=${first.next}`, { as: await person('robin', 'auditors') }), SessionList)
    assert.deepEqual([first.sessions.length, second.sessions.length, second.next], [3, 1, null])
    for (const query of ['?limit=0', '?limit=201', '?limit=x', `?after=${'x'.repeat(65)}`]) {
      await refused(await call(routes.sessions + query, { as: await agent() }), 'invalid-request', 400)
    }
  })

  it('shows to whoever acts for a person what the same did for them, and nothing that is theirs or of others for them', async () => {
    for (const [id, ...actors] of [['e1'], ['e2', 'support-bot'], ['e3', 'other-bot']] as const) await identity.storage.sessions.opened(sessionOf(id, 'erin', 'person', actors), 'psql')
    const erin = { azp: 'console', sub: 'u-erin', preferred_username: 'erin' }
    const ids = async (token: string) => (await answer(await call(routes.sessions, { as: token }), SessionList)).sessions.map((one) => one.id).sort()
    const acting = await login({ ...erin, act: { sub: 'a', azp: 'support-bot' } })
    assert.deepEqual(await ids(await login(erin)), ['e1', 'e2', 'e3'])
    for (const token of [acting, await sessionToken(acting)]) {
      assert.deepEqual(await ids(token), ['e2'])
      await answer(await call(routes.session('e2'), { as: token }), SessionDetail)
      for (const id of ['e1', 'e3']) {
        for (const path of ['', '/operations', '/replay', '/events', '/export?format=jsonl']) await refused(await call(`${routes.session(id)}${path}`, { as: token }), 'not-found', 404)
      }
    }
  })

  it('shows a session with its operations as the ledger has them, to whom may see it', async () => {
    const session = sessionOf('a1', 'support-bot', 'agent')
    const facts = { actions: ['select'], objects: ['public.customers'], functions: [], readOnly: true, filtered: true, unknown: false, statements: 1 }
    const operation = { protocol: 'postgres', facts, text: 'select 1', parameters: [] }
    ledger.append(encodeDecided(session, 1, operation, { effect: 'allow', rule: 'reads', policyVersion: 1 }, 1_000))
    ledger.append(encodeDecided(session, 2, { ...operation, text: 'drop table x' }, { effect: 'deny', rule: 'destructive', policyVersion: 1 }, 2_000))
    ledger.append(encodeFinished(session, 1, { result: 'completed', rows: 3, bytes: 99, durationMs: 1.5 }, 3_000))
    ledger.append(encodeDecided(sessionOf('p1', 'dana', 'person'), 1, { ...operation, text: 'another session' }, { effect: 'allow', rule: 'reads', policyVersion: 1 }, 1_000))
    await new Promise<unknown>((resolve) => ledger.onWritten(resolve))
    const detail = await answer(await call(routes.session('a1'), { as: await agent() }), SessionDetail)
    assert.deepEqual(detail.log, [
      {
        number: 1, at: new Date(1_000).toISOString(), text: 'select 1', textTruncated: false, actions: ['select'], objects: ['public.customers'],
        decision: { effect: 'allow', rule: 'reads', policyVersion: 1 },
        outcome: { result: 'completed', rows: 3, bytes: 99, masked: 0, code: null, durationMs: 1.5 },
      },
      {
        number: 2, at: new Date(2_000).toISOString(), text: 'drop table x', textTruncated: false, actions: ['select'], objects: ['public.customers'],
        decision: { effect: 'deny', rule: 'destructive', policyVersion: 1 }, outcome: null,
      },
    ])
    assert.equal(detail.truncated, false)
    await answer(await call(routes.session('a1'), { as: await person('robin', 'auditors') }), SessionDetail)
    const hidden = await refused(await call(routes.session('a1'), { as: await person('dana') }), 'not-found', 404)
    assert.deepEqual(await refused(await call(routes.session('none'), { as: await person('dana') }), 'not-found', 404), hidden)
    await refused(await call(routes.session('x'.repeat(5_000)), { as: await person('dana') }), 'not-found', 404)
  })

  it('ends a session for operator and administrator alone, and only when that is on record', async () => {
    for (const token of [await agent(), await person('dana', 'dba'), await person('robin', 'auditors')]) {
      await refused(await call(routes.session('a1'), { as: token, method: 'DELETE' }), 'forbidden', 403)
    }
    ledgerBroken = true
    await refused(await call(routes.session('a1'), { as: await person('avery', 'admins'), method: 'DELETE' }), 'not-recorded', 503)
    ledgerBroken = false
    assert.deepEqual(ended, [])
    for (const group of ['ops', 'admins']) {
      assert.equal((await call(routes.session('a1'), { as: await person('avery', group), method: 'DELETE' })).status, 204)
    }
    assert.deepEqual(ended, ['a1', 'a1'])
    const last = (await recorded()).at(-1)
    assert.deepEqual([last?.['event'], last?.['action'], last?.['subject'], last?.['by']], ['administrator.acted', 'session.end', 'a1', 'avery'])
    await refused(await call(routes.session('none'), { as: await person('avery', 'ops'), method: 'DELETE' }), 'not-found', 404)
  })

  it('shows by a session token no more of its holder\'s sessions than those on its targets', async () => {
    for (const [id, target] of [['f1', 'shop'], ['f2', 'crm'], ['f3', 'Shop']] as const) await identity.storage.sessions.opened(sessionOf(id, 'finn', 'person', [], target), 'psql')
    const ids = async (token: string) => (await answer(await call(routes.sessions, { as: token }), SessionList)).sessions.map((one) => one.id).sort()
    const finn = await person('finn', 'auditors')
    assert.deepEqual(await ids(await person('finn')), ['f1', 'f2', 'f3'])
    const forShop = await sessionToken(finn)
    assert.deepEqual(await ids(forShop), ['f1'])
    await answer(await call(routes.session('f1'), { as: forShop }), SessionDetail)
    for (const id of ['f2', 'f3', 'a1']) {
      for (const path of ['', '/operations', '/replay', '/events', '/export?format=jsonl']) await refused(await call(`${routes.session(id)}${path}`, { as: forShop }), 'not-found', 404)
    }
  })

  it('gives roles to people alone, by their own login: not to an agent with the group, nor to whoever acts for an administrator, nor to a session token', async () => {
    const powerful = [
      await sessionToken(await login({ azp: 'console', sub: 'u', preferred_username: 'avery', groups: ['admins', 'auditors'] })),
      await login({ groups: ['admins', 'ops', 'auditors'] }),
      await login({ azp: 'console', sub: 'u', preferred_username: 'avery', groups: ['admins'], act: { sub: 'a', azp: 'support-bot' } }),
      await login({ azp: 'console', sub: 'u', preferred_username: 'avery', groups: ['Admins', 'administrator', ['admins']] }),
    ]
    for (const token of powerful) {
      await refused(await call(routes.policy, { as: token }), 'forbidden', 403)
      await refused(await call(routes.policy, { as: token, method: 'POST', body: 'version: 1', type: 'application/yaml' }), 'forbidden', 403)
      await refused(await call(`${routes.tiles}/entries/000`, { as: token }), 'forbidden', 403)
    }
  })

  it('shows the policy to those with a role, and lets the administrator alone apply one', async () => {
    for (const group of ['dba', 'auditors', 'ops', 'admins']) await answer(await call(routes.policy, { as: await person('x', group) }), PolicyVersion)
    await refused(await call(routes.policy, { as: await person('x') }), 'forbidden', 403)
    const apply = (token: string, body: string | Buffer, type = 'application/yaml') => call(routes.policy, { as: token, method: 'POST', body, type })
    for (const group of ['dba', 'auditors', 'ops']) await refused(await apply(await person('x', group), 'version: 1'), 'forbidden', 403)
    const before = (await recorded()).length
    const avery = await person('avery', 'admins')
    assert.deepEqual(await answer(await apply(avery, 'version: 1 # new'), PolicyApplied), { version: 2, changed: true })
    assert.deepEqual(applied, { text: 'version: 1 # new', by: 'avery' })
    const events = (await recorded()).slice(before)
    assert.deepEqual(events.map((event) => event['action'] ?? event['event']), ['policy.apply', 'policy.applied'])
    const invalid = await refused(await apply(avery, 'wrong'), 'invalid-policy', 422)
    assert.deepEqual(invalid.problems, [{ line: 2, column: 3, message: 'unknown key' }])
    await refused(await apply(avery, '{}', 'application/json'), 'unsupported-media-type', 415)
    await refused(await apply(avery, Buffer.from([0xff, 0xfe])), 'invalid-request', 400)
    assert.equal(applied.text, 'version: 1 # new')
  })

  it('applies no policy that cannot be put on record', async () => {
    ledgerBroken = true
    await refused(await call(routes.policy, { as: await person('avery', 'admins'), method: 'POST', body: 'version: 1 # later', type: 'application/yaml' }), 'not-recorded', 503)
    ledgerBroken = false
    assert.notEqual(applied.text, 'version: 1 # later')
  })

  it('refuses bodies beyond its bounds, declared or not', async () => {
    const big = 'x'.repeat(2 * 1_024 * 1_024)
    assert.equal((await exchange(big)).status, 413)
    const avery = await person('avery', 'admins')
    await refused(await call(routes.policy, { as: avery, method: 'POST', body: big, type: 'application/yaml' }), 'too-large', 413)
    const { first, sentBytes } = await postWithoutEnd(server.port, routes.token)
    assert.match(first, /^HTTP\/1.1 413 /)
    assert.ok(sentBytes < 64 * 1_024 * 1_024, `${sentBytes}`)
  })

  it('looks at each field of a form once, however many there are', async () => {
    let form = '_'
    for (let field = 0; form.length < 130_000; field += 1) form += `&${field.toString(36)}`
    const began = performance.now()
    await answer(await exchange(form), OAuthError, 400)
    // Looking for each among all of them takes half a minute.
    assert.ok(performance.now() - began < 5_000)
  })

  it('keeps no place of those who read for an answer to HEAD, which nobody reads', async () => {
    const as = await person('robin', 'auditors')
    for (let round = 0; round < 20; round += 1) assert.equal((await call(`${routes.session('a1')}/events`, { as, method: 'HEAD' })).status, 200)
    for (let round = 0; round < 20; round += 1) assert.equal((await call(`${routes.session('a1')}/replay`, { as, method: 'HEAD' })).status, 200)
  })

  it('survives raw nonsense on its port', async () => {
    for (const bytes of ['GET / HTTP/9.9\r\n\r\n', '\0'.repeat(1_000), `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`, 'POST /oauth/token HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n', randomBytes(2_000)]) {
      await new Promise<void>((resolve) => {
        const socket = connect(server.port, '127.0.0.1', () => socket.end(bytes))
        socket.on('close', () => resolve()).on('error', () => undefined).resume()
      })
    }
    await answer(await call(routes.health), Health)
  })

  it('takes a request that breaks off for no failure of its own', async () => {
    const before = logged.length
    for (const rest of ['content-length: 100\r\n\r\na=1', 'transfer-encoding: chunked\r\n\r\n5\r\na=1', 'transfer-encoding: chunked\r\n\r\nx\r\n']) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => undefined)
      socket.write(`POST ${routes.token} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n${rest}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
      socket.destroy()
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.deepEqual(logged.slice(before), [])
  })

  it('answers an inner failure without its details', async () => {
    const response = await call(routes.policy, { as: await person('avery', 'admins'), method: 'POST', body: 'crash: slp_secret', type: 'application/yaml' })
    const error = await refused(response, 'internal', 500)
    assert.ok(!JSON.stringify(error).includes('connection lost'))
    assert.ok(!logged.join('').includes('slp_secret'))
  })

  it('holds no token that was used in anything it logged or recorded', async () => {
    const everything = logged.join('\n') + JSON.stringify(await recorded())
    assert.ok(logged.length > 2 && tokens.length > 30)
    for (const token of tokens) {
      for (const part of token.split('.').filter((one) => one.length > 20)) {
        assert.ok(!everything.includes(part.slice(0, 20)) && !everything.includes(part.slice(-20)))
      }
    }
  })
})

describe('serveApi', () => {
  it('does not listen beyond this machine without TLS', async () => {
    const { Hono } = await import('hono')
    for (const host of ['0.0.0.0', '::', 'example.com']) await assert.rejects(serveApi(new Hono(), { host, port: 0 }), /needs TLS/)
  })
})

/** Sends a chunked body without end, until the server closes. */
async function postWithoutEnd(port: number, path: string): Promise<{ first: string; sentBytes: number }> {
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
  const socket = connect(port, '127.0.0.1')
  let sentBytes = 0
  let received = ''
  const more = () => {
    do sentBytes += chunk.length
    while (!socket.destroyed && socket.write(chunk))
  }
  socket.on('data', (data) => (received += data.toString())).on('drain', more).on('error', () => undefined)
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n`)
  more()
  // Not `once`, which would end at the error of a write that the server no longer takes.
  await new Promise((resolve) => socket.on('close', resolve))
  return { first: received.slice(0, 200), sentBytes }
}

function sessionOf(id: string, name: string, kind: 'agent' | 'person', actors: readonly string[] = [], target = 'shop'): Session {
  return {
    id, openedAtMs: Date.now(), protocol: 'postgres', clientAddress: '127.0.0.1', application: '', operations: 0, refused: 0, grants: [], ended: undefined,
    target: { name: target, protocol: 'postgres', labels: {} },
    admission: { identity: { kind, name, issuer: 'corp', subject: 's', groups: [], claims: {}, actors }, purpose: '', tokenId: 't', expiresAtMs: 9e12 },
    policy: { version: 1, readOnly: true, masks: [], decide: () => ({ effect: 'deny', rule: 'none', policyVersion: 1 }) },
  }
}

// oxlint-disable-next-line require-yield -- what it says instead is the point
async function* noStream(session: string): AsyncGenerator<StreamChunk> {
  throw await Promise.resolve(new StreamError('no-key', 0, `nothing was recorded of session ${session}`))
}
