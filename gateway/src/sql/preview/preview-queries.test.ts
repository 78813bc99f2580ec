import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { loadParser, parseSql } from '../parser.ts'
import type { Fields } from '../node-types.ts'
import { readChange } from './change-statement.ts'
import { countingOf, returningRows } from './counting.ts'
import { verifiedText } from './verified-text.ts'

before(() => loadParser())

function counting(text: string) {
  const statement = readChange(text)
  assert.ok(typeof statement === 'object', JSON.stringify(statement))
  return countingOf(statement, 5)
}

const word = fc.stringMatching(/^[a-zA-Z_é"][a-zA-Z0-9_ "é$.]{0,8}$/)
const literal = fc.oneof(
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')).map((text) => `'${text.replaceAll("'", "''")}'`),
  fc.integer().map((number) => `(${number})`),
  fc.constantFrom('null', 'true', 'false', '0', "''", '0.0', "x'1F'", '-5', '9223372036854775808', "e'\\n\\'--'", '$q$ it\'s /* $q$', "u&'\\0061'", "b'101'", '1.5e10', "interval '1' day", "date '2024-01-01'", 'array[1, 2]', 'row(1, 2)', '$1', '/* x */ 4 -- y\n'))
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof({ maxDepth: 4 },
    fc.tuple(word, literal).map(([name, value]) => `${quoted(name)} = ${value}`),
    fc.tuple(word, literal).map(([name, value]) => `t.${quoted(name)} is distinct from ${value}`),
    fc.tuple(word, literal, literal).map(([name, one, other]) => `${quoted(name)} not in (${one}, ${other})`),
    fc.tuple(word, literal).map(([name, value]) => `${quoted(name)} between symmetric ${value} and 9`),
    fc.tuple(tie('any'), tie('any')).map(([one, other]) => `(${one}) and not (${other})`),
    fc.tuple(tie('any'), tie('any')).map(([one, other]) => `${one} or ${other}`),
    tie('any').map((inner) => `exists (select 1 from s where ${inner})`),
    tie('any').map((inner) => `(select count(*) filter (where ${inner}) over () from s limit 1) > 2`),
    tie('any').map((inner) => `case when ${inner} then true else x::boolean end`)),
})).any

describe('the query made of a statement', () => {
  test('counts by exactly the filter that the statement has, whatever is in it', (t) => {
    // What it cannot write it says with the value in it.
    const said = t.mock.method(console, 'warn', () => undefined)
    fc.assert(fc.property(condition, word, (filter, table) => {
      const text = `update ${quoted(table)} as t set a = 1 where ${filter}`
      const parsed = parseSql(text)[0] as { readonly UpdateStmt: { readonly whereClause: unknown } }
      const made = counting(text).text
      assert.ok(made !== undefined, text)
      const [select] = parseSql(made) as unknown as { readonly SelectStmt: { readonly whereClause: unknown } }[]
      assert.deepEqual(stripped(select?.SelectStmt.whereClause), stripped(parsed.UpdateStmt.whereClause))
    }), { numRuns: 300 })
    assert.equal(said.mock.callCount(), 0)
  })

  test('is one statement, whatever stands in comments and quotes', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('--', '/*', '*/', ';', "'", '"', '$$', '\n', 'x', ' ', 'drop table t'), { maxLength: 12 }), (parts) => {
      const text = `delete from t where a = '${parts.join('').replaceAll("'", "''")}' -- ${parts.join('').replaceAll('\n', ' ')}`
      const { text: made, sample } = counting(text)
      for (const each of [made, sample?.text]) assert.equal(parseSql(each ?? '').length, 1)
    }))
  })

  test('keeps every clause of a statement whose rows are returned, its own list aside', () => {
    for (const text of [
      "insert into s.t as x (a, b[1], c.d) overriding system value values (1, default, 'x') on conflict (a, lower(b)) where c > 1 do update set a = excluded.a where x.a <> 1 returning a + 1 as z",
      'update only t set (a, b) = (select 1, 2), c[1:2] = default from lateral (select 1) q, u left join v using (id) as j where t.a = q.b returning *',
      'with recursive w (n) as materialized (select 1 union all select n + 1 from w where n < 3) search depth first by n set o delete from t using w where t.a = w.n',
      'merge into t using (values (1)) v (a) on t.a = v.a when matched and t.b > 1 then update set b = 2 when not matched by source then delete when not matched by target then insert (a) values (v.a)',
    ]) {
      for (const both of [true, false]) {
        const statement = readChange(text)
        assert.ok(typeof statement === 'object')
        const made = returningRows(statement, both)
        assert.ok(made !== undefined, text)
        const [tree] = parseSql(made)
        const { returningClause: added, ...rest } = Object.values(tree ?? {})[0] as Record<string, unknown>
        const { returningClause: _own, ...original } = statement.fields
        assert.ok(added !== undefined)
        assert.deepEqual(stripped(rest), stripped(original))
      }
    }
  })

  test('is not made of what the grammar of today does not have', (t) => {
    t.mock.method(console, 'warn', () => undefined)
    const statement = readChange('delete from t where a = 1')
    assert.ok(typeof statement === 'object')
    assert.equal(verifiedText({ DeleteStmt: { ...statement.fields, forPortionOf: { a: 1 } } }), undefined)
    assert.equal(verifiedText({ DeleteStmt: { ...statement.fields, whereClause: { NoSuchNode: {} } } }), undefined)
    assert.equal(verifiedText({ DeleteStmt: { ...statement.fields, whereClause: { A_Const: { sval: { sval: 'a\0b' } } } } }), undefined)
  })

  test('is given only when its parse is the very tree', (t) => {
    t.mock.method(console, 'warn', () => undefined)
    const tree = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof({ maxDepth: 3 }, fc.string(), fc.integer(), fc.boolean(), fc.array(tie('any'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('String', 'sval', 'A_Const', 'ColumnRef', 'fields', 'A_Expr', 'kind', 'name', 'lexpr', 'rexpr', 'RangeVar', 'relname', 'FuncCall', 'funcname', 'args'), tie('any'), { maxKeys: 3 })),
    })).any
    fc.assert(fc.property(tree, (whereClause) => {
      const whole = { DeleteStmt: { relation: { relname: 't', inh: true, relpersistence: 'p' }, whereClause } } as Fields
      const text = verifiedText(whole)
      if (text !== undefined) assert.deepEqual(stripped(parseSql(text)[0]), stripped(whole))
    }), { numRuns: 500 })
  })
})

test('a statement that depends on a cursor, or is not one that changes rows, is told in a sentence', () => {
  for (const text of ['update t set a = 1 where current of c', 'with x as (delete from t where current of c) delete from u', 'select 1', '', 'delete from t; delete from t', 'delete from', 'update db.s.t set a = 1']) {
    const read = readChange(text)
    assert.match(typeof read === 'string' ? read : '', /^[A-Z].*\.$/)
  }
})

function stripped(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null, (key, inner: unknown) => (/location$|^(rexpr_)?list_(start|end)$/.test(key) ? undefined : inner)))
}
