import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { catalogOf } from './catalog.ts'
import { integerTemplate } from './integer-template.ts'
import { protectColumns } from './lineage/protected-columns.ts'
import { loadParser, StatementAnalyser } from './statement-analyser.ts'

const columns = ['id', 'ssn', 'city'].map((name, index) => ({ name, number: index + 1, typeOid: 25 }))
const catalog = catalogOf({
  relations: [{ oid: 1, schema: 'public', name: 't', kind: 'r', parents: [], columns }],
  functions: [], userOperators: [], activeTypes: [], searchPath: ['public'],
})

describe('integer template', () => {
  before(loadParser)

  it('leaves out integers that stand alone', () => {
    assert.equal(integerTemplate('select a from t where id = 42'), 'select a from t where id = ?')
    assert.equal(integerTemplate('select a1, 2 from t_3 limit 4'), 'select a1, ? from t_3 limit ?')
    assert.equal(integerTemplate('insert into t values (1,-2)'), 'insert into t values (?,-?)')
  })

  it('keeps numbers that are part of something else', () => {
    for (const text of ['select 1.5', 'select .5', 'select 5.', 'select 1e5', 'select 0x1F', 'select 1_000', 'select a1', 'select 1234567890', 'select 1a']) {
      assert.equal(integerTemplate(text), undefined, text)
    }
    assert.equal(integerTemplate('select 1.5, 7'), 'select 1.5, ?')
  })

  it('refuses whatever could quote, comment or hide', () => {
    for (const text of [`select '1'`, 'select "a", 1', 'select $1', 'select 1 -- x', 'select 1 /* x */', 'select 1\r', 'select 1::int',
      'select \\1', 'select 1 é', 'select 1 \u00a0', 'select 1 ? 2', 'select 1 - -2 --3', 'select {fn 1}', 'select a[1]', 'select 1\f']) {
      assert.equal(integerTemplate(text), undefined, text)
    }
  })

  it('makes no analysis another than a fresh one would be', () => {
    const protectedColumns = protectColumns(catalog, [{ name: 'm', columns: ['t.ssn'], method: 'redact' }])
    const cached = new StatementAnalyser({ catalog, protectedColumns })
    const integer = fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 999_999_999 }), fc.constantFrom('007', '64', '1234567890', '1.5', '0'))
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.tuple(fc.constantFrom('', '-', ' -', '('), integer).map(([sign, value]) => `${sign}${value}${sign === '(' ? ')' : ''}`) },
      { weight: 5, arbitrary: fc.constantFrom('id', 'city', 'ssn', 't', '*', '=', ',', '(', ')', '<', '+', 'and', 'or', 'count(*)', 'lower(city)',
        'cast(1 as float(24))', 'cast(id as numeric(4,2))', 'current_time(3)', 'nextval(1)', ';', 'x.lower', 'true') })
    const some = fc.array(piece, { minLength: 1, maxLength: 6 }).map((list) => list.join(' '))
    const clause = (word: string) => fc.option(some, { nil: '' }).map((text) => (text === '' ? '' : ` ${word} ${text}`))
    const select = fc.tuple(some, clause('where'), clause('group by'), clause('order by'), clause('limit'), clause('offset'))
      .map(([list, ...clauses]) => `select ${list} from t x${clauses.join('')}`)
    const other = fc.oneof(
      fc.tuple(integer, clause('where')).map(([value, where]) => `update t set id = ${value}${where}`),
      clause('where').map((where) => `delete from t${where}`),
      fc.tuple(integer, integer).map(([a, b]) => `insert into t values (${a}, ${b})`),
      integer.map((value) => `set statement_timeout = ${value}`),
      integer.map((value) => `set default_transaction_read_only = ${value}`),
      integer.map((value) => `explain (analyze ${value}) delete from t`),
      fc.tuple(integer, integer).map(([a, b]) => `select distinct on (${a}) id, ssn from t group by (${b}, 1), rollup (${a})`),
      integer.map((value) => `select id, ssn from t group by ${value}`),
      integer.map((value) => `select id, ssn from t group by (id, ${value})`),
      integer.map((value) => `select id, ssn from t group by (1, ${value})`),
      integer.map((value) => `select id, ssn from t group by rollup (${value})`),
      integer.map((value) => `select distinct on (${value}) id, ssn from t`),
      fc.tuple(integer, integer).map(([a, b]) => `select id, ssn from t order by ${a}, ${b}`),
      fc.tuple(integer, integer).map(([a, b]) => `select cast(id as float(${a})), city from t fetch first ${b} rows only`),
      fc.tuple(integer, integer).map(([a, b]) => `fetch ${a} from c; select ${b}`),
    )
    fc.assert(fc.property(fc.oneof(select, other), (text) => {
      const fresh = new StatementAnalyser({ catalog, protectedColumns })
      const twin = integerTemplate(text)?.replaceAll('?', '3')
      if (twin !== undefined) cached.analyse(twin)
      assert.deepEqual(cached.analyse(text), fresh.analyse(text))
    }), { numRuns: 6000 })
  })
})
