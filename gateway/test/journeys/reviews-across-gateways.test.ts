import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { GatewayList, routes, SessionDetail, SessionList } from '@sallyport/contract'
import pg from 'pg'
import { eventually } from '../support/eventually.ts'
import type { TestGateway } from '../support/gateway.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { ApiUser, person } from '../support/reviewing.ts'
import { createShop, type Shop } from '../support/shop.ts'
import { startTwoGateways, type TwoGateways } from '../support/two-gateways.ts'

const POLICY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: writes, when: '!operation.readOnly && "public.orders" in operation.objects', then: review, reviewers: [dba], preview: none, breakGlass: [on-call] }
  - { name: payments, when: '!operation.readOnly && "public.payments" in operation.objects', then: allow, during: access-review, reviewers: [dba], breakGlass: [on-call] }
  - { name: no-customers, when: '!operation.readOnly && "public.customers" in operation.objects', then: deny }
roles: { reviewer: [dba], operator: [on-call], auditor: [], administrator: [platform] }
`

let server: PostgresServer
let shop: Shop
let gateways: TwoGateways

before(async () => {
  server = await startPostgres()
  shop = await createShop(server)
  gateways = await startTwoGateways(server, { targets: [{ port: server.port, user: shop.user, password: shop.password, database: shop.database }], policy: POLICY, tls: false })
})
after(async () => {
  await gateways.stop()
  await server.stop()
})

async function connect(gateway: TestGateway, user: string, password: string): Promise<pg.Client> {
  const client = new pg.Client({ host: gateway.host, port: gateway.port, user, password, database: gateway.database })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const agent = async (gateway: TestGateway): Promise<pg.Client> => connect(gateway, 'support-bot', await gateways.issuer.agentToken('support-bot'))
const human = async (gateway: TestGateway, name: string, ...groups: string[]): Promise<{ api: ApiUser; connect: () => Promise<pg.Client> }> =>
  ({ api: await person(() => gateway, name, ...groups), connect: async () => connect(gateway, name, await gateways.issuer.personToken(name, groups)) })
const rejection = (promise: Promise<unknown>): Promise<pg.DatabaseError> => promise.then(() => assert.fail('it ran'), (error: unknown) => error as pg.DatabaseError)

describe('two gateways that share their state', () => {
  test('know of each other', async () => {
    const authorization = `Bearer ${await gateways.issuer.personToken('avery', ['platform'])}`
    for (const { apiUrl } of [gateways.one, gateways.two]) {
      const answer = await fetch(apiUrl + routes.gateways, { headers: { authorization } })
      const { gateways: known } = GatewayList.parse(await answer.json())
      assert.deepEqual(known.map(({ state, self }) => `${state}${self ? ', itself' : ''}`).toSorted(), ['running', 'running, itself'])
    }
  })

  test('list the sessions of both, and say which has what a session did', async () => {
    const client = await agent(gateways.one)
    await client.query('select 1 as one')
    await client.end()
    const authorization = `Bearer ${await gateways.issuer.personToken('avery', ['platform'])}`
    const ask = (gateway: TestGateway, path: string): Promise<Response> => fetch(gateway.apiUrl + path, { headers: { authorization } })
    const { sessions } = SessionList.parse(await (await ask(gateways.two, routes.sessions)).json())
    const id = sessions[0]?.id ?? assert.fail('no session')
    const [here, there] = await Promise.all([gateways.one, gateways.two].map(async (gateway) => SessionDetail.parse(await (await ask(gateway, routes.session(id))).json())))
    assert.deepEqual([here?.log.map(({ text }) => text), here?.elsewhere], [['select 1 as one'], undefined])
    assert.deepEqual([there?.log, there?.elsewhere], [[], hostname()])
    for (const path of [routes.sessionReplay(id), routes.sessionEvents(id), `${routes.sessionExport(id)}?format=jsonl`, routes.bundle(id)]) {
      const answer = await ask(gateways.two, path)
      assert.deepEqual([answer.status, /in the ledger of another gateway/.test(await answer.text())], [404, true], path)
    }
  })

  test('wake a statement held at one by an answer given at the other, within a quarter of a second', async () => {
    const client = await agent(gateways.one)
    const { api: dana } = await human(gateways.two, 'dana', 'dba')
    const waits: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const text = `update orders set status = 'round ${round}' where id = 1`
      const running = client.query(text).then(() => performance.now())
      const review = await dana.asked(text)
      const answered = performance.now()
      await dana.approve(review)
      waits.push((await running) - answered)
    }
    await client.end()
    // From before the answer was sent to after the statement has run: more than the wake itself.
    const median = waits.toSorted((a, b) => a - b)[10] ?? Infinity
    assert.ok(median < 250, `median ${median} ms of ${waits.map(Math.round).join(' ')}`)
  })

  test('use an approval once between them', async () => {
    const clients = await Promise.all([agent(gateways.one), agent(gateways.two), agent(gateways.one), agent(gateways.two)])
    const { api: dana } = await human(gateways.two, 'dana', 'dba')
    const text = 'update orders set total = total + 1 where id = 2'
    const total = async (): Promise<number> => Number((await server.query('select total from orders where id = 2', [], 'shop'))[0]?.['total'])
    const before = await total()
    let waiting = 0
    for (const client of clients) client.on('notice', () => (waiting += 1))
    const first = clients[0]?.query(text)
    const review = await dana.asked(text)
    const results = Promise.allSettled([first, ...clients.slice(1).map((client) => client.query(text))])
    await eventually('all wait for the same review', () => waiting === clients.length)
    assert.equal((await dana.reviews('open')).length, 1)
    await dana.approve(review)
    const settled = await results
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal(await total(), before + 1)
    await Promise.all(clients.map((client) => client.end()))
  })

  test('let an identity in while access is granted, and end its sessions when it is withdrawn at the other gateway', async () => {
    const text = 'update payments set amount = amount where id = 1'
    const client = await agent(gateways.one)
    const refused = await rejection(client.query(text))
    assert.match(refused.hint ?? '', /sallyport access request shop --for 30m --reason/)
    const token = await gateways.issuer.agentToken('support-bot')
    const asker = new ApiUser(() => gateways.one, token)
    const asked = await asker.call('POST', '/api/v1/access', { target: 'shop', minutes: 30, reason: 'migration of payments' })
    assert.equal(asked.status, 201, JSON.stringify(asked.body))
    const { api: dana } = await human(gateways.two, 'dana', 'dba')
    const review = await dana.review(String(asked.body['id']))
    assert.equal(review.kind === 'access' && review.reason, 'migration of payments')
    await dana.approve(review, { minutes: 10 })
    const granted = await agent(gateways.one)
    assert.equal((await granted.query(text)).rowCount, 1)
    assert.equal((await rejection(granted.query('update customers set city = city where id = 1'))).code, '42501')
    const grants = (await asker.call('GET', '/api/v1/access')).body['grants'] as { id: string; from: string; until: string }[]
    assert.equal(grants.length, 1)
    assert.equal(Date.parse(grants[0]?.until ?? '') - Date.parse(grants[0]?.from ?? ''), 10 * 60_000)
    const ended = new Promise<Error>((resolve) => granted.once('error', resolve))
    const began = performance.now()
    const { api: olga } = await human(gateways.two, 'olga', 'on-call')
    assert.ok((await olga.call('DELETE', `/api/v1/access/${grants[0]?.id}`)).status < 300)
    assert.match((await ended).message, /ended/)
    assert.ok(performance.now() - began < 1_000)
    assert.equal((await client.query('select 1 as one')).rowCount, 1)
    await client.end()
    const later = await agent(gateways.one)
    await rejection(later.query(text))
    await later.end()
  })

  test('let somebody who is named for it break the glass, with a reason, and nobody else', async () => {
    const { api, connect: open } = await human(gateways.two, 'olga', 'on-call')
    assert.ok((await api.call('POST', '/api/v1/access/break-glass', { target: 'shop', minutes: 15 })).status >= 400)
    const bot = new ApiUser(() => gateways.one, await gateways.issuer.agentToken('support-bot', { groups: ['on-call'] }))
    assert.equal((await bot.call('POST', '/api/v1/access/break-glass', { target: 'shop', minutes: 15, reason: 'fire' })).status, 403)
    const broken = await api.call('POST', '/api/v1/access/break-glass', { target: 'shop', minutes: 15, reason: 'orders are stuck' })
    assert.equal(broken.status, 201, JSON.stringify(broken.body))
    const client = await open()
    assert.equal((await client.query("update orders set status = 'glass' where id = 3")).rowCount, 1)
    assert.equal((await rejection(client.query('update customers set city = city where id = 1'))).code, '42501')
    await client.end()
  })

  test('keep a policy that was changed at the other gateway from letting through what it denies, though it was approved', async () => {
    const client = await agent(gateways.one)
    const text = "update orders set status = 'policy' where id = 4"
    const running = rejection(client.query(text))
    const { api: dana } = await human(gateways.one, 'dana', 'dba')
    const review = await dana.asked(text)
    const { api: paul } = await human(gateways.two, 'paul', 'platform')
    const { body } = await paul.call('GET', '/api/v1/policy')
    const changed = String(body['text']).replace('- { name: no-customers', "- { name: frozen, when: '\"public.orders\" in operation.objects && !operation.readOnly', then: deny, message: orders are frozen }\n  - { name: no-customers")
    const applied = await paul.call('POST', '/api/v1/policy', changed)
    assert.equal(applied.status, 200, JSON.stringify(applied.body))
    await dana.approve(review)
    const { code, message } = await running
    assert.equal(code, '42501')
    assert.match(message, /refused by rule "frozen": orders are frozen/)
    assert.equal((await server.query("select 1 from orders where status = 'policy'", [], 'shop')).length, 0)
    await client.end()
  })
})
