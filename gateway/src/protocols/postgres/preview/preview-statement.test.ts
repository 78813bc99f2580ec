import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres.ts'
import { type Asked, PreviewSetup } from '../../../../test/support/preview-setup.ts'
import { leaksIn } from '../../../../test/support/shop.ts'
import type { Preview } from '../../../governance/review/preview.ts'

const SCHEMA = `
create table "order" ("Quoted ""Col" text, id integer primary key, "select" integer);
insert into "order" select 'row ' || n, n, n % 3 from generate_series(1, 30) n;
create table parts (id integer, region text, amount integer) partition by list (region);
create table parts_north partition of parts for values in ('north');
create table parts_south partition of parts for values in ('south');
insert into parts select n, case when n % 2 = 0 then 'north' else 'south' end, n from generate_series(1, 40) n;
create table staff (id integer primary key, boss integer, name text);
insert into staff select n, case when n > 3 then n % 3 + 1 end, 'name ' || n from generate_series(1, 12) n;
create view lisbon as select id, name, email, city from customers where city = 'Lisbon';
create table older (id integer); create table younger (extra text) inherits (older);
insert into older select generate_series(1, 4); insert into younger select generate_series(5, 9), 'x';
create table blobs (id integer primary key, content bytea, long text);
insert into blobs values (1, '\\xdeadbeef', repeat('é', 1000));
create function alarm(integer) returns boolean language plpgsql as $$ begin raise exception 'it was run'; end $$;
create domain watched as integer check (alarm(value)); create table guarded (id watched, n integer);
create table team (id integer primary key); create table member (id integer, team_id integer references team on delete cascade);
create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger every after delete on team for each row execute function nothing();
insert into team values (1), (2);
create schema other; create table other.staff (id integer primary key); insert into other.staff select generate_series(1, 5);
`

interface Case extends Asked {
  readonly sql: string
  readonly method?: Preview['method']
  readonly rows: number | undefined
  readonly atMost?: boolean
  readonly samples?: number
  readonly says?: readonly RegExp[]
}

/** Stands for the OID of the type of that name. */
const WATCHED = -1

const COUNTED: readonly Case[] = [
  { sql: "update customers set city = 'Faro' where city = 'Lisbon'", rows: 60, samples: 5 },
  { sql: 'delete from payments', rows: 600, samples: 5 },
  { sql: 'delete from orders where id between 3 and 5;', rows: 3, samples: 3 },
  { sql: "update orders set status = 'x' where id = 1 -- only this", rows: 1, samples: 1 },
  { sql: "/* first */ update orders /* a */ set status = 'a -- b' where id in (1, 2, 3) /* last */ ; ", rows: 3, samples: 3 },
  { sql: "update orders set status = $x$ where 'it' $x$ where status = $$new$$", rows: 150, samples: 5 },
  { sql: "update orders set status = '/*' where id = 1 or id = 2", rows: 2, samples: 2 },
  { sql: "update orders as o set status = 'x' where o.id < 5 and exists (select from payments p where p.order_id = o.id)", rows: 4, samples: 4 },
  { sql: "update orders o set status = 'x' from customers c where c.id = o.customer_id and c.city = 'Oslo'", rows: 120, samples: 5 },
  { sql: 'delete from customers c using orders o where o.customer_id = c.id and o.id < 301', rows: 300, samples: 5 },
  { sql: 'delete from customers using orders where customers.id = orders.customer_id', rows: 300, samples: 5 },
  { sql: 'delete from public.customers using public.orders where customers.id = orders.customer_id', rows: 300, samples: 5 },
  { sql: 'delete from staff s using staff b where b.boss = s.id', rows: 3, samples: 3 },
  { sql: 'update staff set name = upper(name) where id in (select boss from staff where boss is not null)', rows: 3, samples: 3 },
  { sql: 'delete from public.staff where boss is null', rows: 3, samples: 3 },
  { sql: 'delete from other.staff where id > 2', rows: 3, samples: 3 },
  { sql: 'update "order" set "select" = 1 where "select" = 0 and "Quoted ""Col" like \'row %\'', rows: 10, samples: 5 },
  { sql: 'delete from parts where amount > 30', rows: 10, samples: 5 },
  { sql: "delete from parts_north where region = 'north'", rows: 20, samples: 5 },
  { sql: 'delete from older where id > 3', rows: 6, samples: 5 },
  { sql: 'delete from only older where id > 3', rows: 1, samples: 1 },
  { sql: 'delete from older * where id > 3', rows: 6, samples: 5 },
  { sql: "update lisbon set name = 'x' where id < 50", rows: 9, samples: 5 },
  { sql: "update lisbon l set name = 'x' from orders o where o.customer_id = l.id and l.id < 50", rows: 18, atMost: true },
  { sql: "insert into orders (customer_id, status, total) values (1, 'new', 1), (2, 'new', 2)", rows: 2 },
  { sql: "insert into orders (customer_id, status, total) values (1, lower('NEW'), 1)", rows: 1 },
  { sql: 'insert into staff values (generate_series(100, 109))', rows: undefined, method: 'estimated' },
  { sql: 'insert into older default values', rows: 1 },
  { sql: "insert into staff (id, name) values (1, 'x') on conflict (id) do update set name = excluded.name", rows: 1, atMost: true },
  { sql: "insert into staff (id, name) values (1, 'x') on conflict do nothing", rows: 1, atMost: true },
  { sql: "insert into staff (id, name) select id + 100, name from staff where id > 6", rows: 6 },
  { sql: "with recent as (select id from orders where id > 590) insert into staff (id) select id from recent", rows: 10 },
  { sql: "with big as (select id from orders where total > 900) update orders set status = 'big' where id in (select id from big)", rows: 56, samples: 5 },
  { sql: 'merge into staff s using other.staff o on s.id = o.id when matched then delete', rows: 5, atMost: true, samples: 5 },
  { sql: "merge into staff s using (select generate_series(10, 15) as id) n on s.id = n.id when matched then update set name = 'm' when not matched then insert (id, name) values (n.id, 'm')", rows: 6, atMost: true, samples: 3 },
  { sql: "merge into other.staff s using staff o on s.id = o.id when not matched by source then delete when not matched then do nothing", rows: 0, atMost: true },
  { sql: "update orders set status = 'x' where id = any ($1)", parameters: ['{1,2,3}'], rows: 3, samples: 3 },
  { sql: "update orders set status = $1 where id = $2", parameters: ['x', '7'], rows: 1, samples: 1 },
  { sql: "update orders set status = $2 where id = $1", parameters: [Buffer.from([0, 0, 0, 7]), 'x'], types: [23, 25], rows: 1, samples: 1 },
  { sql: 'delete from orders where id = $1 or id = $2', parameters: [Buffer.from([0, 0, 0, 7]), null], types: [23], rows: 1, samples: 1 },
  { sql: 'insert into staff (id, name) values ($1, $2)', parameters: ['77', null], rows: 1 },
  { sql: 'delete from orders where total > $1::numeric - 10', parameters: ['990'], rows: 12, samples: 5 },
  { sql: "delete from orders where id < 4 returning *", rows: 3, samples: 3 },
  { sql: "update customers set name = name where created_at < '2024-01-03 00:00'", settings: new Map([['TimeZone', 'Asia/Tokyo']]), rows: 38, samples: 5 },
  { sql: 'delete from staff', settings: new Map([['search_path', 'other, public']]), rows: 5, samples: 5 },
  { sql: 'delete from blobs', rows: 1, samples: 1 },
  { sql: 'delete from guarded where n = $1 or id is null', parameters: ['1'], rows: 0 },
  { sql: 'delete from guarded where id = $1', parameters: ['1'], types: [WATCHED], method: 'none', rows: undefined, says: [/type that runs code of somebody/] },
  { sql: 'delete from team where id = 1', rows: 1, samples: 1, says: [/triggers on public\.team change besides was not counted/, /refer to those .*: in public\.member\./] },
  { sql: 'delete from parts tablesample system (100)', method: 'none', rows: undefined, says: [/could not be analysed/] },
  { sql: 'delete from parts p using parts q tablesample system (100) where p.id = q.id', rows: 40, samples: 5, says: [/another matter each time \(TABLESAMPLE\)/] },
  { sql: 'with gone as (delete from team returning id) delete from staff where id in (select id from gone)', method: 'estimated', rows: undefined, says: [/WITH queries change rows too/, /guesses/] },
  { sql: "update orders set status = 'x' where id = 1 and pg_sleep(0) is null", method: 'estimated', rows: undefined, says: [/cannot be done without changing/] },
  { sql: 'delete from missing_table', method: 'none', rows: undefined, says: [/no such table on another connection .*42P01/] },
]

describe('a preview by counting', () => {
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

  async function known(types: readonly number[]): Promise<number[]> {
    const [row] = await server.query("select 'watched'::regtype::oid::int as oid", [], 'shop')
    return types.map((type) => (type === WATCHED ? Number(row?.['oid']) : type))
  }

  for (const { sql, method = 'counted', rows, atMost = false, samples = 0, says = [], ...asked } of COUNTED) {
    test(`${sql} would change ${rows}`, async () => {
      const preview = await setup.preview(sql, { ...asked, ...(asked.types !== undefined && { types: await known(asked.types) }) })
      const told = JSON.stringify(preview)
      assert.equal(preview.method, method, told)
      if (rows !== undefined) assert.equal(preview.rows, rows, told)
      assert.equal(preview.atMost, atMost, told)
      assert.equal(preview.sample.length, samples, told)
      assert.deepEqual(leaksIn(told), [])
      if (method === 'counted') {
        const changed = await setup.reallyChanged(sql, asked)
        assert.ok(atMost ? changed <= (preview.rows ?? -1) : changed === preview.rows, `${changed} rows are changed: ${told}`)
      }
      for (const pattern of says) assert.match(preview.notes.join('\n'), pattern)
    })
  }
})
