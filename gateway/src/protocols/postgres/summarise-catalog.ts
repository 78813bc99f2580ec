import type { CatalogSummary } from '../../governance/catalog-summary.ts'
import type { Catalog, Relation } from '../../sql/catalog.ts'
import { isSystemSchema } from '../../sql/lineage/exposing.ts'
import type { ProtectedColumns } from '../../sql/lineage/protected-columns.ts'

/** However many columns are masked, so many are named. */
const MAX_NAMED = 50

/** `pg_class.relkind` of what holds rows, and of what shows those of others. */
const TABLES = new Set(['r', 'p', 'f'])
const VIEWS = new Set(['v', 'm'])

/** Counts and names what of a catalog is the users' own. */
export function summariseCatalog(catalog: Catalog, masked: Pick<ProtectedColumns, 'maskOf' | 'isProtectedRelation'>): Omit<CatalogSummary, 'readAtMs'> {
  const own = [...catalog.relations].filter(({ schema }) => !isSystemSchema(schema) && !schema.startsWith('pg_temp_') && !schema.startsWith('pg_toast_temp_'))
  const columns = own.filter(({ oid }) => masked.isProtectedRelation(oid)).flatMap((relation) => maskedOf(relation, masked)).toSorted()
  return {
    schemas: new Set(own.map(({ schema }) => schema)).size,
    tables: own.filter(({ kind }) => TABLES.has(kind)).length,
    views: own.filter(({ kind }) => VIEWS.has(kind)).length,
    maskedColumns: columns.length,
    masked: columns.slice(0, MAX_NAMED),
  }
}

function maskedOf({ oid, schema, name, columns }: Relation, masked: Pick<ProtectedColumns, 'maskOf'>): string[] {
  return columns.filter(({ number }) => masked.maskOf(oid, number) !== undefined).map((column) => `${schema}.${name}.${column.name}`)
}
