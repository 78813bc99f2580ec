/** Parts of statements as the parser would give them. */
import { isFields, textOf } from '../node-types.ts'
import type { Fields } from '../node-types.ts'

export const STAR: Fields = { A_Star: {} }

export function name(text: string): Fields {
  return { String: text === '' ? {} : { sval: text } }
}

export function column(parts: readonly string[], last: Fields): Fields {
  return { ColumnRef: { fields: [...parts.map(name), last] } }
}

export function output(value: Fields): Fields {
  return { ResTarget: { val: value } }
}

/** What the columns of a relation that a statement names are qualified with in the rest of it. */
export function qualifierOf(relation: Fields): readonly string[] {
  const alias = isFields(relation['alias']) ? textOf(relation['alias']['aliasname']) : undefined
  if (alias !== undefined) return [alias]
  const schema = textOf(relation['schemaname'])
  const own = textOf(relation['relname']) ?? ''
  return schema === undefined ? [own] : [schema, own]
}

export interface Source {
  readonly withClause?: unknown
  readonly fromClause: readonly unknown[]
  readonly whereClause?: unknown
}

/** `SELECT` with its parts as they are; parts that are undefined are left out when texts are made and compared. */
export function select(targets: readonly Fields[], source: Source, options: { readonly distinct?: true; readonly limit?: number } = {}): Fields {
  const { distinct, limit } = options
  return {
    SelectStmt: {
      ...(distinct === true && { distinctClause: [{}] }),
      ...(targets.length > 0 && { targetList: targets.map(output) }),
      fromClause: source.fromClause,
      ...(source.whereClause !== undefined && { whereClause: source.whereClause }),
      ...(source.withClause !== undefined && { withClause: source.withClause }),
      ...(limit !== undefined && { limitCount: { A_Const: { ival: { ival: limit } } } }),
      limitOption: limit === undefined ? 'LIMIT_OPTION_DEFAULT' : 'LIMIT_OPTION_COUNT',
      op: 'SETOP_NONE',
    },
  }
}

/** Qualified: somebody's own `count` must not be the one that is meant. */
export const COUNT: Fields = {
  FuncCall: { funcname: [name('pg_catalog'), name('count')], agg_star: true, funcformat: 'COERCE_EXPLICIT_CALL' },
}

/** `SELECT pg_catalog.count(*) FROM (query) AS counted`. */
export function countOf(query: unknown): Fields {
  return select([COUNT], { fromClause: [{ RangeSubselect: { subquery: query, alias: { aliasname: 'counted' } } }] })
}

export function join(kind: string, left: Fields, right: unknown, condition: unknown): Fields {
  return { JoinExpr: { jointype: kind, larg: left, rarg: right, ...(condition !== undefined && { quals: condition }) } }
}
