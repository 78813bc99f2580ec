import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { PLAIN_NODES, structType } from './node-types.ts'
import { CHANGING_STATEMENTS } from './statement-kinds.ts'
import { HANDLED_NODES } from './tree-walk.ts'

const require = createRequire(import.meta.url)
const parserEntry = require.resolve('libpg-query')
const source = readFileSync(createRequire(parserEntry).resolve('@pgsql/types').replace(/[^/]+$/, 'types.d.ts'), 'utf8')

/** Node types by name, with their fields' types, as the parser's own declarations have them. */
const declared = new Map(Array.from(source.matchAll(/export interface (\w+) \{([\s\S]*?)\n\}/g), ([, name = '', body = '']) =>
  [name, Array.from(body.matchAll(/(\w+)\??: ([^;]+);/g), ([, field = '', type = '']) => ({ field, type }))]))

/** Made by later stages of the server, or by other functions of the library: never by the grammar. */
const NEVER_PARSED = new Set(`
  AlternativeSubPlan Aggref ArrayCoerceExpr ArrayExpr CallContext CaseTestExpr CoerceToDomain CoerceToDomainValue
  CoerceViaIO CollateExpr ConvertRowtypeExpr DistinctExpr FieldSelect FieldStore FilterColumn FromExpr FuncExpr Function
  InferenceElem InlineCodeBlock IntList JsonConstructorExpr JsonExpr JsonTablePath JsonTablePathScan
  JsonTableSiblingJoin MergeAction NextValueExpr NullIfExpr OidList OnConflictExpr OpExpr Param ParseResult PLAssignStmt
  Query RTEPermissionInfo RangeTblEntry RangeTblFunction RangeTblRef RawStmt RelabelType ReturningExpr RowCompareExpr
  RowMarkClause ScalarArrayOpExpr ScanResult ScanToken SetOperationStmt SortGroupClause SubPlan SubscriptingRef
  SummaryResult Table TableFunc TableSampleClause TargetEntry Var WindowClause WindowFunc WindowFuncRunCondition
  WithCheckOption`.trim().split(/\s+/))

const isKnown = (type: string) => PLAIN_NODES.has(type) || CHANGING_STATEMENTS.has(type) || HANDLED_NODES.has(type)

describe('node types', () => {
  it('are all known, or come from no parse', () => {
    assert.ok(declared.size > 250)
    const unknown = [...declared.keys()].filter((type) => !isKnown(type) && !NEVER_PARSED.has(type))
    assert.deepEqual(unknown, [])
  })

  it('are named where a field holds them without their name', () => {
    for (const [parent, fields] of declared) {
      if (NEVER_PARSED.has(parent)) continue
      for (const { field, type } of fields) {
        const isStruct = declared.has(type) && !NEVER_PARSED.has(type)
        if (isStruct) assert.equal(structType(parent, field), type, `${parent}.${field}`)
      }
    }
  })
})
