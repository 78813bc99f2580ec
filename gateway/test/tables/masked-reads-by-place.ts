import { attempts, type MaskedRead } from './masked-read.ts'

const SPOTS = 'create table if not exists spots (id integer, a integer[], j jsonb, m text)'
const ROW = 'insert into spots (id, a, m) values (1, array[1, 2], $$x$$)'
const SSN = '(select ssn from customers where id = 1)'
const NUMBER = '(select left(ssn, 3)::integer from customers where id = 1)'

const onSpots = (statement: string): readonly string[] => [SPOTS, ROW, statement, 'table spots']

/** Places of a statement in which a query over the masked table may stand: each is a way out, or a question. */
export const readsByPlace: readonly MaskedRead[] = attempts('oracle', {
  'a field of JSON that is set': onSpots(`update spots set j['a'] = to_jsonb(${SSN})`),
  'the name of a field of JSON that is set': onSpots(`update spots set j[${SSN}] = '1'`),
  'the name of a field of JSON that is inserted': onSpots(`insert into spots (j[${SSN}]) values ('1')`),
  'a subscript among several that are set': onSpots(`update spots set (id, a[${NUMBER}]) = (1, 2)`),
  'a subscript that MERGE inserts': onSpots(`merge into spots s using (select 1) x on false when not matched then insert (a[${NUMBER}]) values (7)`),
  'a subscript that an upsert sets': [SPOTS, 'create unique index on spots (id)', ROW, `insert into spots (id) values (1) on conflict (id) do update set a[${NUMBER}] = 5`, 'table spots'],
  'a subscript that is inserted by COPY of RETURNING': [SPOTS, `copy (insert into spots (a[${NUMBER}]) values (7) returning a) to stdout`],
  'a subscript that is inserted by a prepared statement': [SPOTS, `prepare p as insert into spots (a[${NUMBER}]) values (7) returning a`],
  'a subscript that is read': onSpots(`select a[${NUMBER}] from spots`),
  'a slice that is read': onSpots(`select a[1:${NUMBER}] from spots`),
  'the frame of a window': onSpots(`select count(*) over (order by id rows between ${NUMBER} preceding and current row) from spots`),
  'the argument of an aggregate': onSpots(`select string_agg(m, ${SSN}) from spots`),
  'the fraction of an ordered-set aggregate': onSpots(`select percentile_disc((select 0.5 from customers where ssn like '9%' limit 1)) within group (order by id) from spots`),
  'the value of CASE': `select case ${SSN} when '901-77-0001' then 1 end`,
  'a row IN a query': "select 1 where (1, '901-77-0001') in (select id, ssn from customers)",
  'a row = a query': "select 1 where (1, '901-77-0001') = (select id, ssn from customers where id = 1)",
  'rows of JSON': 'select * from jsonb_to_recordset((select jsonb_agg(c) from customers c)) as x(ssn text)',
  'an outer join on a guess in a subquery': "select o.id from orders o left join (customers c join notes n on n.body = c.ssn) on c.id = o.customer_id",
  'a recursive term that looks each up': "with recursive r(id, s) as (values (1, ''::text) union all select r.id + 1, (select ssn from customers c where c.id = r.id) from r where r.id < 3) select * from r",
  'a filter of the source of an INSERT': "with t as (select ssn from customers) insert into notes (body) select 'x' from t where t.ssn like '9%' returning id",
  'a condition of MERGE on a WITH query': "with t as (select id, ssn from customers) merge into orders o using t on t.id = o.id when matched and t.ssn like '9%' then delete returning o.id",
  'a DEFAULT row beside a query': `insert into notes (body) values (default), (${SSN})`,
  'the parameter of EXECUTE in EXPLAIN': ['prepare q(integer) as select id from customers where id = $1', `explain analyze execute q(${NUMBER})`],
  'an argument of SET': `select set_config('application_name', ${SSN}, false)`,
  'the sort of a cursor': 'declare c cursor with hold for select id from customers order by ssn',
  'a domain of a table that is a row': "select row(c.*)::customers from customers c where row(c.*)::text like '%901%'",
  'MINUS by EXCEPT ALL': "select id, ssn from customers except all values (1, '901-77-0001')",
})
