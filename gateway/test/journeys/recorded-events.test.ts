import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { LedgerStatus, routes, TOKEN_EXCHANGE_GRANT } from '@sallyport/contract'
import { LedgerEvent } from '@sallyport/contract/events'
import pg from 'pg'
import { Webhook } from 'standardwebhooks'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { toOcsf } from '../../src/governance/recording/ocsf.ts'
import { openCheckpoint } from '../../src/ledger/checkpoint.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { parseVerifierKey } from '../../src/ledger/signed-note.ts'
import { eventually } from '../support/eventually.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { proveLedger, readEvents } from '../support/ledger-records.ts'
import { SHOP_POLICY } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { createShop, type Shop } from '../support/shop.ts'

/** Everything a client may say of itself or in a statement, from one that means harm. */
const HOSTILE = [
  'plain', '"}\n{"v":1,"event":"gateway.stopped"}', '\u001b[31mred\u001b[0m\r\n\t\u0007', '\u202Eright to left\u2066', 'é😀\u{10FFFF}', 'x'.repeat(60_000),
  '"session":"someone-else"', '__proto__', '</script><script>alert(1)</script>', '\\u0000\\ud800',
]
const ROLES = 'roles: { administrator: [admins], operator: [ops], auditor: [auditors] }\n'

let server: PostgresServer | undefined
let shop: Shop
let gateway: TestGateway
let restarted: TestGateway | undefined
let folder: string
const anchored: { checkpoint: string; size: number }[] = []
const secret = `whsec_${randomBytes(32).toString('base64')}`
const receiver = http.createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => (body += String(chunk))).on('end', () => {
    anchored.push((new Webhook(secret).verify(body, request.headers as Record<string, string>) as { data: { checkpoint: string; size: number } }).data)
    response.end()
  })
})

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-events-'))
  writeFileSync(join(folder, 'anchor-secret'), secret, { mode: 0o600 })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const target = await startPostgres({ auth: 'scram-sha-256', tls: 'required' })
  server = target
  shop = await createShop(target)
  gateway = await startTestGateway({
    targets: [{ port: target.port, database: shop.database, user: shop.user, password: shop.password, ca: target.certificate?.cert ?? '' }],
    policy: `${SHOP_POLICY}${ROLES}`,
    data: join(folder, 'data'),
    settings: `ledger: { anchors: [{ file: '${join(folder, 'anchor')}', every: 1s }, { webhook: 'http://127.0.0.1:${(receiver.address() as AddressInfo).port}/', secret: 'file:${join(folder, 'anchor-secret')}', every: 1s }] }`,
  })
})
after(async () => {
  receiver.close()
  receiver.closeAllConnections()
  await restarted?.stop()
  await gateway?.stop()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function connect(more: Partial<pg.ClientConfig> = {}): Promise<pg.Client> {
  const { host, port, database, issuer, certificate } = gateway
  const client = new pg.Client({ host, port, database, user: 'support-bot', password: await issuer.agentToken('support-bot'), ssl: { ca: certificate?.cert ?? '' }, ...more })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function call(path: string, as: readonly string[], init: { method?: string; body?: string; type?: string } = {}): Promise<Response> {
  const token = await gateway.issuer.personToken('dana', as)
  const { method = 'GET', body, type } = init
  const headers = { authorization: `Bearer ${token}`, ...(type !== undefined && { 'content-type': type }) }
  return fetch(gateway.apiUrl + path, { method, headers, ...(body !== undefined && { body }) })
}

const events = () => readEvents(gateway.ledgerDirectory)
const ofType = <Name extends RecordedEvent['event']>(all: readonly RecordedEvent[], name: Name) =>
  all.filter((event) => event.event === name) as Extract<RecordedEvent, { event: Name }>[]

describe('what a working gateway records', () => {
  test('a working day, with clients that mean harm', async () => {
    for (const name of HOSTILE) {
      // A startup packet is too small for a whole statement, and text there ends at a NUL.
      const client = await connect({ application_name: name.slice(0, 5_000) })
      await client.query(`select '${name.replaceAll("'", "''")}' as said, count(*) from orders`)
      await client.query('select $1::text', [name])
      await assert.rejects(client.query('drop table orders'))
      await assert.rejects(client.query(`select "${name.replaceAll('"', '""').slice(0, 60)}" from orders`))
      await client.end()
      await assert.rejects(connect({ password: 'no-token', application_name: name.slice(0, 5_000) }))
      await assert.rejects(connect({ database: name.slice(0, 5_000) }))
      const form = { grant_type: TOKEN_EXCHANGE_GRANT, subject_token: await gateway.issuer.agentToken('support-bot'), subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', audience: 'shop', purpose: name.slice(0, 500) }
      const issued = await fetch(gateway.apiUrl + routes.token, { method: 'POST', body: new URLSearchParams(form) })
      assert.equal(issued.status, 200)
      const { access_token: token } = await issued.json() as { access_token: string }
      const again = await connect({ password: token })
      await again.query('select 1')
      await again.end()
    }
  })

  test('administrators end sessions and apply policies', async () => {
    const client = await connect()
    await client.query('select 1')
    const open = ofType(await events(), 'session.opened').at(-1)
    assert.equal((await call(routes.session(open?.session ?? ''), ['ops'], { method: 'DELETE' })).status, 204)
    const policy = async (text: string) => (await call(routes.policy, ['admins'], { method: 'POST', body: text, type: 'application/yaml' })).status
    const { text } = await (await call(routes.policy, ['admins'])).json() as { text: string }
    assert.equal(await policy('version: 1\nrulez: []'), 422)
    const changed = text.replace(/ {2}- \{ name: nightly-report.*\n/, '  - { name: auditor-bot, issuer: test, match: { azp: auditor-bot }, owner: dana@example.com, purpose: reads, targets: [shop] }\n')
      .replace('answers customer tickets', 'answers "tickets"')
    assert.notEqual(changed, text)
    assert.equal(await policy(changed.includes("'answers") ? changed : changed.replace('answers "tickets"', "'answers \"tickets\"'")), 200)
    await client.end().catch(() => undefined)
  })

  test('the status names both anchors, and what was proved', async () => {
    await eventually('all is anchored and proved', async () => {
      const status = LedgerStatus.parse(await (await call(routes.ledgerStatus, ['auditors'])).json())
      return status.anchors.length === 2 && status.anchors.every(({ state, size }) => state === 'kept' && size === status.size) && status.check.state === 'proved'
    })
    assert.equal((await call(routes.ledgerStatus, ['nobody'])).status, 403)
  })

  test('the last checkpoint is anchored at the end, and a start with another document says what it changed', async () => {
    await gateway.kill()
    restarted = await gateway.restart((document) => document.replace('counts orders', 'counts orders at night'))
    const { agent } = ofType(await events(), 'agent.revoked').at(-1) ?? assert.fail('nobody was revoked')
    assert.equal(agent, 'auditor-bot')
    await restarted.stop()
    const verifier = parseVerifierKey(readFileSync(verifierPath(gateway.ledgerDirectory), 'utf8'))
    const last = readFileSync(join(gateway.ledgerDirectory, 'checkpoint'), 'utf8')
    assert.ok(readFileSync(join(folder, 'anchor'), 'utf8').endsWith(`${last}\n`))
    assert.equal(anchored.at(-1)?.checkpoint, last)
    for (const { checkpoint, size } of anchored) assert.equal((openCheckpoint(checkpoint, verifier) as { size: number }).size, size)
    assert.deepEqual(anchored.map(({ size }) => size), anchored.map(({ size }) => size).toSorted((a, b) => a - b))
  })

  test('every entry is what the published schema says, and nothing more', async () => {
    const all = await events()
    for (const event of all) {
      assert.deepEqual(LedgerEvent.parse(event), event, event.event)
      assert.ok(toOcsf(event).type_uid > 0)
    }
    const seen = new Set(all.map(({ event }) => event))
    for (const name of [
      'administrator.acted', 'agent.changed', 'agent.registered', 'agent.revoked', 'catalog.opened', 'credential.used', 'gateway.started', 'gateway.stopped',
      'login.refused', 'operation.decided', 'operation.finished', 'policy.applied', 'session.closed', 'session.opened', 'token.issued',
    ] as const) assert.ok(seen.has(name), `${name} was not recorded`)
    for (const name of ['ledger.recovered', 'verification.failed', 'anchor.failed', 'hold.placed'] as const) assert.ok(!seen.has(name), name)
    assert.equal((await proveLedger(gateway.ledgerDirectory)).bad, undefined)
  })

  test('says how the gateway logged in, and never with what', async () => {
    const all = await events()
    const used = ofType(all, 'credential.used')
    assert.equal(used.length, ofType(all, 'session.opened').length)
    for (const { target, user, credential, method, tls } of [...used, ...ofType(all, 'catalog.opened')]) {
      assert.deepEqual([target, user, credential, method, tls], ['shop', shop.user, 'env:TEST_TARGET_PASSWORD_0', 'scram-sha-256-plus', 'verified'])
    }
    assert.ok(!JSON.stringify(all).includes(shop.password) && !JSON.stringify(all).includes(secret.slice(6)))
  })

  test('takes nobody\'s word for an event: what clients say stays text', async () => {
    const all = await events()
    assert.equal(ofType(all, 'gateway.stopped').length, 1)
    const said = ofType(all, 'session.opened').map(({ application }) => application)
    for (const name of HOSTILE) assert.ok(said.some((application) => name.startsWith(application.slice(0, 4_000))), name.slice(0, 40))
    for (const { purpose } of ofType(all, 'token.issued')) {
      assert.ok(purpose.length <= 500 && !/[\p{Cc}\u202E\u2066]/u.test(purpose))
    }
    const sessions = new Set(ofType(all, 'session.opened').map(({ session }) => session))
    for (const event of all) if ('session' in event) assert.ok(sessions.has(event.session))
  })
})
