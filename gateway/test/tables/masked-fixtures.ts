/** Masks of the shop, as in its policy. */
export const SHOP_MASKS = [
  { name: 'card', columns: ['payments.card_number'], method: 'keep-last', keep: 4 },
  { name: 'personal', columns: ['customers.email', 'customers.ssn'], method: 'redact' },
] as const

/** What an administrator of the shop made before: other paths to the masked columns. Run once, as a superuser. */
export const MASKED_FIXTURES: readonly string[] = [
  // Views that give a masked column by itself, under another name, over each other.
  'create view customer_list as select id, name, email, city from customers',
  'create view customer_list_again as select * from customer_list',
  'create view contact(id, reach) as select id, email from customer_list_again',
  'create view renamed as select c.ssn as tax_number, c.city from customers c',
  'create view cte_view as with x as (select ssn as s, id from customers) select s, id from x',
  'create view joined_view as select o.id, o.total, c.email from orders o join customers c on c.id = o.customer_id',
  'create view card_view as select id, card_number as pan from payments',
  'create view star_view as select * from customers',
  'create view sub_view as select q.e from (select email as e from customers where city = \'Oslo\') q',
  // Views that compute from one.
  'create view customer_upper as select id, upper(email) as loud, city from customers',
  'create view customer_json as select id, to_json(c) as everything from customers c',
  'create view either as select id, coalesce(email, phone) as reach from customers',
  'create view all_contacts as select email as contact from customers union all select phone from customers',
  'create view vip as select id, name from customers where ssn like \'90%\'',
  'create view guessed as select c.id, g.n from customers c join generate_series(0, 9999) g(n) on right(c.ssn, 4) = lpad(g.n::text, 4, \'0\')',
  'create view pieces as select c.id, p.part from customers c, lateral regexp_split_to_table(c.ssn, \'-\') p(part)',
  'create view ranked as select id, rank() over (order by ssn) as place from customers',
  'create view scalar_view as select o.id, (select c.email from customers c where c.id = o.customer_id) as who from orders o',
  'create view aggregated as select city, string_agg(ssn, \',\') as numbers from customers group by city',
  'create view whole as select c as row_of, c.id from customers c',
  `create recursive view chain(id, found) as
    select id, ssn from customers where id = 1 union all select c.id, c.ssn from customers c join chain on c.id = chain.id + 1 where c.id < 5`,
  'create view upper_again as select loud from customer_upper',
  'create view values_view as select v.* from customers c, lateral (values (c.ssn)) v(one) where c.id < 9',
  'create view statistics_view as select tablename, attname, most_common_vals::text as vals from pg_stats',
  'create view activity_view as select pid, query from pg_stat_activity',
  // Clean ones over the same table.
  'create view customer_names as select id, name, city from customers',
  'create view city_counts as select city, count(*) as customers from customers group by city',
  'create view grouped_by_number as select count(*) as n from customers group by ssn',
  'create view order_list as select o.id, o.total, c.name from orders o join customers c on c.id = o.customer_id',
  'create materialized view customer_snapshot as select id, email, ssn from customers',
  'create materialized view snapshot_ends as select id, right(ssn, 4) || left(email, 6) as ends from customer_snapshot',
  'create view snapshot_view as select s.ssn as tax_id from customer_snapshot s',
  'create materialized view names_snapshot as select id, name from customers',
  // Relatives by inheritance and partitioning, generated columns.
  `create table premium_customers (tier text, ssn_end text generated always as (right(ssn, 7)) stored,
    email_loud text generated always as (upper(email)) stored) inherits (customers)`,
  `insert into premium_customers (id, name, email, ssn, city, tier)
    values (9001, 'Premium', 'q7mail9001@sentinel.example', '999-77-9001', 'Oslo', 'gold')`,
  'create table people (email text, city text)',
  'alter table people alter email set not null',
  'alter table customers inherit people',
  'create schema archive',
  `create table archive.customers (id integer, name text, email text, phone text, ssn text, city text, created_at timestamptz)
    partition by list (city)`,
  "create table archive.customers_oslo partition of archive.customers for values in ('Oslo')",
  'create table archive.others (ssn text, id integer, name text, email text, phone text, city text, created_at timestamptz)',
  'alter table archive.customers attach partition archive.others default',
  "insert into archive.customers values (7001, 'Old', 'q7mail7001@sentinel.example', '+1', '977-77-7001', 'Oslo', now()), " +
    "(7002, 'Older', 'q7mail7002@sentinel.example', '+1', '977-77-7002', 'Rome', now())",
  // Code of the users' own.
  "create function leak_ssn(integer) returns text language sql stable as 'select ssn from public.customers where id = $1'",
  "create function leak_all() returns setof customers language sql stable as 'select * from public.customers'",
  "create function contact_of(customers) returns text language sql immutable as 'select $1.email'",
  "create function order_tag(orders) returns text language sql stable as 'select ssn from public.customers where id = $1.customer_id'",
  `create function run_text(sql text) returns text language plpgsql as
    $$ declare found text; begin execute sql into found; return found; end $$`,
  `create function raise_ssn() returns integer language plpgsql as
    $$ begin raise notice '%', (select ssn from public.customers where id = 1); return 1; end $$`,
  "create function leak_pair(integer, integer) returns text language sql stable as 'select ssn from public.customers where id = $1 + $2'",
  'create operator ### (leftarg = integer, rightarg = integer, function = leak_pair)',
  "create function first_text(text, text) returns text language sql immutable as 'select coalesce($1, $2)'",
  'create aggregate first_of(text) (sfunc = first_text, stype = text)',
  'create view function_view as select id, leak_ssn(id) as x from orders',
  'create view function_from_view as select l.ssn as y from leak_all() l',
  'create view operator_view as select 1 ### id as z from orders where id < 5',
  'create type contact_type as (email text, ssn text)',
  'create domain tax_id as text',
  // Somewhere to put things.
  'create table notes (id integer generated always as identity, body text)',
  'create table pairs (id integer, email text, ssn text, city text)',
  "insert into pairs values (1, 'q7mail1@sentinel.example', '901-77-0001', 'Oslo')",
  'create statistics customer_statistics (mcv) on city, ssn from customers',
  'create unlogged table "Mixed Case" ("Id" integer, "E.mail" text)',
  'analyze',
]
