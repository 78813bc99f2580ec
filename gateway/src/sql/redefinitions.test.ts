import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { ANY_RELATION } from './analysis.ts'
import { catalogOf, type Relation } from './catalog.ts'
import { namesRedefined } from './redefinitions.ts'
import { loadParser, StatementAnalyser } from './statement-analyser.ts'

const table = (oid: number, name: string, parents: readonly number[] = []): Relation => ({ oid, schema: 'public', name, kind: 'r', columns: [], parents })
const catalog = catalogOf({
  relations: [table(1, 'a'), table(2, 'b'), table(3, 'child', [1]), table(4, 'grandchild', [3]),
    { ...table(5, 'made_of_rows'), columns: [{ name: 'b', number: 1, typeOid: 16_400 }] }],
  functions: [], userOperators: [], activeTypes: [], searchPath: ['public'],
})

describe('what a statement redefines', () => {
  before(loadParser)
  const cases: Readonly<Record<string, readonly string[]>> = {
    'select * from a': [],
    'update b set x = 1': [],
    'create table t (id integer)': ['t'],
    'create temp table t (id integer)': ['pg_temp.t'],
    'create table t as select 1': ['t'],
    'select 1 as x into temp t': ['pg_temp.t'],
    'explain analyze create table t as select 1': ['t'],
    'create view v as select 1': ['v'],
    'create schema s create table t (id integer)': ['t'],
    'create sequence t': ['t'],
    'create index on b (x)': [],
    'comment on table b is $$x$$': [],
    'alter table b rename column x to y': ['b'],
    'alter table b rename to c': ['b', 'c'],
    'alter table b rename constraint x to y': [],
    'alter table b set schema s': ['b'],
    'alter table b add column x integer': ['b'],
    'alter table b add constraint c check (x > 0)': [],
    'alter table a drop column x': ['a', 'child', 'grandchild'],
    'alter table b drop column x cascade': [ANY_RELATION],
    'alter view b rename column x to y': ['b'],
    'alter type b rename attribute x to y cascade': [ANY_RELATION],
    'alter schema s rename to r': [ANY_RELATION],
    'alter function f(integer) rename to g': [],
    'alter extension e set schema s': [ANY_RELATION],
    'drop table b': ['b'],
    'drop table b cascade': ['b', 'made_of_rows'],
    'drop type t cascade': [ANY_RELATION],
    'create extension e': [ANY_RELATION],
    'create rule "_RETURN" as on select to b do instead select 1 as x': [ANY_RELATION],
    "commit prepared 'x'": [ANY_RELATION],
    'begin; alter table b add column x integer; create table t (id integer); commit': ['b', 't'],
  }
  for (const [sql, names] of Object.entries(cases)) {
    it(sql, () => {
      const { redefines } = new StatementAnalyser({ catalog }).analyse(sql)
      assert.deepEqual(redefines.toSorted(), [...names].toSorted())
    })
  }

  it('is met by a relation of the name in whatever schema', () => {
    const meets = (...names: string[]) => namesRedefined(['public.b', 'x'], new Set(names))
    assert.deepEqual([meets('b'), meets('pg_temp.b'), meets('x'), meets(ANY_RELATION), meets('public'), meets()], [true, true, true, true, false, false])
  })
})
