import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, test } from 'node:test'
import postgres from 'postgres'
import { type Endpoint, type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'

let journey: Journey
before(async () => {
  journey = await startJourney()
})
after(() => journey.stop())

const open = (
  { host, port, user, password, database, ca }: Endpoint,
  options: postgres.Options<Record<string, never>> = {},
): postgres.Sql =>
  postgres({ host, port, user, password, database, ssl: { ca }, max: 1, onnotice: () => undefined, ...options })

for (const way of journeyWays()) {
  describe(`postgres.js, ${way}`, () => {
    let endpoint: Endpoint
    let sql: postgres.Sql
    before(async () => {
      endpoint = await journey.endpoint(way)
      sql = open(endpoint)
    })
    after(() => sql.end({ timeout: 5 }))

    test('sends parameters and gets values', async () => {
      const when = new Date('2024-05-06T07:08:09.123Z')
      const [row] =
        await sql`select ${7}::int as n, ${'Zoë'}::text as t, ${null}::text as nothing, ${when}::timestamptz as at, ${sql.json({ a: 1 })}::jsonb as j, ${[1, 2]}::int[] as list`
      assert.deepEqual({ ...row }, { n: 7, t: 'Zoë', nothing: null, at: when, j: { a: 1 }, list: [1, 2] })
    })

    test('pipelines: 500 statements in flight on one connection come back in order, failures among them', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 500 }, (_, n) => sql`select 100 / ${n % 50}::int as n, ${n}::int as number`),
      )
      results.forEach((result, n) => {
        if (n % 50 === 0)
          assert.equal(result.status === 'rejected' && (result.reason as postgres.PostgresError).code, '22012')
        else
          assert.deepEqual(result.status === 'fulfilled' && { ...result.value[0] }, {
            n: Math.trunc(100 / (n % 50)),
            number: n,
          })
      })
    })

    test('gets errors with all their fields', async () => {
      await assert.rejects(sql`select nosuch from customers`, { code: '42703', position: '8', severity: 'ERROR' })
      await assert.rejects(sql`insert into customers (id, name, email) values (1, 'x', 'y')`, {
        code: '23505',
        detail: 'Key (id)=(1) already exists.',
        table_name: 'customers',
      })
    })

    test('reads 1,000,000 rows', { timeout: 300_000 }, async () => {
      let [count, sum] = [0, 0]
      await sql`select n, 'row ' || n as words from generate_series(1, 1000000) n`.forEach((row) => {
        count += 1
        sum += Number(row['n'])
      })
      assert.deepEqual({ count, sum }, { count: 1_000_000, sum: 500_000_500_000 })
    })

    test('reads through a cursor in pieces, and stops early', async () => {
      const sizes: number[] = []
      await sql`select id from orders order by id`.cursor(250, (rows) => {
        sizes.push(rows.length)
      })
      assert.deepEqual(sizes, [250, 250, 100])
      let seen = 0
      for await (const rows of sql`select generate_series(1, 100000) n`.cursor(10)) {
        seen += rows.length
        if (seen >= 50) break
      }
      assert.equal(seen, 50)
      assert.equal((await sql`select 1 as n`)[0]?.['n'], 1)
    })

    test('keeps a transaction with savepoints', async () => {
      await sql.begin(async (t) => {
        await t`create temp table steps (n int) on commit drop`
        await t`insert into steps values (1)`
        await t
          .savepoint(async (s) => {
            await s`insert into steps values (2)`
            await s`select 1/0`
          })
          .catch(() => undefined)
        assert.deepEqual(
          (await t`select n from steps`).map((row) => Number(row['n'])),
          [1],
        )
      })
      await assert.rejects(
        sql.begin(async (t) => {
          await t`insert into orders (id, customer_id, status, total) values (900003, 1, 'new', 1)`
          throw new Error('own')
        }),
        /own/,
      )
      assert.equal((await sql`select from orders where id = 900003`).length, 0)
    })

    test('cancels: the statement ends on the target, and the session goes on', async () => {
      const label = `porsager_${way}_sleep`
      const query = sql.unsafe(`select pg_sleep(600) as ${label}`)
      const failed = assert.rejects(query, { code: '57014' })
      await eventually('it runs', async () => !(await journey.isIdle(`%${label}%`)))
      query.cancel()
      await failed
      assert.equal(await journey.isIdle(`%${label}%`), true)
      assert.equal((await sql`select 1 as n`)[0]?.['n'], 1)
    })

    test('copies in and out by streams', { timeout: 300_000 }, async () => {
      await sql`create temp table copied (n int, words text)`
      const line = (n: number): string => `${n}\t${'words '.repeat(20)}${n}\n`
      const into = await sql`copy copied from stdin`.writable()
      await pipeline(
        Readable.from(
          (function* () {
            for (let n = 0; n < 100_000; n += 1) yield line(n)
          })(),
        ),
        into,
      )
      assert.equal((await sql`select count(*)::int as n from copied`)[0]?.['n'], 100_000)
      const hash = createHash('sha256')
      for await (const chunk of await sql`copy (select * from copied order by n) to stdout`.readable())
        hash.update(chunk as Buffer)
      const wanted = createHash('sha256')
      for (let n = 0; n < 100_000; n += 1) wanted.update(line(n))
      assert.equal(hash.digest('hex'), wanted.digest('hex'))
    })

    test('hears notifications', async () => {
      const heard: string[] = []
      const listening = await sql.listen('shop_news', (payload) => heard.push(payload))
      await sql.notify('shop_news', 'one')
      await journey.server.query(`notify shop_news, 'two'`, [], 'shop')
      await eventually('both came', () => heard.length === 2)
      assert.deepEqual(heard, ['one', 'two'])
      await listening.unlisten()
    })

    test('uses a new connection after its session was ended on the target', async () => {
      const other = open(endpoint)
      const [row] = await other`select pg_backend_pid() as pid`
      await journey.server.query('select pg_terminate_backend($1)', [row?.['pid']])
      await eventually('it works again', () =>
        other`select 1`.then(
          () => true,
          () => false,
        ),
      )
      await other.end({ timeout: 5 })
    })

    test('uses the simple protocol with several statements', async () => {
      const results = (await sql
        .unsafe('select 1 as a; select 2 as b; create temp table multi (n int)')
        .simple()) as unknown as Record<string, unknown>[][]
      assert.deepEqual(
        results.map((rows) => rows.map((row) => ({ ...row }))),
        [[{ a: 1 }], [{ b: 2 }]],
      )
    })
  })
}
