/** Queries and changes of rows, with what their FROM, WITH and WHERE clauses bring. */
import { useOperator } from './expression-handlers.ts'
import { isFields, listOf, namesOf, nodeOf, textOf } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { redefinedBy } from './redefinitions.ts'
import { rangeName } from './relations.ts'
import { canFilterRows, changedRow } from './row-filter.ts'
import type { CteScope, Handler, Walk } from './walk.ts'

export const QUERY_HANDLERS: readonly (readonly [string, Handler])[] = [
  ['SelectStmt', select],
  ['InsertStmt', insert],
  ['UpdateStmt', update],
  ['DeleteStmt', remove],
  ['MergeStmt', merge],
  ['WithClause', () => {}],
  ['CommonTableExpr', plain],
  ['LockingClause', (walk) => walk.findings.change('lock')],
  ['IntoClause', into],
  ['RangeVar', rangeVar],
  ['RangeSubselect', opaqueRange],
  ['RangeFunction', opaqueRange],
  ['RangeTableFunc', opaqueRange],
  ['JsonTable', opaqueRange],
  ['RangeTableSample', sample],
  ['JoinExpr', join],
  ['SortBy', sortBy],
  ['GroupingSet', groupingSet],
]

function plain(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.visitFields(type, fields, scope)
}

function select(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.actions.add('select')
  query(walk, fields, scope)
}

function query(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  if (listOf(fields['groupClause']).some(holdsConstant) || listOf(fields['distinctClause']).some(isConstant)) {
    walk.findings.integersMatter = true
  }
  walk.visitFields('SelectStmt', fields, withScope(walk, fields, scope))
}

function insert(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.change('insert')
  const conflict = fields['onConflictClause']
  if (isFields(conflict) && conflict['action'] === 'ONCONFLICT_UPDATE') {
    walk.findings.change('update')
    // With a query that is not filtered it may update every row there is.
    if (!canFilterRows(conflict['whereClause']) && !bringsFewRows(fields['selectStmt'])) walk.findings.filtered = false
  }
  const inner = withScope(walk, fields, scope)
  const { selectStmt, ...rest } = fields
  const values = nodeOf(selectStmt, 'SelectStmt')
  // The rows of VALUES are the INSERT's own: nothing is selected.
  if (values?.['valuesLists'] !== undefined) query(walk, values, inner)
  else walk.visit(selectStmt, inner)
  walk.visitFields('InsertStmt', rest, inner)
}

/** Rows that stand in the statement, or those of a query that says which. */
function bringsFewRows(source: unknown): boolean {
  const query = nodeOf(source, 'SelectStmt')
  return query === undefined || selectsFewRows(query)
}

function selectsFewRows(query: Fields): boolean {
  const { larg, rarg } = query
  if (isFields(larg) && isFields(rarg)) return selectsFewRows(larg) && selectsFewRows(rarg)
  return query['fromClause'] === undefined || query['limitCount'] !== undefined || canFilterRows(query['whereClause'])
}

function update(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.change('update')
  if (!canFilterRows(fields['whereClause'], changedRow(fields['relation'], walk.catalog), walk.catalog)) walk.findings.filtered = false
  walk.visitFields('UpdateStmt', fields, withScope(walk, fields, scope))
}

function remove(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.change('delete')
  if (!canFilterRows(fields['whereClause'], changedRow(fields['relation'], walk.catalog), walk.catalog)) walk.findings.filtered = false
  walk.visitFields('DeleteStmt', fields, withScope(walk, fields, scope))
}

const MERGE_ACTIONS: Readonly<Record<string, string>> = { CMD_INSERT: 'insert', CMD_UPDATE: 'update', CMD_DELETE: 'delete' }

function merge(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.change('merge')
  const row = changedRow(fields['relation'], walk.catalog)
  const filteredOn = canFilterRows(fields['joinCondition'], row, walk.catalog)
  for (const item of listOf(fields['mergeWhenClauses'])) {
    const clause = nodeOf(item, 'MergeWhenClause') ?? {}
    const action = MERGE_ACTIONS[String(clause['commandType'])]
    if (action === undefined) continue
    walk.findings.change(action)
    // Rows that the source does not have are all the others: only the clause's own condition limits them.
    const limited = clause['matchKind'] === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE'
      ? canFilterRows(clause['condition'], row, walk.catalog)
      : filteredOn || canFilterRows(clause['condition'], row, walk.catalog)
    if (action !== 'insert' && !limited) walk.findings.filtered = false
  }
  walk.visitFields('MergeStmt', fields, withScope(walk, fields, scope))
}

/** SELECT INTO and CREATE TABLE AS. */
function into(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.change('create')
  for (const name of redefinedBy(type, fields)) walk.findings.redefined.add(name)
  walk.visitFields(type, fields, scope)
}

/** Visits the WITH queries, each with those that it can see, and gives the scope of what follows. */
function withScope(walk: Walk, fields: Fields, outer: CteScope | undefined): CteScope | undefined {
  const clause = fields['withClause']
  if (!isFields(clause)) return outer
  const names = new Set<string>()
  const scope: CteScope = { names, outer }
  const items = listOf(clause['ctes'])
  const nameOf = (item: unknown) => textOf(nodeOf(item, 'CommonTableExpr')?.['ctename']) ?? ''
  if (clause['recursive'] === true) for (const item of items) names.add(nameOf(item))
  for (const item of items) {
    walk.visit(item, scope)
    names.add(nameOf(item))
  }
  return scope
}

function rangeVar(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  const name = textOf(fields['relname']) ?? ''
  if (fields['schemaname'] === undefined && isCte(name, scope)) {
    walk.findings.ranges.push({ name: rangeName(fields), relations: undefined })
  } else walk.read(fields)
}

function isCte(name: string, scope: CteScope | undefined): boolean {
  for (let level = scope; level !== undefined; level = level.outer) if (level.names.has(name)) return true
  return false
}

/** What has an alias but no columns of its own in the catalog. */
function opaqueRange(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.ranges.push({ name: rangeName(fields), relations: undefined })
  walk.visitFields(type, fields, scope)
}

function join(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  if (fields['isNatural'] === true || fields['usingClause'] !== undefined) useOperator(walk, ['='])
  if (fields['alias'] !== undefined) walk.findings.ranges.push({ name: rangeName(fields), relations: undefined })
  const using = fields['join_using_alias']
  if (isFields(using)) walk.findings.ranges.push({ name: textOf(using['aliasname']) ?? '', relations: undefined })
  walk.visitFields(type, fields, scope)
}

function sample(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  const method = namesOf(fields['method'])
  const known = method.length === 1 && (method[0] === 'bernoulli' || method[0] === 'system')
  const replaced = walk.catalog?.functionsNamed(method[0] ?? '').some(({ schema }) => schema !== 'pg_catalog')
  if (!known || replaced === true) walk.findings.unknown = true
  walk.visitFields(type, fields, scope)
}

/** `ORDER BY 2` is a column; `ORDER BY 3` another. */
function sortBy(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  if (isConstant(fields['node'])) walk.findings.integersMatter = true
  if (fields['useOp'] !== undefined) useOperator(walk, namesOf(fields['useOp']))
  walk.visitFields(type, fields, scope)
}

function groupingSet(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  if (listOf(fields['content']).some(holdsConstant)) walk.findings.integersMatter = true
  walk.visitFields(type, fields, scope)
}

function isConstant(node: unknown): boolean {
  return nodeOf(node, 'A_Const') !== undefined
}

/** GROUP BY (1, 2) is GROUP BY 1, 2. */
function holdsConstant(node: unknown): boolean {
  return isConstant(node) || listOf(nodeOf(node, 'RowExpr')?.['args']).some(isConstant)
}
