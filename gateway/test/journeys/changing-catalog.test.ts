import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import pg from 'pg'
import { eventually } from '../support/eventually.ts'
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

/** `clean_pairs.ssn` is no masked column; what the name means without it, `customers.ssn`, is. */
const OUTER = 'select (select ssn from clean_pairs limit 1) from customers join orders on orders.customer_id = customers.id'
const AWAY = 'alter table clean_pairs rename column ssn to x'
const BACK = 'alter table clean_pairs rename column x to ssn'

suite('shows nothing of masked columns by definitions that another session changes for a moment', { concurrency: 1 }, () => {
  before(async () => {
    await withClient(await throughGateway(), (client) => client.query("create table clean_pairs (ssn text); insert into clean_pairs values ('x')"))
  })

  const waits: Readonly<Record<string, { readonly lock: string; readonly text: string }>> = {
    'while a statement waits for a lock': { lock: 'begin; lock table orders', text: OUTER },
    'while a statement waits behind another': { lock: 'select 1', text: `select count(*) from generate_series(1, 10000000); ${OUTER}` },
    'in a transaction that is open': { lock: 'select 1', text: `select 1; ${OUTER}` },
  }
  for (const [name, { lock, text }] of Object.entries(waits)) {
    test(name, async () => {
      const [holder, changing, reading] = [new pg.Client(past()), new pg.Client(await throughGateway()), new pg.Client(await throughGateway())]
      for (const client of [holder, changing, reading]) await client.connect()
      reading.on('error', () => undefined)
      await holder.query(lock)
      if (name.includes('open')) await changing.query(`begin; ${AWAY}`)
      const seen = reading.query(text).then((answer) => JSON.stringify(answer), String)
      if (!name.includes('open')) {
        await eventually('the statement is at the target', async () =>
          (await server.query("select 1 from pg_stat_activity where state = 'active' and query like '%from clean_pairs%' and pid <> pg_backend_pid()")).length === 1)
        await changing.query(AWAY)
      } else await changing.query('commit')
      await Promise.all([holder.end(), seen, changing.query(BACK)])
      assert.deepEqual(leaksIn(await seen), [])
      assert.match(await seen, /redefined while it ran|in a transaction that is not over/)
      await changing.end()
      await reading.end().catch(() => undefined)
    })
  }
})
