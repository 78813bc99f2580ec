import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '@sallyport/contract'
import pg from 'pg'
import { eventually } from '../support/eventually.ts'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { person } from '../support/reviewing.ts'
import { createShop } from '../support/shop.ts'

const POLICY = `
masks: []
rules: [{ name: reads, when: operation.readOnly, then: allow }]
roles: { administrator: [platform] }
`

let server: PostgresServer
let gateway: TestGateway
before(async () => {
  server = await startPostgres()
  gateway = await startTestGateway({ targets: [{ port: server.port, ...await createShop(server) }], policy: POLICY, tls: false })
})
after(async () => {
  await gateway.stop()
  await server.stop()
})

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ host: gateway.host, port: gateway.port, user: 'support-bot', password: await gateway.issuer.agentToken('support-bot'), database: gateway.database })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test('what the gateway keeps of a target is closed once a policy has it no more', async () => {
  const catalogs = async () => (await server.query(`select datname from pg_stat_activity where application_name = 'sallyport catalog' order by 1`)).map(({ datname }) => datname)
  const platform = await person(() => gateway, 'avery', 'platform')
  const first = await connect()
  assert.deepEqual(await catalogs(), ['shop'])
  const ended = new Promise((resolve) => first.once('end', resolve))
  const { body } = await platform.call('GET', routes.policy)
  assert.equal((await platform.call('POST', routes.policy, String(body['text']).replace('database: shop', 'database: postgres'))).status, 200)
  await ended
  const second = await connect()
  // By itself it would go after a minute, and be remembered for good.
  await eventually('the connection for its catalog is closed', async () => (await catalogs()).join() === 'postgres', 20_000)
  await second.end()
})
