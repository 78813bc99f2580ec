import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import { catalogOf, type Relation } from '../catalog.ts'
import { loadParser } from '../parser.ts'
import { protectColumns } from './protected-columns.ts'

before(loadParser)

let nextOid = 20_000

function relation(path: string, columns: readonly string[], more: Partial<Relation> = {}): Relation {
  const [schema = '', name = ''] = path.split('.')
  return { oid: nextOid++, schema, name, kind: 'r', parents: [], columns: columns.map((column, index) => ({ name: column, number: index + 1, typeOid: 25 })), ...more }
}

function mask(columns: readonly string[], method: MaskEntry['method'] = 'redact', keep?: number): MaskEntry {
  return { name: columns.join(), columns, method, ...(keep === undefined ? {} : { keep }) }
}

function protect(relations: readonly Relation[], ...masks: readonly MaskEntry[]) {
  return protectColumns(catalogOf({ relations, functions: [], userOperators: [], activeTypes: [], searchPath: [] }), masks)
}

test('without masks nothing is protected, not even what the system shows', () => {
  const stats = relation('pg_catalog.pg_stats', ['most_common_vals'])
  const columns = protect([stats])
  assert.equal(columns.isEmpty, true)
  assert.equal(columns.maskOf(stats.oid, 1), undefined)
})

test('table.column means that table in every schema but the system’s and temporary ones; schema.table.column one', () => {
  const tables = ['public.t', 'other.t', 'pg_catalog.t', 'pg_temp_3.t'].map((path) => relation(path, ['a', 'b']))
  const everywhere = protect(tables, mask(['t.b']))
  assert.deepEqual(tables.map(({ oid }) => everywhere.maskOf(oid, 2)?.method), ['redact', 'redact', undefined, undefined])
  assert.deepEqual(tables.map(({ oid }) => everywhere.maskOf(oid, 1)?.method), Array(4).fill(undefined))
  const once = protect(tables, mask(['other.t.b']))
  assert.deepEqual(tables.map(({ oid }) => once.isProtectedRelation(oid)), [false, true, false, false])
})

test('a mask holds whatever the case of letters: a table made under its exact spelling takes it off no other', () => {
  const users = relation('public.users', ['ssn', 'SSN'])
  const made = relation('public.Users', ['SSN'])
  const both = protect([users, made], mask(['Users.SSN']))
  assert.deepEqual([both.maskOf(users.oid, 1), both.maskOf(users.oid, 2), both.maskOf(made.oid, 1)].map((one) => one?.method), Array(3).fill('redact'))
})

test('names in double quotes may hold dots', () => {
  const table = relation('public.x', ['E.mail'], { name: 'a.b"c' })
  assert.equal(protect([table], mask(['"a.b""c"."E.mail"'])).maskOf(table.oid, 1)?.method, 'redact')
})

test('columns that match nothing are named', () => {
  const columns = protect([relation('public.t', ['a'])], mask(['t.a', 't.nosuch', 'nosuch.a', 'toomany.parts.of.it', 'one']))
  assert.deepEqual(columns.unresolved.map(({ column }) => column), ['t.nosuch', 'nosuch.a', 'toomany.parts.of.it', 'one'])
  assert.equal(columns.isEmpty, false)
})

test('of two masks for one column the one that shows less holds', () => {
  const table = relation('public.t', ['a'])
  for (const [methods, expected] of [[['keep-last', 'redact'], 'redact'], [['null', 'keep-last'], 'null'], [['hash', 'keep-last'], 'hash']] as const) {
    const masks = methods.map((method) => mask(['t.a'], method))
    assert.equal(protect([table], ...masks).maskOf(table.oid, 1)?.method, expected)
  }
  assert.equal(protect([table], mask(['t.a'], 'keep-last', 8), mask(['t.a'], 'keep-last', 2)).maskOf(table.oid, 1)?.keep, 2)
})

test('relatives by inheritance share protections by name, over every generation and to brothers', () => {
  const grandparent = relation('public.g', ['x', 'ssn'])
  const parent = relation('public.p', ['ssn', 'x'], { parents: [grandparent.oid] })
  const child = relation('public.c', ['z', 'x', 'ssn'], { parents: [parent.oid] })
  const brother = relation('public.b', ['ssn'], { parents: [grandparent.oid] })
  const columns = protect([child, brother, parent, grandparent], mask(['c.ssn']))
  assert.deepEqual([columns.maskOf(grandparent.oid, 2), columns.maskOf(parent.oid, 1), columns.maskOf(child.oid, 3), columns.maskOf(brother.oid, 1)]
    .map((entry) => entry?.method), Array(4).fill('redact'))
  assert.equal(columns.maskOf(child.oid, 2), undefined)
})

test('a column generated from a protected one can only be null, also in relatives', () => {
  const table = relation('public.t', ['ssn'], {
    columns: [{ name: 'ssn', number: 1, typeOid: 25 }, { name: 'tail', number: 2, typeOid: 25, generated: '"right"(ssn, 4)' },
      { name: 'other', number: 3, typeOid: 25, generated: '1 + 1' }],
  })
  const child = relation('public.c', ['tail'], { parents: [table.oid] })
  const columns = protect([table, child], mask(['t.ssn']))
  assert.deepEqual([1, 2, 3].map((number) => columns.maskOf(table.oid, number)?.method), ['redact', 'null', undefined])
  assert.equal(columns.maskOf(child.oid, 1)?.method, 'null')
})

test('a view that does not parse, or gives other columns than it has, is protected as a whole', () => {
  const table = relation('public.t', ['a', 'b'])
  for (const definition of ['select from from', 'SELECT t.a FROM public.t', 'SELECT t.a, nosuch.b FROM public.t']) {
    const view = relation('public.v', ['x', 'y'], { kind: 'v', definition, reads: [table.oid] })
    const columns = protect([table, view], mask(['t.a']))
    assert.deepEqual([1, 2].map((number) => columns.maskOf(view.oid, number)?.method), ['null', 'null'], definition)
  }
})

test('what the system shows of values is protected with any mask', () => {
  const stats = relation('pg_catalog.pg_stats', ['attname', 'most_common_vals'])
  const toast = relation('pg_toast.pg_toast_1', ['chunk_id', 'chunk_data'], { kind: 't' })
  const columns = protect([stats, toast, relation('public.t', ['a'])], mask(['t.a']))
  assert.deepEqual([1, 2].map((number) => columns.maskOf(stats.oid, number)?.method), [undefined, 'null'])
  assert.deepEqual([1, 2].map((number) => columns.maskOf(toast.oid, number)?.method), ['null', 'null'])
})
