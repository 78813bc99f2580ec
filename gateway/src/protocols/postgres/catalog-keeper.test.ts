import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import pg from 'pg'
import { eventually } from '../../../test/support/eventually.ts'
import { startPostgres, type PostgresServer } from '../../../test/support/postgres.ts'
import { createShop, type Shop } from '../../../test/support/shop.ts'
import { loadParser } from '../../sql/statement-analyser.ts'
import { CatalogKeeper, type CatalogView } from './catalog-keeper.ts'
import { connectUpstream } from './upstream.ts'

const MASKS = [{ name: 'personal', columns: ['customers.email'], method: 'redact' as const }]

let server: PostgresServer
let shop: Shop
let keeper: CatalogKeeper
let warnings: string[]

before(async () => {
  await loadParser()
  server = await startPostgres()
  shop = await createShop(server)
})
after(() => server.stop())

beforeEach((t) => {
  warnings = []
  const note = (_details: object, text: string): void => void warnings.push(text)
  const target = { host: '127.0.0.1', port: server.port, database: shop.database, credential: { user: shop.user, password: 'env:NONE' }, tls: { mode: 'disable' as const } }
  const settings = new Map([['application_name', 'sallyport catalog'], ['default_transaction_read_only', 'on']])
  keeper = new CatalogKeeper(() => connectUpstream(target, shop.password, settings, 15_000), { info: note, warn: note, error: note }, 1 << 20)
  assert.ok('after' in t)
  t.after(() => keeper.close())
})

async function withSession<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...server.client(shop.database), user: shop.user, password: shop.password })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const readsOnly = (view: CatalogView, sql: string): boolean => view.analyser.analyse(sql).facts.readOnly

function column(view: CatalogView, oid: number, number: number): string | undefined {
  return view.protectedColumns.maskOf(oid, number)?.name
}

test('the catalog is read while others create, replace and drop what it holds, also temporary tables', async () => {
  let changing = true
  let changes = 0
  const changed = Array.from({ length: 4 }, (_, n) => withSession(async (client) => {
    while (changing) {
      await client.query(`create table passing_${n} (a integer, b integer generated always as (a * 2) stored);
        create view over_${n} as select p.*, c.email from passing_${n} p join customers c on c.id = p.a;
        create view above_${n} as select email from over_${n}`)
      await client.query(`create temp table scratch as select 1 as a; create temp view glance as select a from scratch`)
      await client.query(`create or replace view above_${n} as select email, 1 as one from over_${n}`)
      await client.query(`drop table passing_${n} cascade`)
      await client.query('discard temp')
      changes++
    }
  }))
  const many = Array.from({ length: 300 }, (_, n) => `create view standing_${n} as select id, email from customers`)
  await withSession((client) => client.query(many.join(';')))
  try {
    const view = await keeper.use(MASKS)
    const until = Date.now() + 4000
    let reads = 0
    for (; Date.now() < until || reads < 20 || changes < 20; reads++) {
      view.markStale()
      await view.refresh()
      // Of what is always there, all is there.
      assert.ok(readsOnly(view, 'select * from customers'))
    }
    assert.ok(view.protectedColumns.unresolved.length === 0)
    keeper.release()
  } finally {
    changing = false
    await Promise.all(changed)
    await withSession((client) => client.query(many.map((_, n) => `drop view standing_${n}`).join(';')))
  }
})

test('a view that another session has locked holds up nobody: it is taken for anything until it can be read', async () => {
  await withSession((client) => client.query(`create view held as select id, city from customers; create view other as select id from customers`))
  await withSession(async (client) => {
    await client.query('begin; alter view held set (security_barrier = true)')
    const started = Date.now()
    const view = await keeper.use(MASKS)
    assert.ok(Date.now() - started < 5000, `${Date.now() - started} ms`)
    assert.equal(readsOnly(view, 'select * from held'), false)
    assert.equal(readsOnly(view, 'select * from other'), true)
    const oid = Number((await client.query<{ oid: string }>(`select 'held'::regclass::oid as oid`)).rows[0]?.oid)
    assert.notEqual(column(view, oid, 2), undefined, 'what it shows is hidden')
    assert.equal(warnings.length, 1)
    await client.query('rollback')
    await eventually('it is read when it is free', () => readsOnly(view, 'select * from held'), 30_000)
    assert.equal(column(view, oid, 2), undefined)
    keeper.release()
  })
})

test('a generated column of a locked table is hidden where a mask holds on the table', async () => {
  await withSession((client) => client.query(`create table people (id integer, email text, known text generated always as ('#' || id) stored)`))
  await withSession(async (client) => {
    await client.query('begin; lock table people in access exclusive mode')
    const masks = [{ name: 'mail', columns: ['people.email'], method: 'redact' as const }]
    const oid = Number((await client.query<{ oid: string }>(`select 'people'::regclass::oid as oid`)).rows[0]?.oid)
    assert.notEqual(column(await keeper.use(masks), oid, 3), undefined)
    await client.query('rollback')
    const view = await keeper.use(masks)
    await view.refresh()
    assert.deepEqual([2, 3].map((number) => column(view, oid, number)), ['mail', undefined])
    keeper.release()
    keeper.release()
  })
})

test('a table that is being altered keeps no view but its own from being read', async () => {
  await withSession((client) => client.query('create view of_orders as select id from orders; create view of_payments as select id from payments'))
  await withSession(async (client) => {
    await client.query('begin; alter table orders add column note text')
    const view = await keeper.use(MASKS)
    assert.deepEqual(['of_orders', 'of_payments'].map((name) => readsOnly(view, `select * from ${name}`)), [false, true])
    await client.query('rollback')
    keeper.release()
  })
})

test('a connection that the target ended is opened again, also when it ends instead of an answer', async () => {
  const view = await keeper.use(MASKS)
  const catalogBackend = async (): Promise<number> =>
    Number((await server.query(`select pid from pg_stat_activity where application_name = 'sallyport catalog'`))[0]?.['pid'])
  for (const whileAsked of [false, true, true]) {
    const pid = await catalogBackend()
    if (whileAsked) process.kill(pid, 'SIGSTOP')
    view.markStale()
    const asked = whileAsked ? view.refresh() : undefined
    await server.query('select pg_terminate_backend($1)', [pid])
    if (whileAsked) process.kill(pid, 'SIGCONT')
    await (asked ?? view.refresh())
    assert.equal(view.isFresh, true)
    assert.notEqual(await catalogBackend(), pid)
  }
  keeper.release()
})

test('timeouts that the role or the database set do not hold for reading the catalog', async () => {
  await withSession((client) => client.query('create view timed as select id from orders'))
  await server.query(`alter role ${shop.user} set statement_timeout = '150ms'; alter role ${shop.user} set lock_timeout = '1h'`)
  try {
    await withSession(async (client) => {
      // The wait for it alone is longer than the role's statements may take.
      await client.query('begin; lock table customers in access exclusive mode')
      assert.equal(readsOnly(await keeper.use(MASKS), 'select * from timed'), true)
      keeper.release()
    })
  } finally {
    await server.query(`alter role ${shop.user} reset all`)
  }
})

test('a summary counts and names what sessions had read, asks the target nothing, and is of the latest reading', async () => {
  assert.equal(keeper.summary(MASKS), undefined)
  await withSession((client) => client.query(`create schema counted; create table counted.invoices (id integer, email text);
    create view counted.mails as select email from customers; create temp table gone as select 1 as a`))
  const asked = Date.now()
  await keeper.use(MASKS)
  // While nobody uses the target, nothing is looked for either.
  keeper.release()
  const first = keeper.summary(MASKS)
  assert.ok(first !== undefined && first.readAtMs >= asked)
  assert.ok(first.masked.includes('public.customers.email') && first.masked.includes('counted.mails.email'), first.masked.join())
  assert.ok(!first.masked.some((name) => /invoices|pg_catalog|pg_temp/.test(name)), first.masked.join())
  assert.equal(first.maskedColumns, first.masked.length)
  assert.equal(keeper.summary([])?.maskedColumns, 0)
  await withSession((client) => client.query('create schema later; create table later.one (id integer)'))
  const kept = keeper.summary(MASKS)
  assert.deepEqual([kept?.schemas, kept?.tables], [first.schemas, first.tables], 'it says what is known, and does not ask')
  const view = await keeper.use(MASKS)
  view.markStale()
  await view.refresh()
  const second = keeper.summary(MASKS)
  assert.deepEqual([second?.schemas, second?.tables, second?.views], [first.schemas + 1, first.tables + 1, first.views])
  keeper.release()
})
