/** Whether a condition can keep a change from reaching every row. */
import type { Catalog } from './catalog.ts'
import { isFields, listOf, namesOf, nodeOf, textOf } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { rangeName } from './relations.ts'

/** What a column of the row that is changed can be told by. */
export interface ChangedRow {
  /** What the statement calls its table. */
  readonly name: string
  /** Undefined when not known. */
  readonly columns: ReadonlySet<string> | undefined
}

/** @param range the table that is changed */
export function changedRow(range: unknown, catalog: Catalog | undefined): ChangedRow | undefined {
  return isFields(range) ? { name: rangeName(range), columns: columnsNamed(textOf(range['relname']), catalog) } : undefined
}

function columnsNamed(relation: string | undefined, catalog: Catalog | undefined): ReadonlySet<string> | undefined {
  const candidates = catalog?.relationsNamed(relation ?? '') ?? []
  return candidates.length === 0 ? undefined : new Set(candidates.flatMap(({ columns }) => columns.map(({ name }) => name)))
}

/**
 * @param condition a WHERE or ON expression, as a node
 * @param row whose columns it must read; without one, those of any table do
 */
export function canFilterRows(condition: unknown, row?: ChangedRow, catalog?: Catalog): boolean {
  if (!isFields(condition)) return false
  const bool = condition['BoolExpr']
  if (isFields(bool)) {
    const can = (part: unknown): boolean => canFilterRows(part, row, catalog)
    return bool['boolop'] === 'OR_EXPR' ? listOf(bool['args']).every(can) : listOf(bool['args']).some(can)
  }
  const operation = condition['A_Expr']
  if (isFields(operation) && comparesWithItself(operation, row)) return false
  return readsRow(condition, row, [], catalog)
}

/** `id = id` and `id in (id, 1)` say nothing about a row but that it has an id. */
function comparesWithItself(operation: Fields, row: ChangedRow | undefined): boolean {
  const left = columnName(operation['lexpr'], row)
  if (left === undefined) return false
  const right = operation['rexpr']
  const list = nodeOf(right, 'List')?.['items'] ?? nodeOf(right, 'A_ArrayExpr')?.['elements']
  return (operation['kind'] !== 'AEXPR_BETWEEN' && list !== undefined ? listOf(list) : [right]).some((one) => columnName(one, row) === left)
}

/** As it stands, but `t.id` like `id` where t is the table. */
function columnName(node: unknown, row: ChangedRow | undefined): string | undefined {
  const column = nodeOf(node, 'ColumnRef')
  if (column === undefined) return undefined
  const names = namesOf(column['fields'])
  return (names.length === 2 && names[0] === row?.name ? names.slice(1) : names).join('.')
}

/**
 * A condition that reads no column of the row is the same for every row, be it a constant, a parameter, a subquery that
 * looks elsewhere, or one about another table of the statement.
 * @param inner ranges of subqueries around the value
 */
function readsRow(value: unknown, row: ChangedRow | undefined, inner: readonly Fields[], catalog: Catalog | undefined): boolean {
  if (Array.isArray(value)) return value.some((item) => readsRow(item, row, inner, catalog))
  if (!isFields(value)) return false
  for (const key in value) {
    const child = value[key]
    if (key === 'CurrentOfExpr') return true
    if (key === 'ColumnRef') {
      if (isOfRow(isFields(child) ? namesOf(child['fields']) : [], row, inner, catalog)) return true
    } else if (key === 'SubLink' && isFields(child) && row !== undefined) {
      const { subselect, ...tested } = child
      if (readsRow(tested, row, inner, catalog) || readsRow(subselect, row, [...inner, ...rangesIn(subselect)], catalog)) return true
    } else if (readsRow(child, row, inner, catalog)) return true
  }
  return false
}

function isOfRow(names: readonly string[], row: ChangedRow | undefined, inner: readonly Fields[], catalog: Catalog | undefined): boolean {
  if (row === undefined) return true
  const [name = ''] = names.slice(-1)
  if (names.length > 1) return names.at(-2) === row.name && !inner.some((range) => rangeName(range) === row.name)
  const isColumn = name === row.name || row.columns?.has(name) !== false
  // In a subquery a name is one of its own tables' first.
  return isColumn && inner.every((range) => columnsNamed(textOf(range['relname']), catalog)?.has(name) === false)
}

/** Every table that is named in a subquery, at any depth. */
function rangesIn(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.flatMap(rangesIn)
  if (!isFields(value)) return []
  return typeof value['relname'] === 'string' ? [value] : Object.values(value).flatMap(rangesIn)
}
