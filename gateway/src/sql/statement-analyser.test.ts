import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Analysis } from './analysis.ts'
import { catalogOf } from './catalog.ts'
import type { Relation } from './catalog.ts'
import { protectColumns } from './lineage/protected-columns.ts'
import { analyseSetting, combineAnalyses, loadParser, StatementAnalyser, UNKNOWN } from './statement-analyser.ts'

const table = (oid: number, schema: string, name: string, columns: readonly string[]): Relation => ({
  oid, schema, name, kind: 'r', parents: [],
  columns: columns.map((column, index) => ({ name: column, number: index + 1, typeOid: 25 })),
})

const catalog = catalogOf({
  relations: [
    table(1, 'public', 'customers', ['id', 'ssn', 'city', 'status']),
    table(2, 'public', 'orders', ['id', 'customer_id', 'total']),
    table(3, 'hr', 'orders', ['id']),
    table(4, 'pg_catalog', 'pg_class', ['oid', 'relname']),
    { ...table(5, 'public', 'tame', ['id']), kind: 'v', definition: 'SELECT id FROM public.orders' },
    { ...table(6, 'public', 'wild', ['id']), kind: 'v', definition: `SELECT pg_catalog.nextval('s') AS id` },
    { ...table(7, 'public', 'loops', ['id']), kind: 'v', definition: 'SELECT id FROM public.loops' },
  ],
  functions: [
    { schema: 'public', name: 'status', volatility: 'v', trusted: false },
    { schema: 'pg_catalog', name: 'lower', volatility: 'i', trusted: true },
    { schema: 'public', name: 'max', volatility: 'i', trusted: true },
    { schema: 'public', name: 'akeys', volatility: 'i', trusted: true },
    { schema: 'public', name: 'uuid_generate_v4', volatility: 'v', trusted: true },
    { schema: 'public', name: 'evict', volatility: 'v', trusted: true },
    { schema: 'pg_catalog', name: 'upper', volatility: 'i', trusted: false },
  ],
  userOperators: ['==='],
  activeTypes: ['checked'],
  searchPath: ['public'],
})

const masks = [{ name: 'personal', columns: ['customers.ssn'], method: 'redact' as const }]

describe('statement analyser', () => {
  let analyser: StatementAnalyser
  let masked: StatementAnalyser
  const facts = (text: string) => analyser.analyse(text).facts

  before(async () => {
    await loadParser()
    analyser = new StatementAnalyser({ catalog })
    masked = new StatementAnalyser({ catalog, protectedColumns: protectColumns(catalog, masks) })
  })

  it('takes functions of extensions that only compute for reads, and nobody else’s', () => {
    const readOnly = (text: string) => facts(text).readOnly
    for (const text of ['select max(id) from customers', 'select akeys(ssn) from customers', 'select public.akeys(ssn) from customers', 'select c.akeys from customers c', 'select uuid_generate_v4()']) assert.equal(readOnly(text), true, text)
    for (const text of ['select evict(1)', 'select upper(ssn) from customers', 'select pg_catalog.upper(ssn) from customers', 'select pg_catalog.akeys(ssn) from customers', 'select other.max(1)']) {
      assert.equal(readOnly(text), false, text)
    }
  })

  it('lists the actions of every statement and of what is inside them', () => {
    const actions = (text: string) => facts(text).actions
    assert.deepEqual(actions('select 1; drop table orders; notify x'), ['drop', 'notify', 'select'])
    assert.deepEqual(actions('with a as (delete from hr.orders returning id) select * from a'), ['delete', 'select'])
    assert.deepEqual(actions('insert into hr.orders values (1)'), ['insert'])
    assert.deepEqual(actions('insert into hr.orders select 1 on conflict (id) do update set id = 2'), ['insert', 'select', 'update'])
    assert.deepEqual(actions('select 1 as a into b'), ['create', 'select'])
    assert.deepEqual(actions('select id from hr.orders for update'), ['lock', 'select'])
    assert.deepEqual(actions('explain delete from hr.orders'), ['explain'])
    assert.deepEqual(actions('explain (analyze on) delete from hr.orders'), ['delete', 'explain'])
    assert.deepEqual(actions('copy hr.orders from stdin'), ['copy', 'copy-in', 'insert'])
    assert.deepEqual(actions(`copy (select 1) to program 'x'`), ['copy', 'copy-program', 'select'])
    assert.deepEqual(actions('merge into hr.orders o using customers c on o.id = c.id when matched then delete when not matched then insert values (1)'),
      ['delete', 'insert', 'merge'])
    assert.deepEqual(actions('create view v as select 1'), ['create', 'select'])
    assert.deepEqual(actions('grant select on orders to x; revoke all on orders from x'), ['grant', 'revoke'])
    assert.deepEqual(actions(`do 'x'`), ['do', 'unknown'])
    assert.deepEqual(actions('begin; set jit = off; show all; reset jit; rollback'), ['reset', 'set', 'show', 'transaction'])
    assert.deepEqual(actions(''), [])
  })

  it('names objects by schema, all that an unqualified name may mean', () => {
    const objects = (text: string) => facts(text).objects
    assert.deepEqual(objects('select * from orders'), ['hr.orders', 'public.orders'])
    assert.deepEqual(objects('select * from hr.orders, pg_class'), ['hr.orders', 'pg_catalog.pg_class'])
    assert.deepEqual(objects('drop table customers, nowhere; drop function a.f(int), g; drop schema s'),
      ['a.f', 'g', 'nowhere', 'public.customers', 's'])
    assert.deepEqual(objects('alter table customers rename to c; comment on column hr.orders.id is null'), ['hr.orders', 'public.customers'])
    assert.deepEqual(objects('drop trigger t on customers'), ['public.customers'])
    assert.deepEqual(objects('create temp table x (id int)'), ['pg_temp.x'])
    assert.deepEqual(objects('truncate customers; copy hr.orders to stdout'), ['hr.orders', 'public.customers'])
  })

  it('does not take a WITH query for a table, nor a table for a WITH query', () => {
    const objects = (text: string) => facts(text).objects
    assert.deepEqual(objects('with customers as (select 1) select * from customers'), [])
    assert.deepEqual(objects('with a as (select * from customers), customers as (select 1) select * from customers'), ['public.customers'])
    assert.deepEqual(objects('with recursive a as (select * from b), b as (select 1) select * from a'), [])
    assert.deepEqual(objects('with customers as (select 1) select * from public.customers'), ['public.customers'])
    assert.deepEqual(objects('select (with customers as (select 1) select 1 from customers), 2 from customers'), ['public.customers'])
    assert.deepEqual(objects('with customers as (select 1 as id) delete from customers where id = 1'), ['public.customers'])
  })

  it('says unfiltered of a change that no column of the row can stop', () => {
    for (const condition of ['', 'where true', 'where 1 = 1', `where 'a' = 'a'`, 'where not false', 'where null is null',
      'where id = 1 or true', 'where id = id', 'where (select true)', 'where $1', 'where true and 1 < 2']) {
      assert.equal(facts(`delete from customers ${condition}`).filtered, false, condition)
      assert.equal(facts(`with u as (update customers set city = 'x' ${condition} returning id) select * from u`).filtered, false, condition)
    }
    for (const condition of ['where id = 1', 'where true and id > 0', 'where id in (select 1)', 'where current of c',
      'where exists (select 1 from hr.orders o where o.id = customers.id)', 'where not (id = 3)']) {
      assert.equal(facts(`delete from customers ${condition}`).filtered, true, condition)
    }
    for (const text of [
      'delete from orders using customers c where c.id = 5', `update orders o set total = 0 from customers c where c.city = 'x'`,
      `delete from orders where exists (select from customers where city = 'x')`, `update orders set total = 0 where (select max(city) from customers) = 'x'`,
      'delete from orders where orders.id = id', 'delete from orders o where o.id = id', 'delete from orders where id in (1, id)', 'delete from orders where id = any (array[id])',
      'delete from orders where exists (select from orders where orders.id = 1)', 'delete from orders using customers where city is not null',
      'merge into orders o using customers c on c.id = 1 when matched then delete', 'update orders o set total = 0 where exists (select from customers c where c.id = 1 and id = 2)',
    ]) assert.equal(facts(text).filtered, false, text)
    for (const text of [
      'delete from orders using customers c where c.id = customer_id', 'update orders o set total = 0 from customers c where c.id = o.customer_id and c.id = 1',
      `delete from orders where exists (select from customers where city = 'x' and customer_id = 1)`, 'delete from orders where id in (select id from customers)',
      'delete from orders where id between 1 and id', 'delete from public.orders where public.orders.id = 1', 'delete from unheard_of where a = 1',
      'delete from orders where (select c.id from customers c where c.id = orders.customer_id) = 1',
    ]) assert.equal(facts(text).filtered, true, text)
    assert.equal(facts('merge into hr.orders o using customers c on true when matched then delete').filtered, false)
    assert.equal(facts('merge into hr.orders o using customers c on o.id = c.id when matched then delete').filtered, true)
    assert.equal(facts('merge into hr.orders o using customers c on o.id = c.id when not matched by source then delete').filtered, false)
    const upsert = (source: string, where = '') => facts(`insert into customers (id, city) ${source} on conflict (id) do update set city = 'x' ${where}`).filtered
    assert.equal(upsert('select id, city from customers'), false)
    assert.equal(upsert("values (1, 'x') union select id, city from customers"), false)
    assert.equal(upsert('select id, city from customers where true'), false)
    assert.equal(upsert('select id, city from customers where id = 1'), true)
    assert.equal(upsert('select id, city from customers limit 5'), true)
    assert.equal(upsert('select id, city from customers', "where customers.city = 'y'"), true)
    assert.equal(upsert("values (1, 'x'), (2, 'y')"), true)
    assert.equal(upsert("select 1, 'x'"), true)
    assert.equal(facts('insert into customers (id) select id from customers on conflict do nothing').filtered, true)
    assert.equal(facts('explain delete from customers').filtered, true)
  })

  it('takes functions, operators and types of somebody’s own for unknown', () => {
    for (const text of ['select status(1)', 'select 1 === 2', 'select 1::checked', 'select * from wild', 'select * from loops',
      'select * from not_there', 'select (1).status', 'select x.status from (select 1) x', `select query_to_xml('', true, true, '')`]) {
      assert.ok(facts(text).unknown && !facts(text).readOnly && facts(text).actions.includes('unknown'), text)
    }
    for (const text of ['select lower(city) from customers', 'select c.status from customers c', 'select customers.status from customers',
      'select public.customers.status from customers', 'select * from tame', 'select 1 operator(pg_catalog.+) 2']) {
      assert.ok(facts(text).readOnly && !facts(text).unknown, text)
    }
  })

  it('reports what names come to stand for, in order', () => {
    const { effects } = analyser.analyse('prepare p as delete from customers; execute p; deallocate p; deallocate all; close all')
    assert.deepEqual(effects.map(({ kind }) => kind), ['prepare', 'execute', 'deallocate', 'deallocate', 'close'])
    assert.ok(effects[0]?.kind === 'prepare' && effects[0].analysis.facts.actions.includes('delete'))
    assert.deepEqual(effects[2], { kind: 'deallocate', name: 'p' })
    assert.deepEqual(effects[3], { kind: 'deallocate' })
    assert.deepEqual(analyser.analyse('declare c cursor for select 1; fetch c').effects.map(({ kind }) => kind), ['declare', 'fetch'])
    assert.deepEqual(analyser.analyse('explain analyze execute q').effects, [{ kind: 'execute', name: 'q' }])
    assert.deepEqual(analyser.analyse('discard all').effects, [{ kind: 'deallocate' }, { kind: 'close' }])
  })

  it('says what may change how later text is read', () => {
    for (const text of ['set standard_conforming_strings = off', 'set names latin1', 'commit', 'rollback to a', 'reset all', 'discard all',
      `select set_config('client_encoding', 'x', true)`, 'select set_config(city, city, true) from customers', 'nonsense']) {
      assert.equal(analyser.analyse(text).mayChangeReading, true, text)
    }
    for (const text of ['select 1', 'begin', 'savepoint a', 'set jit = off', 'insert into hr.orders values (1)']) {
      assert.equal(analyser.analyse(text).mayChangeReading, false, text)
    }
  })

  it('calls what it cannot read unknown', () => {
    for (const text of ['selec 1', 'select \0 1', 'select \ud800', `select '${'x'.repeat(1 << 20)}'`, `select '${'é'.repeat(600_000)}'`]) {
      const { facts: { unknownBecause: _, ...facts }, ...rest } = analyser.analyse(text)
      assert.deepEqual({ facts, ...rest }, UNKNOWN)
    }
    assert.equal(analyser.analyse('selec 1').facts.unknownBecause, 'syntax error at or near "selec"')
    assert.match(analyser.analyse('select * from custmers').facts.unknownBecause ?? '', /no relation "custmers"/)
    assert.equal(new StatementAnalyser({ catalog }, { maxAnalysedBytes: 8 }).analyse('select  1'), UNKNOWN)
  })

  it('knows only the server’s own names when there is no catalog', () => {
    const blind = new StatementAnalyser({})
    assert.equal(blind.analyse('select lower(relname) from pg_class c where c.oid = 1').facts.readOnly, true)
    for (const text of ['select * from customers', 'select f()', 'select 1 === 2', `select 'x'::mine`, 'select c.wipe from pg_class c']) {
      assert.equal(blind.analyse(text).facts.unknown, true, text)
    }
  })

  it('marks what may return or quote masked values, only while something is masked', () => {
    const marks = ({ mayReturnMasked, mayQuoteMasked }: Analysis) => [mayReturnMasked, mayQuoteMasked]
    assert.deepEqual(marks(analyser.analyse('select ssn from customers')), [false, false])
    assert.deepEqual(marks(masked.analyse('select ssn from customers')), [true, true])
    assert.deepEqual(marks(masked.analyse('select 1')), [false, false])
    assert.deepEqual(marks(masked.analyse('execute p')), [true, true])
    assert.deepEqual(marks(masked.analyse('select status(1)')), [true, true])
    assert.equal(masked.analyse(`update customers set city = 'x' where id = 1`).mayQuoteMasked, true)
    assert.equal(masked.analyse('select 1 from customers where ssn like \'1%\'').facts.maskViolation?.mask, 'personal')
    assert.equal(masked.analyse('select 1; select max(ssn) from customers').facts.maskViolation?.mask, 'personal')
    assert.equal(masked.analyse('listen x').facts.readOnly, false)
    assert.equal(analyser.analyse('listen x').facts.readOnly, true)
  })

  it('gives the same object for a text seen before, and for one that differs in integers only', () => {
    const first = analyser.analyse('select city from customers where id = 1')
    assert.equal(analyser.analyse('select city from customers where id = 1'), first)
    assert.equal(analyser.analyse('select city from customers where id = 999999999'), first)
    assert.notEqual(analyser.analyse('select city from customers order by 1'), analyser.analyse('select city from customers order by 2'))
  })

  it('combines analyses to the strictest', () => {
    const combined = combineAnalyses([analyser.analyse('execute p'), analyser.analyse('delete from customers')])
    assert.deepEqual(combined.facts.actions, ['delete', 'execute'])
    assert.deepEqual([combined.facts.readOnly, combined.facts.filtered], [false, false])
    assert.equal(combineAnalyses([]), UNKNOWN)
    assert.equal(combineAnalyses([analyser.analyse('select 1'), UNKNOWN]).mayCopyIn, true)
  })

  it('judges a setting of the startup packet like SET', () => {
    assert.equal(analyseSetting('DateStyle', 'ISO').facts.readOnly, true)
    assert.equal(analyseSetting('default_transaction_read_only', 'off').facts.readOnly, false)
    assert.equal(analyseSetting('role', 'postgres').facts.readOnly, false)
    assert.equal(analyseSetting('client_encoding', 'UTF8').mayChangeReading, true)
  })

  it('never throws, whatever the text', () => {
    const tokens = fc.constantFrom('select', 'delete', 'from', 'with', 'customers', '(', ')', ';', ',', '*', `'`, '"', '$$', '--', '/*', '*/',
      '\n', ' ', '::', 'a.b', '1', 'as', 'explain', 'analyze', 'set', '=', 'U&', 'E', '\\', 'order by', 'copy', 'to', 'stdin', 'prepare p')
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.array(tokens).map((list) => list.join(' '))), (text) => {
      assert.equal(typeof masked.analyse(text).facts.readOnly, 'boolean')
    }), { numRuns: 3000 })
  })

  it('says the same whatever blanks and comments stand between the tokens', () => {
    const statements = [
      ['with', 'a', 'as', '(', 'delete', 'from', 'hr.orders', 'where', 'id', '=', '1', 'returning', 'id', ')', 'select', '*', 'from', 'a'],
      ['select', 'lower', '(', 'city', ')', ',', '2', 'from', 'customers', 'c', 'where', 'c.id', '>', '3', 'order', 'by', '1'],
      ['explain', '(', 'analyze', 'off', ')', 'update', 'customers', 'set', 'city', '=', `'x'`, ';', 'commit'],
      ['set', 'transaction', 'read', 'write', ';', 'select', 'nextval', '(', `'s'`, ')'],
    ]
    const blank = fc.constantFrom(' ', '\n', '\t', '\r\n', '\f', ' /* drop table x; */ ', ' -- delete\n', '/* a /* b */ c */', ' --\r')
    fc.assert(fc.property(fc.constantFrom(...statements).chain((tokens) =>
      fc.tuple(fc.constant(tokens), fc.array(blank, { minLength: tokens.length, maxLength: tokens.length }))), ([tokens, blanks]) => {
      const text = tokens.map((token, index) => `${token}${blanks[index] ?? ''}`).join('')
      assert.deepEqual(masked.analyse(text), masked.analyse(tokens.join(' ')))
    }), { numRuns: 500 })
  })
})
