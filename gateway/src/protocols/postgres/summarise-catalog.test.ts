import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { catalogOf } from '../../sql/catalog.ts'
import { protectColumns } from '../../sql/lineage/protected-columns.ts'
import { loadParser } from '../../sql/statement-analyser.ts'
import { summariseCatalog } from './summarise-catalog.ts'

before(loadParser)

const relation = (oid: number, schema: string, name: string, kind: string, columns: number) =>
  ({ oid, schema, name, kind, parents: [], columns: Array.from({ length: columns }, (_, at) => ({ name: `c${String(at).padStart(3, '0')}`, number: at + 1, typeOid: 25 })) })

test('what the server has of its own, and temporary tables, are not counted; of many masked columns the first are named', () => {
  const relations = [
    relation(1, 'public', 'wide', 'r', 120), relation(2, 'public', 'parts', 'p', 1), relation(3, 'far', 'foreign', 'f', 1), relation(4, 'public', 'shown', 'm', 1),
    relation(5, 'only_numbers', 'counter', 'S', 3), relation(6, 'pg_temp_3', 'scratch', 'r', 1), relation(7, 'pg_catalog', 'pg_statistic', 'r', 1), relation(8, 'pg_toast', 'pg_toast_1', 't', 3),
  ]
  const catalog = catalogOf({ relations, functions: [], userOperators: [], activeTypes: [], searchPath: ['public'] })
  const masked = protectColumns(catalog, [{ name: 'all', columns: relations[0]?.columns.map(({ name }) => `wide.${name}`) ?? [], method: 'redact' }])
  const { masked: named, ...numbers } = summariseCatalog(catalog, masked)
  assert.deepEqual(numbers, { schemas: 3, tables: 3, views: 1, maskedColumns: 120 })
  assert.deepEqual([named.length, named[0], named.at(-1)], [50, 'public.wide.c000', 'public.wide.c049'])
})
