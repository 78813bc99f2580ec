import { attempts, type MaskedRead } from './masked-read.ts'

/** What the catalog does not show at the moment when a statement is analysed, and rows that only details of errors quote. */

/** Tables whose clean columns are named like masked ones, and one that hides a name. */
const SHADOWS: readonly string[] = [
  'create table clean_pairs (id integer, ssn text, email text)', "insert into clean_pairs values (1, 'x', 'y')",
  'create table plain (a text, b text)', "insert into plain values ('901-77-0001', 'a hit')",
  'create table heirs () inherits (plain)',
  'create schema one', 'create table one.pairs_of (ssn text)', 'create schema two', 'create table two.pairs_of (z integer)', 'insert into two.pairs_of values (1)',
  'create type typed as (a text)', 'create table of_type of typed', "insert into of_type values ('901-77-0001')",
  "create function leak_once(text, boolean) returns text language sql stable as 'select ssn from public.customers where id = 1'",
]
const OUTER = 'select (select ssn from clean_pairs limit 1) from customers'
const HIT = 'select c.ssn, x.* from plain x natural join customers c'
const AWAY = 'alter table clean_pairs rename column ssn to x'
const BACK = 'alter table clean_pairs rename column x to ssn'

const definitions = attempts('another path', {
  'a column renamed in the transaction': ['begin', AWAY, OUTER, 'rollback'],
  'a column renamed in the message': `begin; ${AWAY}; ${OUTER}; rollback`,
  'a column renamed in a transaction just committed': ['begin', AWAY, 'commit', OUTER, BACK],
  'a column dropped in the transaction': ['begin', 'alter table clean_pairs drop column ssn', OUTER, 'rollback'],
  'a column dropped by CASCADE of its type': ['create domain passing as text', 'alter table clean_pairs add column q passing', 'begin', AWAY, 'drop domain passing cascade', OUTER, 'rollback', 'alter table clean_pairs drop column q'],
  'a renamed column, written by COPY': ['begin', AWAY, `copy (${OUTER}) to stdout`, 'rollback'],
  'a renamed column, kept in a new table': ['begin', AWAY, `create table kept as ${OUTER}`, 'commit', 'table kept', BACK],
  'a renamed column, kept in a new view': ['begin', AWAY, `create view kept_view as ${OUTER}`, 'commit', 'table kept_view', BACK],
  'a renamed column, by a cursor': ['begin', AWAY, `declare c cursor for ${OUTER}`, 'fetch all from c', 'rollback'],
  'a renamed column, in RETURNING': ['begin', AWAY, 'update customers set city = city where id = 1 returning (select ssn from clean_pairs limit 1)', 'rollback'],
  'a renamed column, prepared before': [`prepare before_it as ${OUTER}`, AWAY, 'execute before_it', BACK],
  'a renamed column, prepared before, in the transaction': [`prepare before_that as ${OUTER}`, 'begin', AWAY, 'execute before_that', 'rollback'],
  'a renamed column, prepared and run in one message': `prepare within as ${OUTER}; ${AWAY}; execute within; ${BACK}`,
  'a table hidden by a temporary one': ['begin', 'create temp table clean_pairs (z integer)', 'insert into clean_pairs values (1)', OUTER, 'rollback'],
  'a table hidden by a temporary one, in the message': `create temp table clean_pairs (z integer); insert into clean_pairs values (1); ${OUTER}; drop table pg_temp.clean_pairs`,
  'a table hidden by SELECT INTO': ['begin', 'select 1 as z into temp clean_pairs', OUTER, 'rollback'],
  'a table hidden by a temporary view': ['begin', 'create temp view clean_pairs as select 1 as z', OUTER, 'rollback'],
  'a table hidden by one in another schema': ['begin', 'create schema front create table clean_pairs (z integer)', 'insert into front.clean_pairs values (1)', 'set search_path = front, public', OUTER, 'rollback'],
  'a table replaced by another under its name': ['begin', 'alter table clean_pairs rename to gone_pairs', 'alter table plain rename to clean_pairs', OUTER, 'rollback'],
  'schemas that change their names': ['begin', 'alter schema one rename to three', 'alter schema two rename to one', 'select (select ssn from one.pairs_of limit 1) from customers', 'rollback'],
  'a column named for NATURAL JOIN': ['begin', 'alter table plain rename column a to ssn', HIT, 'rollback'],
  'a column of an heir named for NATURAL JOIN': ['begin', 'alter table plain rename column a to ssn', "insert into heirs values ('902-77-0002', 'a hit')", HIT.replace('plain', 'heirs'), 'rollback'],
  'a column of a type named for NATURAL JOIN': ['begin', 'alter type typed rename attribute a to ssn cascade', HIT.replace('plain', 'of_type'), 'rollback'],
  'columns moved by a new one': ['begin', 'alter table plain add column c text', 'select lower(q.f) from (select p.*, c.* from plain p, customers c) q(a, b, c, d, e, f)', 'rollback'],
  'columns moved by a dropped one': ['begin', 'alter table plain drop column b', 'select lower(q.d), lower(q.f) from (select p.*, c.* from plain p, customers c) q(a, b, c, d, e, f)', 'rollback'],
  'a function under the name of one that computes': 'alter function leak_ssn(integer) rename to md5; select md5(1); alter function md5(integer) rename to leak_ssn',
  'a function under such a name in the transaction': ['begin', 'alter routine leak_ssn(integer) rename to md5', 'select md5(1)', 'rollback'],
  'an operator made of a function': ['begin', 'create operator % (leftarg = text, rightarg = boolean, function = leak_once)', "select 'x' % true", 'rollback'],
  'an aggregate made of a function': ['begin', 'create aggregate max(boolean) (sfunc = leak_once, stype = text)', 'select max(true)', 'rollback'],
})

const details = attempts('another channel', {
  'details of a failing row of a view of clean columns': 'update customer_names set name = null where id = 1',
  'details of a failing row by a foreign key': 'delete from terminals where id = 1',
  'details of a failing row by a trigger': 'update stock set n = 2',
  'details of a failing row by a rule': 'insert into rule_source values (1)',
  'details of a deferred constraint by COMMIT': ['begin', "update customers set email = 'n290@example.org' where id = 290", 'commit'],
  'details of a deferred constraint by a savepoint and COMMIT': ['begin', 'savepoint a', "update customers set email = 'n290@example.org' where id = 290", 'release a', 'end'],
  'details of a deferred constraint by SET CONSTRAINTS': ['begin', "update customers set email = 'n290@example.org' where id = 290", 'set constraints all immediate', 'rollback'],
  'details of a deferred constraint by PREPARE TRANSACTION': ['begin', "update customers set email = 'n290@example.org' where id = 290", "prepare transaction 'x'", 'rollback'],
  'what a trigger of a clean table raises': 'insert into till values (1)',
  'what a trigger of a clean table raises with a code of the server': 'insert into till values (2)',
  'what a trigger of a masked table raises with a code of the server': "update customers set city = 'raise' where id = 8",
  'the notice of a trigger of a clean table': 'insert into till values (3)',
  'the warning of a trigger of a clean table': 'insert into till values (4)',
  'what a deferred trigger raises in COMMIT': ['begin', 'insert into late_till values (2)', 'commit'],
  'what a deferred trigger says in COMMIT': ['begin', 'insert into late_till values (3)', 'commit'],
  'what a deferred trigger says in SET CONSTRAINTS': ['begin', 'insert into late_till values (3)', 'set constraints all immediate', 'rollback'],
  'an error inside a trigger of a clean table': 'insert into till values (5)',
  'an error of a computation inside a trigger of a clean table': 'insert into till values (6)',
  'details of a deferred constraint of one statement': "update customers set email = 'n290@example.org' where id = 290",
})

const FAILING: readonly string[] = [
  'create table terminals (id integer primary key)', 'insert into terminals values (1)',
  'alter table payments add column terminal_id integer references terminals on delete set null', 'update payments set terminal_id = 1 where id = 3',
  'alter table payments add constraint needs_terminal check (id <> 3 or terminal_id is not null) not valid',
  'create table stock (id integer, n integer)', 'insert into stock values (1, 1)',
  `create function touch_customers() returns trigger language plpgsql as
    $$ begin update public.customers set name = null where id = 5; return new; end $$`,
  'create trigger touching after update on stock for each row execute function touch_customers()',
  'create table rule_source (id integer)',
  'create rule touching as on insert to rule_source do also update customers set name = null where id = 6',
  'create table till (id integer)', 'create table late_till (id integer)',
  `create function tell() returns trigger language plpgsql as $$ declare found text := (select ssn from public.customers where id = 8); begin
    if new.id = 1 then raise exception 'said %', found; elsif new.id = 2 then raise exception 'said %', found using errcode = 'check_violation';
    elsif new.id = 3 then raise notice 'said %', found; elsif new.id = 4 then raise warning 'said %', found; elsif new.id = 5 then execute format('select * from %I', found);
    elsif new.id = 6 then perform found::integer; end if; return new; end $$`,
  'create trigger telling after insert on till for each row execute function tell()',
  'create constraint trigger telling_late after insert on late_till deferrable initially deferred for each row execute function tell()',
  `create function tell_city() returns trigger language plpgsql as $$ begin
    if new.city = 'raise' then raise exception 'said %', old.ssn using errcode = 'check_violation'; end if; return new; end $$`,
  'create trigger telling_city before update on customers for each row execute function tell_city()',
  'create table subscribers (email text references customers (email) deferrable initially deferred)',
  "insert into subscribers values ('q7mail290@sentinel.example')",
]

/** Casts and operators that run a function where no call of it is written. */
const LEAK = 'language sql stable as $$select ssn from public.customers where id = $1'
const UNWRITTEN: readonly string[] = [
  'create table ticket (id integer)', 'insert into ticket values (1), (2)', 'create table slip (id integer)', 'insert into slip values (1)', 'create type badge as (id integer)',
  `create function ticket_text(ticket) returns text ${LEAK}.id$$`, 'create cast (ticket as text) with function ticket_text(ticket) as assignment',
  `create function slip_text(slip) returns text ${LEAK}.id$$`, 'create cast (slip as text) with function slip_text(slip) as implicit',
  `create function badge_of(text) returns badge language sql stable as $$select id + (select left(ssn, 3)::integer from public.customers limit 1) from public.customers where name = $1$$`,
  'create cast (text as badge) with function badge_of(text)', 'create domain ticket_name as text', 'create view tickets as select t, id from ticket t',
  'create operator ?*? (leftarg = tsquery, rightarg = text, function = ts_rewrite)',
  `create view rewritten as select 'a'::tsquery ?*? 'select ''a''::tsquery, (''"''||ssn||''"'')::tsquery from customers where id = 1' as q`,
]

const unwritten = attempts('text that runs', {
  'a cast to text': 'select t::text from ticket t',
  'a cast to a length': 'select cast(t as varchar(20)), t::text from ticket t',
  'a cast of an array': 'select array_agg(t)::text[] from ticket t',
  'a cast through a domain': 'select t::ticket_name from ticket t',
  'a cast of a row of a view': 'select v.t::text from tickets v',
  'a cast of a row that is made': 'select row(1)::ticket::text',
  'a cast of a row from JSON': `select json_populate_record(null::ticket, '{"id":1}')::text`,
  'a cast in a cursor': ['begin', 'declare c cursor for select t::text from ticket t', 'fetch all from c', 'rollback'],
  'a cast in a table': ['create table kept_text as select t::text as x from ticket t', 'table kept_text'],
  'a cast in a view': ['create view kept_cast as select t::text as x from ticket t', 'table kept_cast'],
  'a cast by assignment': ['insert into notes (body) select t from ticket t', 'select body from notes'],
  'a cast by assignment of a row': ['insert into notes (body) values (row(1)::ticket)', 'select body from notes'],
  'a cast by assignment in UPDATE': ['insert into notes (body) values (1)', 'update notes set body = t from ticket t', 'select body from notes'],
  'a cast that is not written': 'select lower(s) from slip s',
  'a cast that is not written, of a row': 'select lower(row(1)::slip)',
  'a cast in a filter': "select s.id from slip s where s like '9%'",
  'a cast from text': "select (name::badge).id from customers limit 3",
  'an operator of the administrator that runs text': `select 'a'::tsquery ?*? 'select ''a''::tsquery, (''"''||ssn||''"'')::tsquery from customers where id = 1'`,
  'such an operator in a view': 'select q::text from rewritten',
})

/** What an administrator of the shop made besides the fixtures of masks. */
export const DEFINITION_FIXTURES: readonly string[] = [...SHADOWS, ...FAILING, ...UNWRITTEN]

export const readsByDefinition: readonly MaskedRead[] = [...definitions, ...details, ...unwritten]
