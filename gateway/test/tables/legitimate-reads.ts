/** Statements that only read, and that filters working on words refuse. Each runs on the demo's `shop` without an error. */
import { readFileSync } from 'node:fs'
import { connectStatements } from './connect-statements.ts'

export interface LegitimateRead {
  readonly name: string
  readonly class: string
  /** Messages, sent one after another on one session. */
  readonly sql: readonly string[]
}

const single = (kind: string, statements: Readonly<Record<string, string>>): LegitimateRead[] =>
  Object.entries(statements).map(([name, sql]) => ({ name, class: kind, sql: [sql] }))

const several = (kind: string, statements: Readonly<Record<string, readonly string[]>>): LegitimateRead[] =>
  Object.entries(statements).map(([name, sql]) => ({ name, class: kind, sql }))

const words = single('words that mean something else', {
  'literal that mentions DROP': `select 'please do not drop table customers'`,
  'literal with semicolon and DELETE': `select '; delete from customers; --'`,
  'dollar quoted text with statements': 'select $x$ insert into t values (1); drop table t $x$',
  'escape string with statements': String.raw`select E'\'; update customers set name = \'x\'; --'`,
  'unicode string': String.raw`select U&'\0064rop table customers'`,
  'unicode identifier': String.raw`select id as U&"d\0072op" from customers limit 1`,
  'columns named like verbs': 'select "update", "delete", "do" from (select 1 as "update", 2 as "delete", 3 as "do") t',
  'alias that is a verb': 'select id as update, name as delete, city as insert from customers limit 3',
  'table alias that is a verb': 'select "drop".id from customers as "drop" limit 3',
  'comment that mentions DML': 'select 1 -- delete from customers\n',
  'block comment that mentions DML': 'select /* truncate orders; */ count(*) from orders',
  'nested comment': 'select /* a /* drop table customers */ b */ 1',
  'comment only': '-- nothing to do',
  'nothing at all': ';;',
  'carriage return in a comment': 'select 1 -- one\r\n, 2',
  'question with all verbs': `select id from orders where status in ('insert', 'update', 'delete', 'truncate', 'grant')`,
  'FOR in substring': `select substring('hello' from 2 for 3)`,
  'FOR in overlay': `select overlay('Txxxxas' placing 'hom' from 2 for 4)`,
  'SIMILAR with escape': `select substring('hello' similar '%#"l#"%' escape '#')`,
  'INTO in a literal': `select 'select * into t from customers'`,
  'name of a function of a verb': `select replace('drop', 'd', 'c'), position('update' in 'an update')`,
  'set in a row': `select row('set', 'role', 'postgres')`,
  'execute in a label': 'select 1 as execute',
  'copy in a label': 'select 1 as copy, 2 as call, 3 as listen, 4 as notify, 5 as vacuum',
  'lock as a column': 'with t as (select 1 as lock) select lock from t',
  'string continued over a line': "select 'one'\n  ' and two'",
  'identifier with a dollar': 'select 1 as a$b$c, 2 as d$b$e',
})

const reading = single('reading', {
  'whole table': 'table orders',
  'values': `values (1, 'a'), (2, 'b')`,
  'count': 'select count(*) from customers',
  'grouping': 'select city, count(*) from customers group by city order by 2 desc',
  'grouping sets': 'select status, customer_id, sum(total) from orders group by grouping sets ((status), (customer_id), ())',
  'cube': 'select status, count(*) from orders group by cube (status, customer_id) having count(*) > 1',
  'rollup': 'select status, grouping(status), avg(total) from orders group by rollup (status)',
  'window function': 'select id, rank() over (partition by status order by total desc) from orders',
  'named window': 'select id, sum(total) over w from orders window w as (order by id rows between 5 preceding and current row)',
  'window exclude': 'select id, avg(total) over (order by id groups between 1 preceding and 1 following exclude ties) from orders',
  'filter': `select count(*) filter (where status = 'paid') from orders`,
  'ordered set aggregate': 'select percentile_cont(0.5) within group (order by total) from orders',
  'hypothetical set': 'select rank(10) within group (order by total) from orders',
  'distinct on': 'select distinct on (customer_id) customer_id, total from orders order by customer_id, total desc',
  'lateral': 'select c.id, o.total from customers c cross join lateral (select total from orders where customer_id = c.id limit 1) o',
  'left join lateral': 'select c.id, o.n from customers c left join lateral (select count(*) n from orders where customer_id = c.id) o on true',
  'join using': 'select c.city, o.total from customers c join orders o on o.customer_id = c.id',
  'join using an alias': 'select j.id from (select id from customers) a join (select id from orders) b using (id) as j',
  'natural join': 'select * from (select id, city from customers) a natural join (select id, status from orders) b',
  'full join': 'select count(*) from orders o full join payments p on p.order_id = o.id',
  'materialised CTE': 'with big as materialized (select id, total from orders where total > 10) select count(*) from big',
  'CTE not materialised': 'with o as not materialized (select id from orders) select count(*) from o',
  'recursive CTE': 'with recursive n(i) as (select 1 union all select i + 1 from n where i < 20) select sum(i) from n',
  'recursive with search and cycle': `with recursive t(id, up) as (values (1, 0), (2, 1), (3, 2)), r as (
      select id, up from t where id = 1 union all select t.id, t.up from t join r on t.up = r.id
    ) search depth first by id set place cycle id set looped using path select id from r order by place`,
  'set operations': '(select id from customers order by id limit 3) union all (select id from orders limit 3) except select 2 intersect select 2',
  'exists': 'select name from customers c where exists (select from orders o where o.customer_id = c.id)',
  'scalar subquery': 'select (select max(total) from orders), (select array(select id from orders limit 3))',
  'quantified': 'select id from orders where total >= all (select amount from payments where order_id < 5) limit 2',
  'any of an array': `select id from orders where status = any ('{new,paid}'::text[])`,
  'long IN list': `select count(*) from orders where id in (${Array.from({ length: 5000 }, (_, i) => i).join(', ')})`,
  'long OR chain': `select count(*) from orders where ${Array.from({ length: 300 }, (_, i) => `id = ${i}`).join(' or ')}`,
  'row comparison': 'select id from orders where (customer_id, id) > (5, 10) order by customer_id, id limit 5',
  'between symmetric': 'select count(*) from orders where total not between symmetric 100 and 1',
  'is distinct from': 'select count(*) from customers where phone is not distinct from null',
  'case': `select case status when 'paid' then 1 when 'new' then 0 else -1 end from orders limit 3`,
  'nullif, coalesce, greatest': `select nullif(1, 2), coalesce(null, 'x'), greatest(1, 2, 3), least(1, 2)`,
  'like with escape': String.raw`select count(*) from customers where name like '10\%%' escape '\'`,
  'similar to': `select count(*) from customers where city similar to '(Os|Li)%'`,
  'regular expression': `select regexp_matches(city, '^(.)', 'g'), city ~* 'os' from customers limit 3`,
  'collate': 'select name from customers order by name collate "C" limit 3',
  'at time zone': `select placed_at at time zone 'Europe/Lisbon', extract(epoch from placed_at), date_trunc('day', placed_at) from orders limit 2`,
  'intervals': `select now() - interval '1 day' * 3, interval '1-2' year to month, current_timestamp(3), localtime`,
  'casts': `select cast('1' as int), '2'::numeric(10,2), '{1,2}'::int[], 3::float(24), 'x'::varchar(10)`,
  'json path': `select jsonb_path_query('{"a": [1, 2, 3]}', '$.a[*] ? (@ > 1)'), '{"a": 1}'::jsonb @? '$.a', '{"a":{"b":1}}'::jsonb #>> '{a,b}'`,
  'json aggregates': 'select json_agg(o), jsonb_object_agg(id, status) from (select id, status from orders limit 3) o',
  'json_table': `select * from json_table('[{"a": 1}, {"a": 2}]', '$[*]' columns (n for ordinality, a int path '$.a'))`,
  'json_value': `select json_value('{"a": 1}', '$.a' returning int), json_query('{"a": [1]}', '$.a' with wrapper), json_exists('{}', '$.a')`,
  'json constructors': `select json_object('a' : 1, 'b' : null absent on null), json_array(1, 2), json_scalar(1), json('{}'), '{}' is json object`,
  'xmltable': `select * from xmltable('/r/i' passing ('<r><i>1</i></r>'::xml) columns v int path '.')`,
  'xml': `select xmlelement(name a, xmlattributes(1 as b), 'c'), xmlserialize(content '<a/>'::xml as text), xmlforest(1 as x)`,
  'full text': `select to_tsvector('english', 'the quick foxes') @@ websearch_to_tsquery('english', 'fox -dog'), ts_headline('a fox', 'fox'::tsquery)`,
  'series': `select d::date from generate_series('2024-01-01'::timestamp, '2024-01-03', '1 day') d`,
  'unnest with ordinality': `select * from unnest(array['a', 'b'], array[1, 2]) with ordinality as t(x, y, n)`,
  'rows from': 'select * from rows from (generate_series(1, 2), unnest(array[1, 2, 3])) as t(a, b)',
  'column definition list': `select * from json_to_recordset('[{"a":1,"b":"x"}]') as t(a int, b text)`,
  'arrays': 'select (array[1, 2, 3])[2:3], array_agg(distinct status order by status), cardinality(array[1]) from orders',
  'ranges': `select int4range(1, 5) && int4range(3, 8), tstzrange(now(), null) @> now(), range_agg(r) from (values (int4range(1, 2))) v(r)`,
  'tablesample': 'select count(*) from orders tablesample bernoulli (50) repeatable (1)',
  'only': 'select count(*) from only orders',
  'whole row': 'select o, row_to_json(o) from orders o limit 1',
  'fields of a row': 'select (o).id, (o).status from (select o from orders o limit 2) t',
  'fetch first with ties': 'select status from orders order by status fetch first 3 rows with ties',
  'limit and offset': 'select id from orders order by id limit 10 offset 20',
  'random': 'select random(), random(1, 10), gen_random_uuid(), uuidv7(), clock_timestamp()',
  'sizes': `select pg_size_pretty(pg_total_relation_size('orders')), pg_database_size(current_database()), pg_column_size(1)`,
  'who and where': 'select current_user, session_user, current_database(), inet_server_port(), pg_backend_pid(), version()',
  'format': `select format('%I = %L', 'drop', 'table'), quote_ident('select'), concat_ws(',', 1, 2), string_agg(status, ',') from orders`,
  'qualified function': `select pg_catalog.lower('X'), pg_catalog.count(*) from pg_catalog.pg_class`,
  'qualified operator': 'select 1 operator(pg_catalog.+) 2',
  'other database notation': 'select count(*) from shop.public.orders',
  'several statements': 'select 1; select 2; select count(*) from orders',
  'explain': 'explain select * from orders where id = 1',
  'explain of a write': 'explain delete from orders where id = 1',
  'explain with options': 'explain (verbose, costs off, format json) select * from orders',
  'explain analyze switched off': 'explain (analyze off, buffers off) update orders set total = 1 where id = 1',
  'explain analyze of a read': 'explain (analyze, buffers, timing off) select count(*) from orders',
  'explain generic plan': 'explain (generic_plan) select * from orders where id = $1',
  'copy out of a query': 'copy (select id, status from orders limit 3) to stdout with (format csv, header)',
  'copy out of a table': 'copy orders (id, total) to stdout',
  'statistics': `select relname, n_live_tup from pg_stat_user_tables; select * from pg_locks limit 1; select count(*) from pg_stat_activity`,
  'settings': `select name, setting from pg_settings where name like 'max%'; show all`,
  'currval of nothing yet': `select pg_get_serial_sequence('orders', 'id'), last_value from orders_id_seq`,
})

const sessions = several('sessions', {
  'read-only transaction': ['begin read only', 'select 1', 'commit'],
  'start transaction with isolation': ['start transaction isolation level repeatable read, read only, deferrable', 'select count(*) from orders', 'rollback'],
  'savepoints': ['begin', 'savepoint a', 'select 1', 'rollback to savepoint a', 'release savepoint a', 'commit and chain', 'end'],
  'transaction characteristics': ['set session characteristics as transaction isolation level serializable', 'begin', 'set transaction read only', 'commit'],
  'prepared statement': ['prepare p(int) as select * from orders where id = $1', 'execute p(1)', 'explain execute p(2)', 'deallocate p'],
  'all prepared statements gone': ['prepare a as select 1', 'deallocate all'],
  'cursor': ['begin', 'declare c cursor for select id from orders order by id', 'fetch 5 from c', 'move 2 in c', 'fetch all from c', 'close c', 'commit'],
  'scrollable cursor with hold': ['declare h scroll cursor with hold for select id from orders', 'fetch absolute 3 from h', 'fetch prior from h', 'close all'],
  'cursor of Tableau': ['begin;declare "SQL_CUR1" cursor with hold for select city from customers;fetch 10 in "SQL_CUR1"', 'fetch 10 in "SQL_CUR1"', 'close "SQL_CUR1"', 'commit'],
  'settings and back': [`set statement_timeout = '5s'`, 'set local lock_timeout = 100', 'reset statement_timeout', 'reset all'],
  'search path': ['set search_path to public, pg_catalog', 'select count(*) from orders', 'show search_path'],
  'planner switches': ['set enable_seqscan = off', 'set jit = off', `set work_mem = '8MB'`, 'explain select * from orders', 'discard plans'],
  'pool hands the session on': ['discard all'],
  'unlisten': ['unlisten *'],
  'set_config': [`select set_config('search_path', 'public', false), set_config('statement_timeout', '1000', true)`],
  'time zones': [`set time zone 'UTC'`, 'set time zone interval \'+02:00\' hour to minute', 'set timezone to default', 'select current_timestamp'],
})

const psql = readFileSync(new URL('psql-describe.sql', import.meta.url), 'utf8').split(/^--=\n/m).slice(1)
  .map((sql, index): LegitimateRead => ({ name: `psql describe query ${index + 1}`, class: 'psql', sql: [sql] }))

export const legitimateReads: readonly LegitimateRead[] = [
  ...words, ...reading, ...sessions, ...several('what clients send at connect', connectStatements), ...psql,
]
