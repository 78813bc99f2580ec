import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ApiError, ProtocolList, routes, TargetCatalogList, TargetChange, TargetList, TargetTest, TargetUseList } from '@sallyport/contract'
import { type AgentApi, startAgentApi } from '../../test/support/agent-api.ts'
import { startKubeEcho } from '../../test/support/kube-echo.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { startSshd } from '../../test/support/sshd.ts'
import { createApi } from './create-api.ts'

type Entry = Record<string, unknown>

describe('targets over the control API', () => {
  let gateway: AgentApi
  let server: PostgresServer
  let amy = ''
  let entry: Entry

  before(async () => {
    gateway = await startAgentApi()
    server = await startPostgres()
    amy = await gateway.person('amy', 'admins')
    gateway.environment['SHOP'] = server.password
    entry = {
      name: 'orders', protocol: 'postgres', host: server.host, port: server.port, database: server.database,
      credential: { user: server.superuser, password: 'env:SHOP' }, tls: { mode: 'disable' },
    }
  })
  after(async () => {
    await server.stop()
    await gateway.close()
  })

  const propose = (body: object, as = amy) => gateway.call('POST', routes.targets, as, body)
  const tried = async (one: Entry) => TargetTest.parse((await gateway.call('POST', routes.targetTest, amy, { entry: one })).body)
  const acted = async () => (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'administrator.acted' ? [event] : []))

  it('are described by a schema that knows each setting, which are secrets, and what it is for', async () => {
    const { protocols } = ProtocolList.parse((await gateway.call('GET', routes.protocols, amy)).body)
    assert.deepEqual(protocols.map(({ name, testable }) => [name, testable]), [['postgres', true], ['ssh', true], ['kubernetes', true]])
    const { properties, required } = (protocols[0]?.schema ?? {}) as { properties: Record<string, { description?: string; properties?: Record<string, { format?: string }> }>; required: string[] }
    assert.deepEqual(Object.keys(properties), ['name', 'protocol', 'host', 'port', 'database', 'credential', 'tls', 'labels', 'record', 'retention'])
    assert.deepEqual(required, ['name', 'protocol', 'host', 'database', 'credential'])
    assert.equal(properties['credential']?.properties?.['password']?.format, 'secret-reference')
    assert.match(properties['host']?.description ?? '', /Host name/)
  })

  it('are tried before they are in the document: where, with which reference, is on record, and nothing changes', async () => {
    const { version } = gateway.policies.current
    const good = await tried(entry)
    assert.match(good.words, /^PostgreSQL \d+\S* let "postgres" into "postgres" \(login: scram-sha-256; TLS: none\)$/)
    assert.equal(good.reached, true)
    const last = (await acted()).at(-1)
    assert.deepEqual([last?.by, last?.action, JSON.parse(last?.subject ?? '')], ['amy', 'target.test', entry])
    assert.equal(gateway.policies.current.version, version)
    const base = entry['credential'] as Entry
    for (const [changed, words] of [
      [{ database: 'nothing' }, /refused the gateway: database "nothing" does not exist/], [{ port: 1 }, /cannot be reached: .*ECONNREFUSED/],
      [{ tls: { mode: 'verify-full' } }, /does not offer TLS/], [{ credential: { ...base, password: 'env:NOBODY' } }, /NOBODY is not set/],
      [{ tls: { mode: 'require', ca: 'file:/nowhere.pem' } }, /does not offer TLS/],
    ] as const) {
      const { reached, words: said } = await tried({ ...entry, ...changed })
      assert.equal(reached, false)
      assert.match(said, words)
    }
  })

  it('say no secret, also where a server says back what it was told', async () => {
    const asked = await startPostgres({ auth: 'password' })
    try {
      gateway.environment['WRONG'] = 'swordfish-7'
      await asked.query('create role "swordfish-7" login')
      const { reached, words } = await tried({ ...entry, port: asked.port, credential: { user: 'swordfish-7', password: 'env:WRONG' } })
      assert.equal(reached, false)
      assert.match(words, /password authentication failed for user "\[secret\]"/)
    } finally {
      await asked.stop()
    }
  })

  it('are tried one at a time, and none for longer than it may be', async () => {
    const open = new Set<Socket>()
    const silent = createServer((socket) => void open.add(socket)).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const started = performance.now()
    const address = silent.address()
    const waiting = tried({ ...entry, port: typeof address === 'object' ? address?.port : 0 })
    while (open.size === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const busy = await gateway.call('POST', routes.targetTest, amy, { entry })
    assert.deepEqual([busy.status, ApiError.parse(busy.body).code], [429, 'too-many-requests'])
    assert.match((await waiting).words, /did not answer in time/)
    assert.ok(performance.now() - started < 9_000)
    assert.equal((await tried(entry)).reached, true)
    for (const socket of open) socket.destroy()
    silent.close()
  })

  it('of SSH are tried with the host key and the credential that the entry names', { skip: existsSync('/usr/sbin/sshd') ? false : 'no sshd here' }, async () => {
    const sshd = await startSshd()
    try {
      gateway.environment['KEY'] = readFileSync(sshd.keyFile, 'utf8')
      const web = { name: 'web', protocol: 'ssh', host: sshd.host, port: sshd.port, credential: { user: sshd.user, key: 'env:KEY' }, hostKeys: [sshd.hostKey.split(' ').slice(0, 2).join(' ')] }
      assert.match((await tried(web)).words, /^OpenSSH_\S+.* proved its host key \(ssh-ed25519\) and let ".+" in \(login: publickey\)$/)
      const other = await tried({ ...web, hostKeys: [`SHA256:${'A'.repeat(43)}`] })
      assert.match(other.words, /did not prove that it is the one: its host key is SHA256:/)
    } finally {
      await sshd.stop()
    }
  })

  it('of Kubernetes are tried by a question that nobody unknown is answered', async () => {
    const cluster = await startKubeEcho()
    try {
      gateway.environment['TOKEN'] = 'bearer-7'
      const kube = { name: 'prod', protocol: 'kubernetes', host: '127.0.0.1', port: cluster.port, credential: { token: 'env:TOKEN' }, tls: { ca: `file:${cluster.caFile}` } }
      cluster.answers.set('/version', { body: '{"gitVersion":"v1.30.1"}' })
      assert.equal((await tried(kube)).words, 'Kubernetes v1.30.1 took the token env:TOKEN (TLS: verified)')
      assert.equal(cluster.seen.at(-1)?.headers['authorization'], 'Bearer bearer-7')
      cluster.answers.set('/version', { status: 401, body: '{"message":"who is bearer-7?"}' })
      assert.equal((await tried(kube)).words, 'the API server does not know the credential')
      cluster.answers.set('/version', { body: 'x'.repeat(70_000) })
      assert.match((await tried(kube)).words, /longer than/)
      assert.match((await tried({ ...kube, tls: {} })).words, /certificate of the API server is not the one expected/)
      assert.match((await tried({ ...kube, tls: { ca: 'file:/nowhere.pem' } })).words, /could not try it \(ENOENT\)/)
    } finally {
      await cluster.close()
    }
  })

  it('are said to be wrong at their place, without a test, a version or a record', async () => {
    const before = (await acted()).length
    const wrong = { ...entry, name: 'a b', port: 'x', credential: { user: 'u', password: 'in-the-clear' }, colour: 'red' }
    const { problems, text } = TargetChange.parse((await propose({ entry: wrong, dryRun: true })).body)
    assert.equal(text, null)
    assert.deepEqual([...new Set(problems.map(({ path }) => path))].toSorted(), ['colour', 'credential.password', 'name', 'port'])
    assert.ok(!JSON.stringify(problems).includes('in-the-clear'))
    const test = await tried(wrong)
    assert.deepEqual([test.reached, test.problems.length > 0], [false, true])
    const refused = await propose({ entry: wrong, dryRun: false })
    assert.deepEqual([refused.status, ApiError.parse(refused.body).code], [422, 'invalid-policy'])
    const taken = TargetChange.parse((await propose({ entry: { ...entry, name: 'shop' }, dryRun: true })).body)
    assert.deepEqual(taken.problems.map(({ path }) => path), ['name'])
    for (const odd of [undefined, null, 7, [], 'x', { entry: [] }, { entry, dryRun: 'yes' }, { dryRun: true }]) assert.equal((await propose(odd as object)).status, 400, JSON.stringify(odd))
    for (const odd of [{}, { entry: 7 }, { target: '' }]) assert.equal((await gateway.call('POST', routes.targetTest, amy, odd)).status, 400)
    const deep = `{"entry":{"name":${'['.repeat(7_000)}${']'.repeat(7_000)}},"dryRun":true}`
    assert.equal(TargetChange.parse((await gateway.call('POST', routes.targets, amy, deep)).body).text, null)
    assert.equal((await acted()).length, before)
  })

  it('become a version of the document in which all else stays as it was written', async () => {
    const before = await gateway.policyText()
    const { version } = gateway.policies.current
    const draft = TargetChange.parse((await propose({ entry, dryRun: true })).body)
    assert.deepEqual([draft.policyVersion, draft.problems], [version, []])
    const stale = await propose({ entry, dryRun: false, policyVersion: version + 5 })
    assert.equal(stale.status, 409)
    const added = await propose({ entry, dryRun: false, policyVersion: version })
    assert.equal(added.status, 201, added.text)
    assert.equal(TargetChange.parse(added.body).policyVersion, version + 1)
    assert.equal(await gateway.policyText(), before.replace('rules:\n', `${draft.text}rules:\n`))
    const events = (await readEvents(gateway.ledgerDirectory)).slice(-2)
    assert.deepEqual(events.map(({ event }) => event), ['administrator.acted', 'policy.applied'])
    const { targets } = TargetList.parse((await gateway.call('GET', routes.targets, amy)).body)
    assert.ok(targets.some(({ name }) => name === 'orders'))
    const again = await propose({ entry, dryRun: false })
    assert.equal(again.status, 422)
    const test = await gateway.call('POST', routes.targetTest, await gateway.person('olaf', 'ops'), { target: 'orders' })
    assert.equal(TargetTest.parse(test.body).reached, true)
    assert.equal((await gateway.call('POST', routes.targetTest, amy, { target: 'nothing' })).status, 404)
  })

  it('are told with what goes on at them now, by all gateways that are known', async () => {
    const { storage } = gateway
    const beat = { id: 'gateway', host: 'h', version: '0', policyVersion: 1, startedAtMs: Date.now(), seenAtMs: Date.now() }
    await storage.gateways.beat(beat)
    const [open, closed] = [await gateway.session({}, 'shop'), await gateway.session({}, 'shop')]
    await closed.end()
    await storage.sessionLogins.add({ user: 'sallyport_x', target: 'crm', place: 'p', role: 'r', session: open.id, use: 'session', validUntilMs: Date.now() })
    const told = async (group: string) => gateway.call('GET', routes.targetUse, await gateway.person('pat', group))
    const { targets } = TargetUseList.parse((await told('auditors')).body)
    assert.deepEqual(targets.filter(({ name }) => name !== 'orders'), [{ name: 'shop', openSessions: 1, logins: 0 }, { name: 'crm', openSessions: 0, logins: 1 }])
    assert.deepEqual(await Promise.all(['ops', 'admins', 'reviewers', 'nobody'].map(async (group) => (await told(group)).status)), [200, 200, 403, 403])
  })

  it('are told with what is kept of their catalogs to whoever may open them, and of others not that they are there', async () => {
    const { services } = gateway
    const catalog = { schemas: 2, tables: 3, views: 1, maskedColumns: 1, masked: ['public.customers.email'], readAtMs: Date.UTC(2026, 2, 2) }
    const targets = { ...services.targets, catalogs: (asked: readonly { readonly name: string }[]) => asked.map(({ name }) => ({ name, catalog: name === 'shop' ? catalog : undefined })) }
    const api = createApi({ ...services, targets })
    const told = async (token?: string) => {
      const answer = await api.request(routes.targetCatalogs, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
      return answer.ok ? TargetCatalogList.parse(await answer.json()).targets : answer.status
    }
    const { readAtMs, ...numbers } = catalog
    const shop = { name: 'shop', catalog: { ...numbers, readAt: new Date(readAtMs).toISOString() } }
    assert.deepEqual(await told(await gateway.agent('support-bot')), [shop], 'it may open nothing else')
    const all = await told(await gateway.person('pat', 'nobody'))
    assert.ok(Array.isArray(all))
    assert.deepEqual(all.slice(0, 2), [shop, { name: 'crm', catalog: null }])
    assert.equal(await told(), 401)
    assert.deepEqual(TargetCatalogList.parse((await gateway.call('GET', routes.targetCatalogs, amy)).body), { targets: [] }, 'a protocol without a catalog is left out')
  })

  it('are added and tried by administrators alone, and only on record', async () => {
    for (const group of ['reviewers', 'ops', 'auditors', 'nobody']) {
      const token = await gateway.person('pat', group)
      assert.equal((await gateway.call('GET', routes.protocols, token)).status, 403, group)
      assert.equal((await propose({ entry, dryRun: true }, token)).status, 403, group)
      assert.equal((await gateway.call('POST', routes.targetTest, token, { entry })).status, 403, group)
      if (group !== 'ops') assert.equal((await gateway.call('POST', routes.targetTest, token, { target: 'shop' })).status, 403, group)
    }
    assert.equal((await gateway.call('POST', routes.targetTest, await gateway.agent('support-bot'), { entry })).status, 403)
    const { version } = gateway.policies.current
    gateway.ledgerBroken = true
    try {
      assert.equal((await gateway.call('POST', routes.targetTest, amy, { entry })).status, 503)
      assert.equal((await propose({ entry: { ...entry, name: 'more' }, dryRun: false })).status, 503)
      assert.equal(gateway.policies.current.version, version)
    } finally {
      gateway.ledgerBroken = false
    }
  })
})
