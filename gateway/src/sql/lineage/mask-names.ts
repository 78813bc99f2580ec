import type { Catalog, Relation } from '../catalog.ts'
import { isSystemSchema } from './exposing.ts'

export interface NamedColumn {
  readonly relation: Relation
  readonly number: number
}

/**
 * Every column that a mask's `table.column` or `schema.table.column` means, whatever the case of letters: where an exact
 * spelling counted more, whoever made a table under it would take the mask off another.
 */
export function namedColumns(path: string, catalog: Catalog): readonly NamedColumn[] {
  const parts = splitName(path)
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

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}

/** Parts between dots; a part in double quotes may hold dots, and quotes doubled. */
function splitName(path: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|[^.]+/g)].map((match) => match[1]?.replaceAll('""', '"') ?? match[0])
}
