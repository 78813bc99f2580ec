import type { LineageContext } from './lineage-context.ts'
import { firstProtection } from './protection.ts'
import type { OutputColumn, Protection } from './protection.ts'
import type { NamedTable, Scope } from './scope.ts'

const SYSTEM_COLUMNS = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'])

/** The column that a name of one or more parts means, in the order PostgreSQL looks (`transformColumnRef`). */
export function findColumn(path: readonly string[], scope: Scope, context: LineageContext): OutputColumn {
  const name = path.at(-1) ?? ''
  if (path.length === 1) return findUnqualified(name, scope, context)
  const table = findTable(path.slice(0, -1), scope)
  if (table === undefined) {
    context.unresolvedName(`column ${path.join('.')}`)
    return { name }
  }
  const found = columnNamed(name, table.columns)
  if (found !== undefined) return found
  if (SYSTEM_COLUMNS.has(name) || table.columns.some((column) => column.open)) return { name }
  // `t.f` also calls the function f on the whole row.
  if (context.catalog.functionsNamed(name).some((f) => !f.trusted)) {
    return { name, protection: context.unseen(`function ${name}`) }
  }
  const row = firstProtection(table.columns)
  if (row !== undefined) return { name, protection: wholeRow(row) }
  context.unresolvedName(`column ${path.join('.')}`)
  return { name }
}

function findUnqualified(name: string, scope: Scope, context: LineageContext): OutputColumn {
  let open = false
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const found = columnNamed(name, level.columns)
    if (found !== undefined) return found
    open ||= level.columns.some((column) => column.open)
  }
  const table = findTable([name], scope)
  if (table !== undefined) {
    const row = firstProtection(table.columns)
    return row === undefined ? { name } : { name, protection: wholeRow(row) }
  }
  if (!open && !SYSTEM_COLUMNS.has(name)) context.unresolvedName(`column ${name}`)
  return { name }
}

/** A row holds all of its columns, so it cannot be masked as one of them. */
function wholeRow(protection: Protection): Protection {
  return { ...protection, maskable: false }
}

/** Two columns of one name are an error for PostgreSQL; the protected one counts. */
function columnNamed(name: string, columns: readonly OutputColumn[]): OutputColumn | undefined {
  let found: OutputColumn | undefined
  for (const column of columns) {
    if (column.name === name && (found === undefined || column.protection !== undefined)) found = column
  }
  return found
}

/** @param path `alias`, `schema.table` or `database.schema.table` */
export function findTable(path: readonly string[], scope: Scope): NamedTable | undefined {
  const alias = path.at(-1)
  const schema = path.length > 1 ? path.at(-2) : undefined
  for (let level: Scope | undefined = scope; level !== undefined; level = level.outer) {
    const tables = level.tables.filter(
      (table) => table.alias === alias && (schema === undefined || table.schemas.includes(schema)),
    )
    // Of two with one name, PostgreSQL refuses an unclear mention; the protected one counts.
    const table = tables.find((candidate) => firstProtection(candidate.columns) !== undefined) ?? tables[0]
    if (table !== undefined) return table
  }
  return undefined
}

/** Columns under the names of `t(a, b)`; names beyond them stay. */
export function renameColumns(
  columns: readonly OutputColumn[],
  names: readonly string[],
  context: LineageContext,
): readonly OutputColumn[] {
  if (names.length === 0) return columns
  const renamed: OutputColumn[] = []
  for (const [index, column] of columns.entries()) {
    if (column.open) {
      const rest = columns.slice(index)
      if (index < names.length && firstProtection(rest) !== undefined) context.unresolvedName('a list of column aliases')
      return [...renamed, ...names.slice(index).map((name) => ({ name })), ...rest]
    }
    renamed.push(index < names.length ? { ...column, name: names[index] ?? '' } : column)
  }
  return renamed
}
