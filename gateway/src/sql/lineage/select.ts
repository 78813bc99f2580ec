import type { Node, ResTarget, SelectStmt } from 'libpg-query'
import { protectionIn, referencedColumns } from './expressions.ts'
import { fromItems } from './from-items.ts'
import type { LineageContext } from './lineage-context.ts'
import { outputName } from './output-name.ts'
import { firstProtection } from './protection.ts'
import type { OutputColumn, Protection } from './protection.ts'
import { scopeOf } from './scope.ts'
import type { Environment, Scope } from './scope.ts'
import { withQueries } from './with-queries.ts'

/** The columns that a SELECT, VALUES or set operation gives. */
export function selectColumns(select: SelectStmt, environment: Environment, context: LineageContext): readonly OutputColumn[] {
  const inner: Environment = { outer: environment.outer, ctes: withQueries(select.withClause, environment, context) }
  const columns = bodyColumns(select, inner, context)
  if (select.intoClause !== undefined) context.refuse(firstProtection(columns), 'in SELECT INTO')
  return columns
}

function bodyColumns(select: SelectStmt, environment: Environment, context: LineageContext): readonly OutputColumn[] {
  if (select.larg !== undefined && select.rarg !== undefined) {
    const columns = setOperationColumns(select.larg, select.rarg, environment, context)
    checkOrder(select, columns, scopeOf([{ tables: [], columns }], environment), context)
    return columns
  }
  if (select.valuesLists !== undefined) {
    const scope = scopeOf([], environment)
    context.refuse(protectionIn(select.valuesLists, scope, context), 'in VALUES')
    const columns = valuesColumns(select.valuesLists)
    checkOrder(select, columns, scopeOf([{ tables: [], columns }], environment), context)
    return columns
  }
  const scope = scopeOf(fromItems(select.fromClause, environment, context), environment)
  meetLocked(select.lockingClause, context)
  const columns = targetColumns(select.targetList, scope, context)
  context.refuse(protectionIn(select.whereClause, scope, context), 'in WHERE')
  context.refuseOracle(groupingProtection(select.groupClause, columns, scope, context), 'in GROUP BY')
  context.refuse(protectionIn(select.havingClause, scope, context), 'in HAVING')
  context.refuse(protectionIn(select.windowClause, scope, context), 'in a window')
  context.refuseOracle(distinctProtection(select.distinctClause, columns, scope, context), 'in DISTINCT')
  checkOrder(select, columns, scope, context)
  return columns
}

/** FOR UPDATE OF names what FROM has brought. */
function meetLocked(clauses: readonly Node[] | undefined, context: LineageContext): void {
  for (const node of clauses ?? []) {
    if (!('LockingClause' in node)) continue
    for (const locked of node.LockingClause.lockedRels ?? []) if ('RangeVar' in locked) context.met.add(locked.RangeVar)
  }
}

/** MaxTupleAttributeNumber: PostgreSQL itself takes no more. */
const MAX_TARGETS = 1664

/** The columns of a select list or of RETURNING. */
export function targetColumns(targets: readonly Node[] | undefined, scope: Scope, context: LineageContext): readonly OutputColumn[] {
  const columns: OutputColumn[] = []
  for (const node of targets ?? []) {
    if (!('ResTarget' in node)) continue
    const more = targetColumn(node.ResTarget, scope, context)
    context.bound(columns.length + more.length, MAX_TARGETS, 'in a select list')
    columns.push(...more)
  }
  return columns
}

function targetColumn(target: ResTarget, scope: Scope, context: LineageContext): readonly OutputColumn[] {
  const value = target.val
  if (value !== undefined && 'ColumnRef' in value) {
    const columns = referencedColumns({ ...value.ColumnRef }, scope, context)
    return target.name === undefined ? columns : columns.map((column) => ({ ...column, name: target.name ?? '' }))
  }
  const name = target.name ?? outputName(value)
  const column = name === undefined ? {} : { name }
  const protection = protectionIn(value, scope, context)
  if (protection === undefined) return [column]
  context.refuseOracle(protection, 'in an expression')
  return [{ ...column, protection: computedFrom(protection) }]
}

/** What is computed from a masked value keeps nothing readable. */
function computedFrom(protection: Protection): Protection {
  return { ...protection, mask: { ...protection.mask, method: 'null' } }
}

function setOperationColumns(left: SelectStmt, right: SelectStmt, environment: Environment, context: LineageContext) {
  const one = context.query({ SelectStmt: left }, environment)
  const other = context.query({ SelectStmt: right }, environment)
  const protection = firstProtection(one) ?? firstProtection(other)
  if (protection === undefined) return one
  // PostgreSQL names no origin for what comes out of a set operation.
  context.refuseOracle(protection, 'in UNION, INTERSECT or EXCEPT')
  if ([...one, ...other].some((column) => column.open)) context.refuse(protection, 'in a set operation of unknown columns')
  return one.map((column, index): OutputColumn => {
    const twin = other[index]?.protection
    const own = column.protection
    if (own !== undefined && twin !== undefined && own.mask !== twin.mask) {
      return { ...column, protection: computedFrom({ ...own, maskable: own.maskable && twin.maskable }) }
    }
    const either = own ?? twin
    return either === undefined ? column : { ...column, protection: either }
  })
}

function valuesColumns(rows: readonly Node[]): readonly OutputColumn[] {
  const first = rows[0]
  const items = first !== undefined && 'List' in first ? (first.List.items ?? []) : []
  return items.map((_, index) => ({ name: `column${index + 1}` }))
}

function checkOrder(select: SelectStmt, columns: readonly OutputColumn[], scope: Scope, context: LineageContext): void {
  for (const node of select.sortClause ?? []) {
    const item = 'SortBy' in node ? node.SortBy.node : node
    context.refuseOracle(itemProtection(item, columns, scope, context), 'in ORDER BY')
  }
  context.refuse(protectionIn([select.limitCount, select.limitOffset], scope, context), 'in LIMIT or OFFSET')
}

function distinctProtection(
  clause: readonly Node[] | undefined, columns: readonly OutputColumn[], scope: Scope, context: LineageContext,
): Protection | undefined {
  if (clause === undefined) return undefined
  // Plain DISTINCT is a list of one empty node.
  const items = clause.filter((node) => Object.keys(node).length > 0)
  return items.length === 0 ? firstProtection(columns) : groupingProtection(items, columns, scope, context)
}

function groupingProtection(
  items: readonly Node[] | undefined, columns: readonly OutputColumn[], scope: Scope, context: LineageContext,
): Protection | undefined {
  let first: Protection | undefined
  for (const node of items ?? []) {
    const nested = 'GroupingSet' in node ? node.GroupingSet.content : 'RowExpr' in node ? node.RowExpr.args : undefined
    first = (nested === undefined
      ? itemProtection(node, columns, scope, context)
      : groupingProtection(nested, columns, scope, context)) ?? first
  }
  return first
}

/** An item that may name an output column, by name or number, or be an expression over FROM. Each reading counts. */
function itemProtection(
  item: Node | undefined, columns: readonly OutputColumn[], scope: Scope, context: LineageContext,
): Protection | undefined {
  if (item === undefined || 'GroupingSet' in item) return undefined
  if ('A_Const' in item) {
    if (columns.some((column) => column.open)) return firstProtection(columns)
    const { ival } = item.A_Const
    return ival === undefined ? undefined : columns[(ival.ival ?? 0) - 1]?.protection
  }
  if ('ColumnRef' in item && item.ColumnRef.fields?.length === 1) {
    const [field] = item.ColumnRef.fields
    const name = field !== undefined && 'String' in field ? field.String.sval : undefined
    const named = columns.filter((column) => column.name === name)
    if (named.length > 0) {
      const output = firstProtection(named)
      const input = scope.columns.find((column) => column.name === name && column.protection !== undefined)
      return output ?? input?.protection
    }
  }
  return protectionIn(item, scope, context)
}
