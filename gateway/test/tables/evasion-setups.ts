/** What somebody with the right to make things left in the database. Each runs again without harm. */
export const wipes = [
  `create or replace function wipe_payments() returns integer language plpgsql volatile as
    'begin delete from payments; return 1; end'`,
]
/** Declared as harmless as can be, and it writes all the same through another. */
export const claimsImmutable = [
  ...wipes,
  `create or replace function looks_immutable(integer) returns integer language plpgsql immutable as
    'begin perform wipe_payments(); return $1; end'`,
]
export const writesByText = [
  `create or replace function run_text(text) returns integer language plpgsql as 'begin execute $1; return 1; end'`,
]
export const rowFunction = [
  `create or replace function erased(customers) returns integer language plpgsql as 'begin delete from payments; return 1; end'`,
]
/** Hides a function of the server for one argument type. */
export const overload = [
  ...wipes,
  `create or replace function public.ascii(integer) returns integer language sql as 'select wipe_payments()'`,
  `create schema if not exists tricks`,
  `create or replace function tricks.pi() returns integer language sql as 'select public.wipe_payments()'`,
]
export const view = [...wipes, 'create or replace view innocent as select wipe_payments() as n, 1 as id']
export const nestedView = [...view, 'create or replace view more_innocent as select id, n from innocent']
export const sequenceView = [
  'create sequence if not exists tickets',
  `create or replace view next_ticket as select nextval('tickets') as n`,
]
export const operator = [
  ...claimsImmutable,
  `create or replace function compare_wiping(integer, integer) returns boolean language plpgsql as
    'begin perform public.wipe_payments(); return true; end'`,
  'drop operator if exists public.=== (integer, integer)',
  'create operator public.=== (leftarg = integer, rightarg = integer, function = compare_wiping)',
]
export const domain = [
  ...claimsImmutable,
  'drop domain if exists checked_number',
  'create domain checked_number as integer check (looks_immutable(value) = value)',
]
export const procedure = [
  `create or replace procedure clean_up() language plpgsql as 'begin delete from payments; end'`,
]
export const aggregate = [
  ...claimsImmutable,
  `create or replace function add_wiping(integer, integer) returns integer language plpgsql as
    'begin perform wipe_payments(); return 1; end'`,
  'create or replace aggregate wiping_sum(integer) (sfunc = add_wiping, stype = integer, initcond = 0)',
]
export const materialised = ['create materialized view if not exists order_count as select count(*) as n from orders']
export const ruled = [
  'create table if not exists inbox (id integer)',
  'create or replace rule forward as on insert to inbox do instead delete from payments',
]
export const triggered = [
  'create table if not exists events (id integer)',
  `create or replace function on_event() returns trigger language plpgsql as 'begin delete from payments; return new; end'`,
  'create or replace trigger fires before insert on events for each row execute function on_event()',
]
