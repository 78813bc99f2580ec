import type { Node } from 'libpg-query'
import { exposesOthersData } from './exposing.ts'
import { findColumn, findTable } from './find-column.ts'
import type { LineageContext } from './lineage-context.ts'
import { firstProtection } from './protection.ts'
import type { OutputColumn, Protection } from './protection.ts'
import type { Scope } from './scope.ts'
import { isFields, stringsOf } from './tree.ts'
import type { Fields } from './tree.ts'

/**
 * The first protected thing that an expression (or a list of them) reads, in whatever way. What a query inside of it
 * uses wrongly is refused on the way.
 */
export function protectionIn(value: unknown, scope: Scope, context: LineageContext): Protection | undefined {
  if (Array.isArray(value)) {
    let first: Protection | undefined
    for (const item of value) first = protectionIn(item, scope, context) ?? first
    return first
  }
  if (!isFields(value)) return undefined
  let first: Protection | undefined
  for (const [key, child] of Object.entries(value)) first = protectionUnder(key, child, scope, context) ?? first
  return first
}

function protectionUnder(key: string, child: unknown, scope: Scope, context: LineageContext): Protection | undefined {
  if (!isFields(child)) return protectionIn(child, scope, context)
  switch (key) {
    case 'ColumnRef':
      return firstProtection(referencedColumns(child, scope, context))
    case 'SubLink':
      return subLink(child, scope, context)
    case 'SelectStmt':
      return firstProtection(context.query({ SelectStmt: child }, { outer: scope, ctes: scope.ctes }))
    case 'FuncCall':
      return functionProtection(namesIn(child['funcname']), context) ?? protectionIn(child, scope, context)
    case 'A_Expr':
      return operatorProtection(namesIn(child['name']), context) ?? protectionIn(child, scope, context)
    case 'A_Indirection':
      return fieldProtection(namesIn(child['indirection']), context) ?? protectionIn(child, scope, context)
    default:
      return protectionIn(child, scope, context)
  }
}

/** One column, or those of `*` and `t.*`. */
export function referencedColumns(columnRef: Fields, scope: Scope, context: LineageContext): readonly OutputColumn[] {
  const fields = Array.isArray(columnRef['fields']) ? (columnRef['fields'] as readonly Node[]) : []
  const last = fields.at(-1)
  if (last === undefined || !('A_Star' in last)) return [findColumn(stringsOf(fields), scope, context)]
  if (fields.length === 1) return scope.columns
  const path = stringsOf(fields.slice(0, -1))
  const table = findTable(path, scope)
  if (table !== undefined) return table.columns
  context.unresolvedName(`table ${path.join('.')}`)
  return [{ open: true }]
}

function subLink(link: Fields, scope: Scope, context: LineageContext): Protection | undefined {
  const tested = protectionIn(link['testexpr'], scope, context)
  const operator = operatorProtection(namesIn(link['operName']), context)
  const outputs = context.query(link['subselect'] as Node, { outer: scope, ctes: scope.ctes })
  // EXISTS looks at no output.
  const read = link['subLinkType'] === 'EXISTS_SUBLINK' ? undefined : firstProtection(outputs)
  return tested ?? operator ?? read
}

/** A function may be protected for what it reads by itself, whatever its arguments are. */
export function functionProtection(path: readonly string[], context: LineageContext): Protection | undefined {
  const name = path.at(-1) ?? ''
  const schema = path.at(-2)
  const candidates = context.catalog.functionsNamed(name).filter((f) => schema === undefined || f.schema === schema)
  // Not in the catalog: made since, or the name of a column or type used as a function.
  const known = candidates.length > 0 && candidates.every((candidate) => candidate.trusted)
  if (known && !exposesOthersData(name)) return undefined
  const protection = context.unseen(`function ${path.join('.')}`)
  context.refuseOracle(protection, 'while columns are masked, and what it reads cannot be seen', 'Check the name, or use built-in functions that only compute.')
  return protection
}

function operatorProtection(path: readonly string[], context: LineageContext): Protection | undefined {
  const name = path.at(-1)
  if (name === undefined || !context.catalog.hasUserOperator(name)) return undefined
  const protection = context.unseen(`operator ${name}`)
  context.refuseOracle(protection, 'while columns are masked, and what it reads cannot be seen', 'Use built-in operators.')
  return protection
}

/** `(row).name` also calls the function `name`. */
function fieldProtection(fields: readonly string[], context: LineageContext): Protection | undefined {
  for (const name of fields) {
    if (context.catalog.functionsNamed(name).some((f) => !f.trusted) || exposesOthersData(name)) {
      return context.unseen(`function ${name}`)
    }
  }
  return undefined
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? stringsOf(list as readonly Node[]) : []
}
