import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { MASKED_WRITES } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type Shop, createShop, leaksIn } from '../support/shop.ts'

let server: PostgresServer
let shop: Shop
let gateway: TestGateway
before(async () => {
  server = await startPostgres()
  shop = await createShop(server)
  gateway = await startTestGateway({ targets: [{ port: server.port, ...shop }], policy: MASKED_WRITES, tls: false })
})
after(async () => {
  await gateway.stop()
  await server.stop()
})

async function throughGateway(): Promise<pg.ClientConfig> {
  const password = await gateway.issuer.agentToken('support-bot')
  return { host: gateway.host, port: gateway.port, user: 'support-bot', database: gateway.database, password }
}

const past = (): pg.ClientConfig => ({ ...server.client(shop.database), user: shop.user, password: shop.password })

async function withClient<T>(config: pg.ClientConfig, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const DEFINITIONS = (name: string, column: string): readonly string[] => [
  `create table ${name} (id integer, twice integer generated always as (id * 2) stored)`,
  `create view ${name}_view as select n.twice, c.${column} from ${name} n join customers c on c.id = n.id`,
  `create view ${name}_above as select * from ${name}_view`,
  `create temp table ${name}_temp (a integer)`,
  `create temp view ${name}_glance as select a from ${name}_temp`,
  `create or replace view ${name}_above as select twice, ${column} from ${name}_view`,
  `drop table ${name} cascade`,
  `drop table ${name}_temp cascade`,
]

test(
  'sessions open and are masked while others, through the gateway and past it, create and drop tables and views',
  { timeout: 300_000 },
  async () => {
    let changing = true
    const rounds = [0, 0, 0, 0]
    const changed = rounds.map(async (_, n) =>
      withClient(n < 2 ? past() : await throughGateway(), async (client) => {
        for (; changing; rounds[n] = (rounds[n] ?? 0) + 1)
          for (const statement of DEFINITIONS(`passing_${n}`, n < 2 ? 'email' : 'city')) await client.query(statement)
      }),
    )
    const over = Promise.all(changed)
    try {
      const logins = async (): Promise<void> => {
        for (let n = 0; n < 25 || rounds.some((count) => count < 3); n += 1) {
          const { rows } = await withClient(await throughGateway(), (client) =>
            client.query<Record<string, unknown>>('select name, email from customers where id <= 20'),
          )
          assert.equal(rows.length, 20)
          assert.deepEqual(leaksIn(JSON.stringify(rows)), [])
        }
      }
      await Promise.race([Promise.all([logins(), logins(), logins()]), over])
    } finally {
      changing = false
      await over
    }
  },
)
