import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres.ts'
import { type Asked, PreviewSetup } from '../../../../test/support/preview-setup.ts'
import { leaksIn } from '../../../../test/support/shop.ts'
import type { Preview } from '../../../governance/review/preview.ts'

const SCHEMA = `
create table parent (id integer primary key, name text);
create table child (id integer primary key, parent_id integer references parent on delete cascade);
create table note (id integer primary key, child_id integer references child on delete set null);
insert into parent select n, 'p' || n from generate_series(1, 10) n;
insert into child select n, 1 + n % 10 from generate_series(1, 50) n;
insert into note select n, n from generate_series(1, 50) n;
create table audited (id integer generated always as identity primary key, amount integer);
create table audit_log (id bigserial primary key, what text);
create function log_change() returns trigger language plpgsql as $$ begin
  insert into audit_log (what) values (tg_op); perform pg_notify('audit', 'x'); return null; end $$;
create trigger log after insert or update or delete on audited for each row execute function log_change();
insert into audited (amount) select generate_series(1, 5);
create table deferred (id integer primary key);
create function later() returns trigger language plpgsql as $$ begin insert into audit_log (what) values ('later'); return null; end $$;
create constraint trigger at_the_end after insert on deferred deferrable initially deferred for each row execute function later();
create table dynamic (id integer);
create function by_text() returns trigger language plpgsql as $$ begin execute 'select 1'; return null; end $$;
create table indirect (id integer);
create function inner_one() returns void language plpgsql as $$ begin copy audit_log to '/nowhere/at/all'; end $$;
create function middle() returns void language sql as 'select inner_one()';
create function outer_one() returns trigger language plpgsql as $$ begin perform middle(); return null; end $$;
create table ruled (id integer); create rule also as on insert to ruled do also insert into audit_log (what) values ('rule');
create view some_audited as select id, amount from audited where amount < 3;
create table skipped (id integer);
create function skip_odd() returns trigger language plpgsql as $$ begin if new.id % 2 = 1 then return null; end if; return new; end $$;
create trigger skip_odd before insert on skipped for each row execute function skip_odd();
create table parts (id integer, region text) partition by list (region);
create table north partition of parts for values in ('north'); create table south partition of parts for values in ('south');
insert into parts select n, case when n % 2 = 0 then 'north' else 'south' end from generate_series(1, 8) n;
create table once (id integer primary key, at integer unique); insert into once values (1, 1), (2, 2);
`

interface Case extends Asked {
  readonly sql: string
  readonly rows: number
  readonly method?: Preview['method']
  readonly tables?: Readonly<Record<string, readonly [inserted: number, updated: number, deleted: number]>>
  /** Of the first row of the sample. */
  readonly before?: object | undefined
  readonly after?: object | undefined
  readonly says?: readonly RegExp[]
}

const CASES: readonly Case[] = [
  { sql: "update orders set status = 'gone' where id <= 7", rows: 7, tables: { 'public.orders': [0, 7, 0] }, before: { status: /^(new|paid|sent|returned)$/ }, after: { status: /^gone$/ } },
  { sql: "update customers set email = 'new@example.com', city = 'Faro' where id = 3", rows: 1, tables: { 'public.customers': [0, 1, 0] }, before: { email: /^\[redacted\]$/, city: /^(?!Faro)/ }, after: { email: /^\[redacted\]$/, city: /^Faro$/ } },
  { sql: 'delete from payments where order_id < 6', rows: 5, tables: { 'public.payments': [0, 0, 5] }, before: { card_number: /^\*+\d{4}$/ }, after: undefined },
  { sql: "insert into orders (customer_id, status, total) values (1, 'x', 1), (2, 'y', 2)", rows: 2, tables: { 'public.orders': [2, 0, 0] }, before: undefined, after: { status: /^x$/ }, says: [/advanced sequences.*: public\.orders_id_seq\./] },
  { sql: 'delete from parent where id <= 2', rows: 2, tables: { 'public.parent': [0, 0, 2], 'public.child': [0, 0, 10], 'public.note': [0, 10, 0] }, before: { name: /^p\d$/ } },
  { sql: 'update audited set amount = amount + 1', rows: 5, tables: { 'public.audited': [0, 5, 0], 'public.audit_log': [5, 0, 0] }, says: [/: public\.audit_log_id_seq\./] },
  { sql: 'insert into audited (amount) values (9)', rows: 1, tables: { 'public.audited': [1, 0, 0], 'public.audit_log': [1, 0, 0] }, says: [/: public\.audit(ed|_log)_id_seq, public\.audit(ed|_log)_id_seq\./] },
  { sql: 'insert into deferred values (1)', rows: 1, tables: { 'public.deferred': [1, 0, 0], 'public.audit_log': [1, 0, 0] } },
  { sql: 'insert into ruled values (1)', rows: 0, method: 'none', says: [/[Rr]ules on public\.ruled/] },
  { sql: 'update some_audited set amount = 0', rows: 2, tables: { 'public.audited': [0, 2, 0], 'public.audit_log': [2, 0, 0] } },
  { sql: 'insert into skipped select generate_series(1, 11)', rows: 5, tables: { 'public.skipped': [5, 0, 0] } },
  { sql: "update parts set region = 'south' where id < 4", rows: 3, tables: { 'public.south': [1, 2, 0], 'public.north': [0, 0, 1] } },
  { sql: 'insert into once values (1, 1) on conflict (id) do update set at = 5', rows: 1, tables: { 'public.once': [0, 1, 0] }, before: { at: /^1$/ }, after: { at: /^5$/ } },
  { sql: 'insert into once values (1, 1), (3, 3) on conflict do nothing', rows: 1, tables: { 'public.once': [1, 0, 0] }, before: undefined, after: { id: /^3$/ } },
  { sql: 'insert into once values (9, 1)', rows: 1, method: 'counted', says: [/failed when it was rehearsed.*unique.*23505/] },
  { sql: 'merge into once o using (values (1, 10), (7, 70)) as v(id, at) on o.id = v.id when matched then update set at = v.at when not matched then insert values (v.id, v.at)', rows: 2, tables: { 'public.once': [1, 1, 0] } },
  { sql: 'with gone as (delete from note where id < 11 returning child_id) delete from child where id in (select child_id from gone)', rows: 10, tables: { 'public.child': [0, 0, 10], 'public.note': [0, 0, 10] } },
  { sql: 'update orders set status = $2 where id = $1 returning id', parameters: [Buffer.from([0, 0, 0, 7]), 'seen'], rows: 1, tables: { 'public.orders': [0, 1, 0] }, after: { status: /^seen$/ } },
  { sql: 'update orders set total = total + nextval(\'audit_log_id_seq\') where id = 1', rows: 1, tables: { 'public.orders': [0, 1, 0] }, says: [/: public\.audit_log_id_seq\./] },
  { sql: "update orders set status = 'x' where pg_advisory_lock(id) is null", rows: 0, method: 'estimated', says: [/calls pg_advisory_lock, which a rollback does not undo/, /guesses/] },
  { sql: 'update orders set total = 1 where random() < 2', rows: 600, tables: { 'public.orders': [0, 600, 0] }, says: [/another matter each time \(random\)/] },
  { sql: 'update orders set status = \'x\' where id < 0', rows: 0, tables: {} },
  { sql: 'delete from customers where id = 1', rows: 1, method: 'counted', says: [/failed when it was rehearsed.*23503/] },
]

describe('a rehearsal', () => {
  let server: PostgresServer
  let setup: PreviewSetup
  before(async () => {
    server = await startPostgres()
    setup = await PreviewSetup.create(server, SCHEMA)
  })
  after(async () => {
    setup.close()
    await server.stop()
  })

  for (const { sql, rows, method = 'rehearsed', tables, says = [], ...rest } of CASES) {
    test(sql, async () => {
      const rowsBefore = await everyRow(server)
      const preview = await setup.preview(sql, { how: 'rehearse', ...rest })
      const told = JSON.stringify(preview)
      assert.equal(preview.method, method, told)
      if (method === 'rehearsed' || method === 'counted') assert.equal(preview.rows, rows, told)
      const counts = Object.fromEntries(preview.tables.map(({ table, inserted, updated, deleted }) => [table, [inserted, updated, deleted]]))
      if (tables !== undefined) assert.deepEqual(counts, tables, told)
      for (const side of ['before', 'after'] as const) if (side in rest) matches(preview.sample[0]?.[side], rest[side], told)
      for (const pattern of says) assert.match(preview.notes.join('\n'), pattern)
      assert.deepEqual(leaksIn(told), [])
      assert.ok(preview.sample.length <= 5)
      assert.equal(await everyRow(server), rowsBefore)
    })
  }

  test('is not done when a trigger runs a text', async () => {
    await setup.changed('create trigger by_text after insert on dynamic for each row execute function by_text()')
    const preview = await setup.preview('insert into dynamic values (1)', { how: 'rehearse' })
    assert.equal(preview.method, 'counted')
    assert.match(preview.notes.join(), /not rehearsed: a trigger on public\.dynamic/)
  })

  test('is not done when functions that triggers name by way of others reach outside', async () => {
    await setup.changed('create trigger outer_one after insert on indirect for each row execute function outer_one()')
    const preview = await setup.preview('insert into indirect values (1)', { how: 'rehearse' })
    assert.equal(preview.method, 'counted')
    assert.match(preview.notes.join(), /a trigger on public\.indirect may do what a rollback does not undo/)
  })

  test('is not done with triggers at all once any trigger reaches outside', async () => {
    const preview = await setup.preview('update audited set amount = 1', { how: 'rehearse' })
    assert.equal(preview.method, 'counted')
    assert.match(preview.notes.join(), /could set off other triggers/)
    assert.equal((await setup.preview('update orders set status = status where id = 1', { how: 'rehearse' })).method, 'rehearsed')
  })
})

function matches(values: Readonly<Record<string, string | null>> | undefined, expected: object | undefined, told: string): void {
  if (expected === undefined) return assert.equal(values, undefined, told)
  for (const [name, pattern] of Object.entries(expected)) assert.match(String(values?.[name]), pattern as RegExp, told)
}

/** All rows of all tables of the database, and where they stand: what was written again is told from what was not. */
async function everyRow(server: PostgresServer): Promise<string> {
  const tables = await server.query("select c.oid::regclass::text as name from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1", [], 'shop')
  const parts = tables.map(({ name }) => `select '${String(name)}' || coalesce(md5(string_agg(t.ctid::text || t.xmin::text || t::text, ',' order by t.ctid)), '') as part from ${String(name)} t`)
  return JSON.stringify(await server.query(`${parts.join(' union all ')} order by 1`, [], 'shop'))
}
