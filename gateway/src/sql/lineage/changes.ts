import type { DeleteStmt, InsertStmt, MergeStmt, MergeWhenClause, Node, OnConflictClause, RangeVar, ReturningClause, UpdateStmt } from 'libpg-query'
import { protectionIn } from './expressions.ts'
import { fromItems } from './from-items.ts'
import type { LineageContext } from './lineage-context.ts'
import { OPEN_COLUMN, firstProtection } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import { refuseSystemTarget, relationItem } from './relations.ts'
import { scopeOf } from './scope.ts'
import type { Environment, FromItem } from './scope.ts'
import { targetColumns } from './select.ts'
import { withQueries } from './with-queries.ts'
import { refuseMaskedConstants, refuseMaskedRow } from './write-back.ts'

/** The columns that INSERT, UPDATE, DELETE or MERGE gives by RETURNING; `undefined` for other statements. */
export function changeColumns(change: Node, environment: Environment, context: LineageContext): readonly OutputColumn[] | undefined {
  if ('InsertStmt' in change) return insert(change.InsertStmt, environment, context)
  if ('UpdateStmt' in change) return update(change.UpdateStmt, environment, context)
  if ('DeleteStmt' in change) return remove(change.DeleteStmt, environment, context)
  if ('MergeStmt' in change) return merge(change.MergeStmt, environment, context)
  return undefined
}

function target(relation: RangeVar | undefined, context: LineageContext): FromItem {
  if (relation === undefined) return { tables: [], columns: [OPEN_COLUMN] }
  refuseSystemTarget(relation, context)
  return relationItem(relation, context)
}

function insert(statement: InsertStmt, outer: Environment, context: LineageContext): readonly OutputColumn[] {
  const environment = { outer: outer.outer, ctes: withQueries(statement.withClause, outer, context) }
  const table = target(statement.relation, context)
  context.refuse(protectionIn(values(statement.cols), scopeOf([table], environment), context), 'in a subscript')
  if (statement.selectStmt !== undefined) {
    const columns = context.query(statement.selectStmt, environment)
    context.refuse(firstProtection(columns), 'as a source of INSERT', 'Leave the masked columns out.')
    refuseMaskedRow(statement.cols, statement.selectStmt, table.columns, context)
  }
  if (statement.onConflictClause !== undefined) onConflict(statement.onConflictClause, table, environment, context)
  return returning(statement.returningClause, [table], environment, context)
}

function onConflict(clause: OnConflictClause, table: FromItem, environment: Environment, context: LineageContext): void {
  const own = scopeOf([table], environment)
  for (const node of clause.infer?.indexElems ?? []) {
    if (!('IndexElem' in node)) continue
    const column = table.columns.find((candidate) => candidate.name === node.IndexElem.name)
    context.refuse(column?.protection ?? protectionIn(node.IndexElem.expr, own, context), 'in ON CONFLICT')
  }
  context.refuse(protectionIn(clause.infer?.whereClause, own, context), 'in ON CONFLICT … WHERE')
  if (clause.infer?.conname !== undefined) {
    context.refuse(firstProtection(table.columns), 'in ON CONFLICT ON CONSTRAINT, perhaps', 'Name the columns instead: ON CONFLICT (id).')
  }
  // The proposed row holds what the statement itself brought.
  const proposed = table.columns.map((column) => (column.name === undefined ? column : { name: column.name }))
  const scope = scopeOf([{ ...table, tables: [...table.tables, { alias: 'excluded', schemas: [], columns: proposed }] }], environment)
  context.refuse(protectionIn(values(clause.targetList), scope, context), 'in ON CONFLICT … SET')
  refuseMaskedConstants(clause.targetList, table.columns, context)
  context.refuse(protectionIn(clause.whereClause, scope, context), 'in ON CONFLICT … WHERE')
}

function update(statement: UpdateStmt, outer: Environment, context: LineageContext): readonly OutputColumn[] {
  const environment = { outer: outer.outer, ctes: withQueries(statement.withClause, outer, context) }
  const table = target(statement.relation, context)
  const items = [table, ...fromItems(statement.fromClause, environment, context, [table])]
  const scope = scopeOf(items, environment)
  context.refuse(protectionIn(values(statement.targetList), scope, context), 'in SET')
  refuseMaskedConstants(statement.targetList, table.columns, context)
  context.refuse(protectionIn(statement.whereClause, scope, context), 'in WHERE')
  return returning(statement.returningClause, items, environment, context)
}

function remove(statement: DeleteStmt, outer: Environment, context: LineageContext): readonly OutputColumn[] {
  const environment = { outer: outer.outer, ctes: withQueries(statement.withClause, outer, context) }
  const table = target(statement.relation, context)
  const items = [table, ...fromItems(statement.usingClause, environment, context, [table])]
  context.refuse(protectionIn(statement.whereClause, scopeOf(items, environment), context), 'in WHERE')
  return returning(statement.returningClause, items, environment, context)
}

function merge(statement: MergeStmt, outer: Environment, context: LineageContext): readonly OutputColumn[] {
  const environment = { outer: outer.outer, ctes: withQueries(statement.withClause, outer, context) }
  const table = target(statement.relation, context)
  const source = statement.sourceRelation === undefined ? [] : fromItems([statement.sourceRelation], environment, context)
  const items = [table, ...source]
  const scope = scopeOf(items, environment)
  context.refuse(protectionIn(statement.joinCondition, scope, context), 'in MERGE … ON')
  for (const node of statement.mergeWhenClauses ?? []) {
    const clause: MergeWhenClause = 'MergeWhenClause' in node ? node.MergeWhenClause : {}
    context.refuse(protectionIn(clause.condition, scope, context), 'in MERGE … WHEN')
    context.refuse(protectionIn([values(clause.targetList), clause.values], scope, context), 'in MERGE … SET or VALUES')
    if (clause.values === undefined) refuseMaskedConstants(clause.targetList, table.columns, context)
    else refuseMaskedRow(clause.targetList, { List: { items: clause.values } }, table.columns, context)
  }
  return returning(statement.returningClause, items, environment, context)
}

/** What is assigned; the names assigned to are no reads, but the subscripts in them are. */
function values(targets: readonly Node[] | undefined): unknown {
  return (targets ?? []).map((node) => ('ResTarget' in node ? [node.ResTarget.val, node.ResTarget.indirection] : node))
}

/** RETURNING sees the changed table, what else was joined, and the row before and after under names of their own. */
function returning(
  clause: ReturningClause | undefined, items: readonly FromItem[], environment: Environment, context: LineageContext,
): readonly OutputColumn[] {
  if (clause === undefined) return []
  const changed = items[0]?.columns ?? []
  const options = (clause.options ?? []).flatMap((node) => ('ReturningOption' in node ? [node.ReturningOption.value ?? ''] : []))
  const tables = ['old', 'new', ...options].map((alias) => ({ alias, schemas: [], columns: changed }))
  return targetColumns(clause.exprs, scopeOf([...items, { tables, columns: [] }], environment), context)
}

