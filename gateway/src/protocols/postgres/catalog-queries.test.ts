import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { startPostgres, type PostgresServer } from '../../../test/support/postgres.ts'
import { createShop } from '../../../test/support/shop.ts'
import { CATALOG_FINGERPRINT, loadCatalog } from './catalog-queries.ts'

let server: PostgresServer
let client: pg.Client

before(async () => {
  server = await startPostgres({ auth: 'trust', settings: { fsync: 'off' } })
  await createShop(server)
  client = new pg.Client(server.client('shop'))
  await client.connect()
})

after(async () => {
  await client.end()
  await server.stop()
})

async function query(sql: string): Promise<(string | null)[][]> {
  const result = await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types: { getTypeParser: () => String } })
  return result.rows
}

const fingerprint = async (): Promise<string> => String((await query(CATALOG_FINGERPRINT))[0]?.[0])

test('relations come with their columns as PostgreSQL numbers them, also after a column was dropped', async () => {
  await client.query('create table numbered (a text, b text, c integer); alter table numbered drop column b')
  const catalog = await loadCatalog(query)
  const relation = catalog.relation('public', 'numbered') ?? assert.fail()
  assert.deepEqual(relation.columns, [{ name: 'a', number: 1, typeOid: 25 }, { name: 'c', number: 3, typeOid: 23 }])
  assert.equal(catalog.relationByOid(relation.oid), relation)
  assert.deepEqual(catalog.relationsNamed('numbered'), [relation])
  assert.equal(catalog.relation('pg_catalog', 'pg_class')?.kind, 'r')
  assert.deepEqual(catalog.searchPath, ['pg_catalog', 'public'])
})

test('names with quotes, dots, spaces and other alphabets arrive as they are', async () => {
  await client.query(`create table "a ""b"".c\\d" ("x y" text, "é€😀" text, "'" text)`)
  const relation = (await loadCatalog(query)).relation('public', 'a "b".c\\d') ?? assert.fail()
  assert.deepEqual(relation.columns.map(({ name }) => name), ['x y', 'é€😀', "'"])
})

test('views come with a query in which every name is qualified, and with what it reads', async () => {
  await client.query(`create function reader() returns text language sql stable as 'select 1::text';
    create view plain as select id, lower(name) as name from customers;
    create view calling as select reader() as r; create materialized view kept as select * from plain`)
  const catalog = await loadCatalog(query)
  const plain = catalog.relation('public', 'plain') ?? assert.fail()
  assert.match(plain.definition ?? '', /FROM public\.customers/)
  assert.deepEqual(plain.reads, [catalog.relation('public', 'customers')?.oid])
  assert.equal(plain.callsUnknown, false)
  assert.equal(catalog.relation('public', 'calling')?.callsUnknown, true)
  assert.deepEqual(catalog.relation('public', 'kept')?.reads, [plain.oid])
})

test('partitions, children and generated columns are told', async () => {
  await client.query(`create table parted (k integer, v text, w text generated always as (upper(v)) stored) partition by list (k);
    create table part_one partition of parted for values in (1); create table heir () inherits (customers)`)
  const catalog = await loadCatalog(query)
  assert.deepEqual(catalog.relation('public', 'part_one')?.parents, [catalog.relation('public', 'parted')?.oid])
  assert.deepEqual(catalog.relation('public', 'heir')?.parents, [catalog.relation('public', 'customers')?.oid])
  assert.equal(catalog.relation('public', 'parted')?.columns[2]?.generated, 'upper(v)')
})

test('functions, operators and types of users are told from the server’s own', async () => {
  await client.query(`create function lower(integer) returns integer language sql immutable as 'select $1';
    create operator <<<< (leftarg = integer, rightarg = integer, function = int4pl);
    create function add_two(integer, integer) returns integer language sql as 'select $1 + $2';
    create operator @@@@ (leftarg = integer, rightarg = integer, function = add_two);
    create operator !@!@ (rightarg = text, function = pg_read_file);
    create domain positive as integer check (value > 0); create domain plain_domain as text;
    create aggregate my_sum(integer) (sfunc = add_two, stype = integer)`)
  const catalog = await loadCatalog(query)
  const lower = catalog.functionsNamed('lower')
  assert.deepEqual(lower.filter(({ schema }) => schema === 'public'), [{ schema: 'public', name: 'lower', volatility: 'i', trusted: false }])
  assert.ok(lower.some(({ schema, trusted }) => schema === 'pg_catalog' && trusted))
  assert.equal(catalog.functionsNamed('my_sum')[0]?.trusted, false)
  assert.deepEqual(['@@@@', '!@!@', '<<<<', '+'].map((name) => catalog.hasUserOperator(name)), [true, true, false, false])
  assert.deepEqual(['positive', 'plain_domain', 'int4'].map((name) => catalog.hasActiveType(name)), [true, false, false])
})

test('of an extension’s functions those count as computing that are declared so, and aggregates of them', async () => {
  await client.query('create extension citext; create extension hstore; create extension "uuid-ossp"; create extension refint; create extension dblink; create extension pageinspect; create extension pg_trgm')
  await client.query('create operator !%!% (leftarg = text, rightarg = text, function = similarity_op)')
  const { functionsNamed, hasUserOperator } = await loadCatalog(query)
  assert.deepEqual(['%', '->', '!%!%'].map(hasUserOperator), [false, false, true])
  const trusted = (name: string) => functionsNamed(name).every((one) => one.trusted)
  assert.deepEqual(['max', 'min', 'replace', 'split_part', 'akeys', 'uuid_generate_v4'].filter((name) => !trusted(name)), [])
  assert.deepEqual(['dblink', 'get_raw_page', 'check_primary_key', 'check_foreign_key', 'my_sum'].filter(trusted), [])
})

test('casts by a function of a user are told, with all that is made of their types', async () => {
  await client.query(`create type cast_source as (id integer); create table of_sources (one cast_source, many cast_source[]);
    create view their_rows as select o, 1 as n from of_sources o; create domain short_text as text;
    create function source_text(cast_source) returns text language sql immutable as 'select $1.id::text';
    create cast (cast_source as text) with function source_text(cast_source) as assignment;
    create type plain_source as (id integer); create cast (plain_source as text) with inout`)
  const { casts } = await loadCatalog(query)
  assert.equal(casts.length, 1)
  assert.equal(casts[0]?.context, 'a')
  for (const name of ['text', '_text', 'short_text']) assert.ok(casts[0]?.targets.has(name), name)
  for (const name of ['cast_source', '_cast_source', 'of_sources', 'their_rows']) assert.ok(casts[0]?.mentions?.has(name), name)
  for (const name of ['customers', 'plain_source', 'text']) assert.equal(casts[0]?.mentions?.has(name), false, name)
})

test('loading leaves search_path as it was, inside a transaction and outside', async () => {
  await client.query(`set search_path = "we'ird \\path", public`)
  const show = async () => (await query('show search_path'))[0]?.[0]
  const before = await show()
  await loadCatalog(query)
  assert.equal(await show(), before)
  await client.query('begin')
  await loadCatalog(query)
  assert.equal(await show(), before)
  await client.query('rollback')
  await client.query('reset search_path')
})

for (const change of [
  'create table fp_one (a text)', 'alter table fp_one add column b text', 'alter table fp_one rename column b to c',
  'alter table fp_one drop column c', 'alter table fp_one rename to fp_two', 'create schema fp_schema', 'alter table fp_two set schema fp_schema',
  'create view fp_view as select id from customers', 'create or replace view fp_view as select id + 1 as id from customers',
  'drop view fp_view', "create function fp_function() returns integer language sql as 'select 1'", 'alter function fp_function() stable',
  'create table fp_child () inherits (customers)', 'alter table fp_child no inherit customers',
  'create operator !!!! (rightarg = integer, function = int4abs)', 'create domain fp_domain as integer',
  'alter domain fp_domain add check (value > 1)', 'alter schema fp_schema rename to fp_renamed',
  'create materialized view fp_kept as select 1 as a', 'drop table fp_child',
  'create cast (fp_kept as integer) with inout',
]) {
  test(`the fingerprint changes with ${change}`, async () => {
    const before = await fingerprint()
    assert.equal(await fingerprint(), before)
    await client.query(change)
    assert.notEqual(await fingerprint(), before)
  })
}

test('the fingerprint stays with rows, statistics, vacuum, temporary tables and what was rolled back', async () => {
  const before = await fingerprint()
  await client.query("update customers set city = 'Oslo' where id < 50")
  await client.query('vacuum analyze customers')
  await client.query('vacuum freeze pg_class')
  await client.query('create temp table passing (a text)')
  assert.equal(await fingerprint(), before)
  await client.query('begin; create table undone (a text); rollback')
  assert.equal(await fingerprint(), before)
})
