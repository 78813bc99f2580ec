import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type Endpoint, type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'

let journey: Journey
before(async () => {
  journey = await startJourney()
})
after(() => journey.stop())

const settings = ({ host, port, user, password, database, ca }: Endpoint): pg.ClientConfig => ({
  host,
  port,
  user,
  password,
  database,
  ssl: { ca },
})

for (const way of journeyWays()) {
  describe(`node-postgres, ${way}`, () => {
    let endpoint: Endpoint
    let client: pg.Client
    before(async () => {
      endpoint = await journey.endpoint(way)
      client = new pg.Client(settings(endpoint))
      await client.connect()
    })
    after(() => client.end())

    test('sends parameters and gets values of every common type back', async () => {
      const values = [
        42,
        'Zoë "quoted" \\ \'single\'',
        null,
        true,
        new Date('2024-05-06T07:08:09.123Z'),
        [1, 2, 3],
        { a: [1, { b: null }] },
        Buffer.from([0, 1, 255]),
      ]
      const { rows, fields } = await client.query({
        text: 'select $1::int, $2::text, $3::text, $4::bool, $5::timestamptz, $6::int[], $7::jsonb, $8::bytea',
        values,
        rowMode: 'array',
      })
      assert.deepEqual(rows, [values])
      assert.deepEqual(
        fields.map(({ dataTypeID }) => dataTypeID),
        [23, 25, 25, 16, 1184, 1007, 3802, 17],
      )
    })

    test('gets binary results', async () => {
      const { rows } = await client.query<{ n: number; big: string; t: string }>({
        text: 'select $1::int4 as n, $2::int8 as big, $3::text as t',
        values: [7, '9007199254740993', 'ü'],
        binary: true,
      } as pg.QueryConfig)
      assert.deepEqual({ ...rows[0], big: String(rows[0]?.big) }, { n: 7, big: '9007199254740993', t: 'ü' })
    })

    test('names the origin of each column as the target does', async () => {
      const { fields } = await client.query('select id, name as other, id + 1 from customers where false')
      const [{ oid }] = (await journey.server.query(`select 'customers'::regclass::oid::int as oid`, [], 'shop')) as [
        { oid: number },
      ]
      assert.deepEqual(
        fields.map(({ tableID, columnID }) => [tableID, columnID]),
        [
          [oid, 1],
          [oid, 2],
          [0, 0],
        ],
      )
    })

    test('runs a named prepared statement again without parsing it', async () => {
      for (let id = 1; id <= 50; id += 1) {
        const { rows } = await client.query<{ name: string }>({
          name: 'by-id',
          text: 'select name from customers where id = $1',
          values: [id],
        })
        assert.equal(rows[0]?.name, `Customer ${id}`)
      }
      const { rows } = await client.query<{ n: string }>(
        `select count(*) as n from pg_prepared_statements where name = 'by-id'`,
      )
      assert.equal(rows[0]?.n, '1')
      await assert.rejects(client.query({ name: 'by-id', text: 'select 1', values: [] }), /must be unique/)
    })

    test('reads 1,000,000 rows', { timeout: 300_000 }, async () => {
      const query = client.query(
        new pg.Query({ text: 'select n, $1 || n as words from generate_series(1, 1000000) n', values: ['row '] }),
      )
      let count = 0
      let sum = 0
      query.on('row', (row: { n: number; words: string }) => {
        count += 1
        sum += row.n
        if (row.words !== `row ${row.n}`) throw new Error(`row ${row.n} reads ${row.words}`)
      })
      await once(query, 'end')
      assert.deepEqual({ count, sum }, { count: 1_000_000, sum: 500_000_500_000 })
    })

    test('gets errors with all their fields, and goes on', async () => {
      await assert.rejects(client.query('select * from nosuch where x = $1', [1]), {
        code: '42P01',
        position: '15',
        severity: 'ERROR',
        routine: 'parserOpenTable',
      })
      await assert.rejects(
        client.query('insert into orders (customer_id, status, total) values ($1, $2, $3)', [999_999, 'new', 1]),
        {
          code: '23503',
          schema: 'public',
          table: 'orders',
          constraint: 'orders_customer_id_fkey',
          detail: 'Key (customer_id)=(999999) is not present in table "customers".',
        },
      )
      await assert.rejects(client.query('select $1::int', ['x']), {
        code: '22P02',
        where: "unnamed portal parameter $1 = '...'",
      })
      assert.equal((await client.query('select 1 as n')).rows[0]?.n, 1)
    })

    test('keeps the transaction state after errors', async () => {
      await client.query('begin')
      await client.query('insert into orders (id, customer_id, status, total) values (900002, 1, $1, 1)', ['new'])
      await assert.rejects(client.query('select 1/$1::int', [0]), { code: '22012' })
      await assert.rejects(client.query('select 1'), { code: '25P02' })
      assert.equal((await client.query('commit')).command, 'ROLLBACK')
      assert.equal((await client.query('select from orders where id = 900002')).rowCount, 0)
    })

    test('cancels: the statement ends on the target, and the session goes on', async () => {
      const sleeping = new pg.Query(`select pg_sleep(600) as node_${way}_sleep`)
      const failed = once(sleeping, 'error')
      client.query(sleeping)
      await eventually('it runs', async () => !(await journey.isIdle(`%node_${way}_sleep%`)))
      // The cancel request goes over a connection of its own, by TLS as well.
      const canceller = new pg.Client(settings(endpoint)) as pg.Client & {
        cancel(client: pg.Client, query: pg.Query): void
      }
      canceller.cancel(client, sleeping)
      await eventually('it ended on the target', () => journey.isIdle(`%node_${way}_sleep%`))
      const [error] = (await failed) as [pg.DatabaseError]
      assert.equal(error.code, '57014')
      assert.equal((await client.query('select 1 as n')).rows[0]?.n, 1)
    })

    test('hears notifications and notices', async () => {
      const heard: pg.Notification[] = []
      client.on('notification', (message) => heard.push(message))
      const notices: string[] = []
      client.on('notice', ({ message }) => notices.push(message ?? ''))
      await client.query('listen orders_changed')
      await journey.server.query(`select pg_notify('orders_changed', 'payload ü')`, [], 'shop')
      await eventually('a notification comes to an idle client', () => heard.length === 1)
      assert.deepEqual([heard[0]?.channel, heard[0]?.payload], ['orders_changed', 'payload ü'])
      await client.query(`do $$ begin raise notice 'noticed'; end $$`)
      assert.deepEqual(notices, ['noticed'])
    })

    test('reads through a cursor in pieces', async () => {
      await client.query('begin')
      await client.query('declare c no scroll cursor for select id from orders order by id')
      const seen: number[] = []
      for (let rows: { id: number }[] = [{ id: 0 }]; rows.length > 0;) {
        rows = (await client.query<{ id: number }>('fetch 77 from c')).rows
        seen.push(...rows.map(({ id }) => id))
      }
      await client.query('commit')
      assert.equal(seen.length, 600)
    })

    test('sends large parameters', async () => {
      const bytes = Buffer.alloc(4_000_000, 'abc')
      const words = 'ü'.repeat(1_000_000)
      const { rows } = await client.query<{ a: string; b: number }>(
        'select md5($1::bytea) as a, length($2::text) as b',
        [bytes, words],
      )
      assert.deepEqual(rows, [{ a: createHash('md5').update(bytes).digest('hex'), b: 1_000_000 }])
      const many = Array.from({ length: 60_000 }, (_, n) => n)
      const sum = await client.query<{ sum: string }>(
        `select ${many
          .slice(0, 1600)
          .map((n) => `$${n + 1}::int8`)
          .join('+')} as sum`,
        many.slice(0, 1600),
      )
      assert.equal(sum.rows[0]?.sum, String(1599 * 800))
      assert.equal(
        (await client.query<{ n: string }>('select count(*) as n from unnest($1::int[])', [many])).rows[0]?.n,
        '60000',
      )
    })

    test('200 clients at once each get their own answers', { timeout: 300_000 }, async () => {
      const clients = await Promise.all(
        Array.from({ length: 200 }, async () => {
          const one = new pg.Client(settings(endpoint))
          await one.connect()
          return one
        }),
      )
      try {
        const answers = await Promise.all(
          clients.map(async (one, index) => {
            let pid = 0
            for (let round = 0; round < 5; round += 1) {
              const { rows } = await one.query<{ n: number; pid: number }>(
                'select $1::int as n, pg_backend_pid() as pid',
                [index * 10 + round],
              )
              assert.equal(rows[0]?.n, index * 10 + round)
              pid = rows[0]?.pid ?? 0
            }
            return pid
          }),
        )
        assert.equal(new Set(answers).size, 200)
      } finally {
        await Promise.all(clients.map((one) => one.end()))
      }
      await eventually(
        'the target holds no session of theirs any more',
        async () =>
          Number(
            (await journey.server.query(`select count(*) as n from pg_stat_activity where datname = 'shop'`))[0]?.['n'],
          ) < 20,
      )
    })

    test('many users of one pool', async () => {
      const pool = new pg.Pool({ ...settings(endpoint), max: 10 })
      const results = await Promise.all(
        Array.from(
          { length: 300 },
          async (_, n) => (await pool.query<{ n: number }>('select $1::int as n', [n])).rows[0]?.n,
        ),
      )
      await pool.end()
      assert.deepEqual(
        results,
        Array.from({ length: 300 }, (_, n) => n),
      )
    })
  })
}
