import type { JoinExpr, Node, RangeFunction, RangeSubselect } from 'libpg-query'
import { protectionIn } from './expressions.ts'
import { renameColumns } from './find-column.ts'
import type { LineageContext } from './lineage-context.ts'
import { OPEN_COLUMN, firstProtection } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import { namedRelation } from './relations.ts'
import { scopeOf } from './scope.ts'
import type { Environment, FromItem } from './scope.ts'
import { isFields, stringsOf, tagged } from './tree.ts'

/** Columns in scope at once that are followed. */
const MAX_COLUMNS = 20_000

/** What a FROM list brings into scope, item by item. LATERAL items see those before them. */
export function fromItems(
  list: readonly Node[] | undefined,
  environment: Environment,
  context: LineageContext,
  before: readonly FromItem[] = [],
): FromItem[] {
  const items: FromItem[] = []
  let columns = 0
  for (const node of list ?? []) {
    const added = fromItem(node, [...before, ...items], environment, context)
    columns += added.columns.length
    context.bound(columns, MAX_COLUMNS, 'in FROM')
    items.push(added)
  }
  return items
}

function fromItem(node: Node, before: readonly FromItem[], environment: Environment, context: LineageContext): FromItem {
  if ('RangeVar' in node) return namedRelation(node.RangeVar, environment, context)
  if ('RangeSubselect' in node) return subquery(node.RangeSubselect, before, environment, context)
  if ('RangeFunction' in node) return functionItem(node.RangeFunction, before, environment, context)
  if ('JoinExpr' in node) return join(node.JoinExpr, before, environment, context)
  if ('RangeTableSample' in node) {
    const { relation, args, repeatable } = node.RangeTableSample
    context.refuse(protectionIn([args, repeatable], scopeOf(before, environment), context), 'in TABLESAMPLE')
    return relation === undefined ? { tables: [], columns: [OPEN_COLUMN] } : fromItem(relation, before, environment, context)
  }
  // XMLTABLE and JSON_TABLE: their columns are computed from expressions.
  const [, content] = tagged(node)
  context.refuse(protectionIn(content, scopeOf(before, environment), context), 'in a table function')
  const alias = isFields(content['alias']) ? content['alias'] : {}
  return item(typeof alias['aliasname'] === 'string' ? alias['aliasname'] : undefined, [OPEN_COLUMN])
}

function item(alias: string | undefined, columns: readonly OutputColumn[]): FromItem {
  return { tables: alias === undefined ? [] : [{ alias, schemas: [], columns }], columns }
}

function subquery(range: RangeSubselect, before: readonly FromItem[], environment: Environment, context: LineageContext): FromItem {
  if (range.subquery === undefined) return { tables: [], columns: [OPEN_COLUMN] }
  const inner = range.lateral ? { outer: scopeOf(before, environment), ctes: environment.ctes } : environment
  const columns = context.query(range.subquery, inner)
  return item(range.alias?.aliasname, renameColumns(columns, stringsOf(range.alias?.colnames), context))
}

function functionItem(range: RangeFunction, before: readonly FromItem[], environment: Environment, context: LineageContext): FromItem {
  const scope = scopeOf(before, environment)
  context.refuse(protectionIn(range.functions, scope, context), 'in a function in FROM')
  // How many columns a function gives is in its declaration; all of them are computed from clean values.
  const names = [...stringsOf(range.alias?.colnames), ...(range.coldeflist ?? []).map(columnName)]
  return item(range.alias?.aliasname ?? soleFunctionName(range), [...names.map((name) => ({ name })), OPEN_COLUMN])
}

function columnName(node: Node): string {
  return 'ColumnDef' in node ? (node.ColumnDef.colname ?? '') : ''
}

function soleFunctionName(range: RangeFunction): string | undefined {
  const [only, ...others] = range.functions ?? []
  if (only === undefined || others.length > 0 || !('List' in only)) return undefined
  const call = only.List.items?.[0]
  return call !== undefined && 'FuncCall' in call ? stringsOf(call.FuncCall.funcname).at(-1) : undefined
}

function join(expression: JoinExpr, before: readonly FromItem[], environment: Environment, context: LineageContext): FromItem {
  const { larg, rarg, alias, usingClause, join_using_alias: usingAlias } = expression
  if (larg === undefined || rarg === undefined) return { tables: [], columns: [OPEN_COLUMN] }
  const left = fromItem(larg, before, environment, context)
  const right = fromItem(rarg, [...before, left], environment, context)
  context.bound(left.columns.length + right.columns.length, MAX_COLUMNS, 'in JOIN')
  const both = scopeOf([left, right], environment)
  context.refuse(protectionIn(expression.quals, both, context), 'in JOIN … ON')
  const shared = expression.isNatural ? sharedNames(left, right, context) : stringsOf(usingClause)
  const merged = shared.map((name) => ({ name }))
  for (const column of both.columns) {
    if (column.name !== undefined && shared.includes(column.name)) {
      context.refuse(column.protection, expression.isNatural ? 'in NATURAL JOIN' : 'in JOIN … USING')
    }
  }
  const columns = [...merged, ...both.columns.filter((column) => column.name === undefined || !shared.includes(column.name))]
  if (alias?.aliasname !== undefined) {
    return item(alias.aliasname, renameColumns(columns, stringsOf(alias.colnames), context))
  }
  const using = usingAlias?.aliasname === undefined ? [] : item(usingAlias.aliasname, merged).tables
  return { tables: [...left.tables, ...right.tables, ...using], columns }
}

function sharedNames(left: FromItem, right: FromItem, context: LineageContext): string[] {
  const isOpen = [...left.columns, ...right.columns].some((column) => column.open || column.name === undefined)
  if (isOpen && firstProtection([...left.columns, ...right.columns]) !== undefined) {
    context.unresolvedName('NATURAL JOIN with columns of unknown names')
  }
  const names = new Set(right.columns.map((column) => column.name))
  return left.columns.flatMap((column) => (column.name !== undefined && names.has(column.name) ? [column.name] : []))
}

