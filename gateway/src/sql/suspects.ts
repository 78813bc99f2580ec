/**
 * `a.b` is also a way to call `b(a)`: where no column has the name, PostgreSQL looks for a function or a type of it.
 * So a qualified name that is also a harmful function's must be shown to be a column.
 */
import type { Catalog, Relation } from './catalog.ts'
import type { Findings } from './findings.ts'

export function suspectsAreColumns({ suspects, ranges }: Findings, catalog: Catalog | undefined): boolean {
  return suspects.every(({ schema, qualifier, name }) => {
    if (qualifier === undefined) return false
    if (schema !== undefined) return hasColumn(catalog?.relation(schema, qualifier), name)
    const named = ranges.filter((range) => range.name === qualifier)
    return named.length > 0 && named.every(({ relations }) =>
      relations !== undefined && relations.length > 0 && relations.every((relation) => hasColumn(relation, name)))
  })
}

function hasColumn(relation: Relation | undefined, name: string): boolean {
  return relation !== undefined && relation.columns.some((column) => column.name === name)
}
