import type { Catalog, Relation } from '../catalog.ts'
import { isSystemSchema } from './exposing.ts'

export interface NamedColumn {
  readonly relation: Relation
  readonly number: number
}

/**
 * Every column that a mask's `table.column` or `schema.table.column` means, spelled as the database has it; where no
 * spelling fits, whatever the case of its letters.
 */
export function namedColumns(path: string, catalog: Catalog): readonly NamedColumn[] {
  const parts = splitName(path)
  const exact = columnsAt(parts, catalog, (one, other) => one === other)
  if (exact.length > 0) return exact
  return columnsAt(parts, catalog, (one, other) => one.toLowerCase() === other.toLowerCase())
}

function columnsAt(parts: readonly string[], catalog: Catalog, same: (one: string, other: string) => boolean): NamedColumn[] {
  const [schema, table, column] = parts.length === 3 ? parts : [undefined, ...parts]
  if (parts.length < 2 || parts.length > 3 || table === undefined || column === undefined) return []
  const found: NamedColumn[] = []
  for (const relation of catalog.relations) {
    if (!same(relation.name, table)) continue
    // Another session's temporary table of that name is nobody's data but its own.
    const isMeant = schema === undefined
      ? !isSystemSchema(relation.schema) && !relation.schema.startsWith('pg_temp_')
      : same(relation.schema, schema)
    if (!isMeant) continue
    for (const { name, number } of relation.columns) if (same(name, column)) found.push({ relation, number })
  }
  return found
}

/** Parts between dots; a part in double quotes may hold dots, and quotes doubled. */
function splitName(path: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|[^.]+/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[0])
}
