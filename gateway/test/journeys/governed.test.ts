import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import postgres from 'postgres'
import { type Endpoint, type Journey, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { proveLedger, readEvents } from '../support/ledger-records.ts'
import { SHOP_POLICY } from '../support/policies.ts'
import { libpqEnvironment, startClient } from '../support/run-client.ts'
import { leaksIn } from '../support/shop.ts'

/** What real clients see of rules and masks. That they cannot be gone around is tested elsewhere, in hundreds of ways. */
let journey: Journey
let endpoint: Endpoint
let client: pg.Client

before(async () => {
  journey = await startJourney(SHOP_POLICY)
  endpoint = await journey.endpoint('gateway')
  const { host, port, user, password, database, ca } = endpoint
  client = new pg.Client({ host, port, user, password, database, ssl: { ca } })
  await client.connect()
})
after(async () => {
  await client.end()
  await journey.stop()
})

const psql = (script: string, ...flags: string[]) =>
  startClient('psql', ['-X', '-q', ...flags], script, { env: libpqEnvironment(endpoint) }).result

describe('masks', () => {
  test('hold in text and in binary, by every kind of statement that returns rows', async () => {
    const sql =
      'select c.id, c.name, c.email, c.ssn, p.card_number from customers c join orders o on o.customer_id = c.id join payments p on p.order_id = o.id order by p.id'
    const [real] = await journey.server.query(`${sql} limit 1`, [], 'shop')
    const results = [
      await client.query(sql),
      await client.query(`${sql} limit $1`, [600]),
      await client.query({ text: sql, name: 'masked' }),
      await client.query({ text: sql, name: 'masked' }),
      await client.query({ text: sql, values: [], binary: true } as pg.QueryConfig),
    ]
    for (const { rows } of results as pg.QueryResult<Record<string, string>>[]) {
      assert.equal(rows.length, 600)
      for (const row of rows) assert.deepEqual(leaksIn(JSON.stringify(row)), [])
      assert.equal(rows[0]?.['name'], real?.['name'])
      const [shown, whole] = [String(rows[0]?.['card_number']), String(real?.['card_number'])]
      assert.equal(shown.slice(-4), whole.slice(-4))
      assert.ok(!shown.includes(whole.slice(6, -4)))
    }
  })

  test('are counted: the outcome on record says how many values were replaced', async () => {
    await client.query('select id, name, email, ssn from customers where id in (1, 2, 3) -- counted')
    await eventually('the outcome is on record', async () => {
      const events = await readEvents(journey.gateway?.ledgerDirectory ?? '')
      const decided = events.find((event) => event.event === 'operation.decided' && event.text.endsWith('-- counted'))
      return decided?.event === 'operation.decided' && events.some((event) => event.event === 'operation.finished' && event.session === decided.session && event.n === decided.n && event.masked === 6)
    })
  })

  test('hold in cursors', async () => {
    await client.query('begin')
    await client.query('declare c cursor for select * from customers')
    const { rows } = await client.query('fetch all from c')
    await client.query('commit')
    assert.equal(rows.length, 300)
    assert.deepEqual(leaksIn(JSON.stringify(rows)), [])
  })

  test('do not stand in the way of what shows no masked value', async () => {
    assert.deepEqual((await client.query('select count(*)::int as n from customers')).rows, [{ n: 300 }])
    assert.equal((await client.query('select city, count(*) from customers group by city')).rows.length, 5)
    assert.equal(
      (await client.query('select status, sum(total) from orders where total > $1 group by status', [10])).rows.length,
      4,
    )
    const { output, errors } = await psql(`\\copy (select id, city from customers) to stdout\n`)
    assert.equal(errors, '')
    assert.equal(output.split('\n').length, 301)
  })

  test('what cannot be masked is refused, with a hint and without the value', async () => {
    for (const sql of [
      'copy customers to stdout',
      `select * from customers where ssn like '9%'`,
      'select id from customers order by email limit 1',
      'select upper(email) from customers',
      'select ssn::int from customers',
      'select c from customers c',
      'select to_json(c) from customers c',
      'select count(distinct ssn) from customers',
    ]) {
      const { status, output, errors } = await psql(`\\set VERBOSITY verbose\n${sql};\n`, '-v', 'ON_ERROR_STOP=1')
      assert.equal(status, 3, sql)
      assert.match(errors, /ERROR: {2}42501: .*\nHINT: {2}\S/, sql)
      assert.deepEqual(leaksIn(output + errors), [], sql)
    }
  })
})

describe('refusals', () => {
  test('name the rule, say why and what to do, and change nothing', async () => {
    const before = await journey.shop.fingerprint()
    for (const [sql, rule, words, code = '42501'] of [
      ['drop table payments', 'destructive', 'destructive statements are never run by agents'],
      ['truncate orders cascade', 'destructive', 'destructive statements are never run by agents'],
      ['delete from payments', 'unbounded', 'add a WHERE clause'],
      ['update orders set total = 0', 'unbounded', 'add a WHERE clause'],
      ['update orders set total = 0 where id = 1', 'writes', '1 of dba must approve it', 'SPR01'],
      ['select 1; drop table payments', 'destructive', 'destructive'],
      [
        'with gone as (delete from payments where id = 1 returning id) select * from gone',
        'writes',
        '1 of dba must approve it',
        'SPR01',
      ],
    ] as const) {
      const error = await client.query(sql).then(
        () => assert.fail(`${sql} ran`),
        (reason: unknown) => reason,
      )
      assert.ok(error instanceof pg.DatabaseError)
      assert.equal(error.code, code, sql)
      assert.ok(error.message.includes(`"${rule}"`) && error.message.includes(words), error.message)
      assert.ok((error.hint ?? '').length > 10)
    }
    assert.equal(await journey.shop.fingerprint(), before)
    assert.deepEqual((await client.query('select 1 as n')).rows, [{ n: 1 }])
  })

  test('in a transaction behave as any error: it is aborted until its end', async () => {
    await client.query('begin')
    await client.query('select 1')
    await assert.rejects(client.query('drop table payments'), { code: '42501' })
    await assert.rejects(client.query('select 1'), { code: '25P02' })
    assert.equal((await client.query('commit')).command, 'ROLLBACK')
    await client.query('begin')
    await client.query('savepoint s')
    await assert.rejects(client.query('drop table payments'), { code: '42501' })
    await client.query('rollback to s')
    assert.deepEqual((await client.query('select 1 as n')).rows, [{ n: 1 }])
    assert.equal((await client.query('commit')).command, 'COMMIT')
  })

  test('in a pipeline hit the one statement, not its neighbours', async () => {
    const { host, port, user, password, database, ca } = endpoint
    const sql = postgres({ host, port, user, password, database, ssl: { ca }, max: 1, onnotice: () => undefined })
    try {
      const results = await Promise.allSettled(
        Array.from({ length: 60 }, (_, n) =>
          n % 3 === 1 ? sql`delete from payments where id = ${n}` : sql`select ${n}::int as n`,
        ),
      )
      results.forEach((result, n) => {
        if (n % 3 === 1)
          assert.equal(result.status === 'rejected' && (result.reason as postgres.PostgresError).code, 'SPR01')
        else assert.equal(result.status === 'fulfilled' && result.value[0]?.['n'], n)
      })
    } finally {
      await sql.end({ timeout: 5 })
    }
  })

  test('hit a prepared statement when it would run, by Parse and by PREPARE', async () => {
    await assert.rejects(client.query({ name: 'gone', text: 'delete from payments where id = $1', values: [1] }), {
      code: 'SPR01',
    })
    const { errors } = await psql('prepare p as delete from payments where id = 1;\nexecute p;\n')
    assert.match(errors, /^ERROR: {2}waits for a review by rule "writes"(.*\n)+ERROR: {2}refused by rule "writes"/)
    assert.equal((await journey.server.query('select from payments where id = 1', [], 'shop')).length, 1)
  })

  test('a registered agent only: others are told so', async () => {
    const { host, port, user, database, ca } = endpoint
    const gateway = journey.gateway ?? assert.fail()
    for (const password of [await gateway.issuer.agentToken('nobody-knows-it'), 'not a token', '']) {
      const stranger = new pg.Client({ host, port, user, database, password, ssl: { ca } })
      await assert.rejects(
        stranger.connect(),
        (error: pg.DatabaseError) => error.severity === 'FATAL' || error.message.includes('password'),
      )
    }
  })
})

describe('the ledger', () => {
  test('holds every decision with identity, text, rule and outcome, no secret, and verifies', async () => {
    const gateway = journey.gateway ?? assert.fail()
    await client.query('select $1::text as marker', ['marked parameter'])
    await assert.rejects(client.query('drop table orders /* marked refusal */'), { code: '42501' })
    await client.query('select 1')
    const events = await readEvents(gateway.ledgerDirectory)
    const decided = events.filter((event) => event.event === 'operation.decided')
    const refusal = decided.find(({ text }) => text.includes('marked refusal'))
    assert.equal(refusal?.decision, 'deny')
    assert.equal(refusal?.rule, 'destructive')
    const parameter = decided.find(({ parameters }) => parameters?.includes('marked parameter'))
    assert.equal(parameter?.rule, 'reads')
    const opened = events.find((event) => event.event === 'session.opened' && event.session === parameter?.session)
    assert.equal(opened?.event === 'session.opened' && opened.identity.name, 'support-bot')
    const finished = events.find(
      (event) =>
        event.event === 'operation.finished' && event.session === parameter?.session && event.n === parameter.n,
    )
    assert.equal(finished?.event === 'operation.finished' && finished.rows, 1)
    const everything = JSON.stringify(events) + gateway.log()
    for (const secret of [endpoint.password, journey.shop.password]) assert.ok(!everything.includes(secret))
    assert.equal((await proveLedger(gateway.ledgerDirectory)).ok, true)
  })
})
