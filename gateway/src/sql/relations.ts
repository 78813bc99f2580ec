/** Which relations a name may mean, and whether reading them runs anything. */
import type { Catalog, Relation } from './catalog.ts'
import type { Findings } from './findings.ts'
import { isSystemSchema } from './function-harm.ts'
import { isFields, textOf } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { SYSTEM_RELATIONS } from './system-names.ts'
import type { WalkContext } from './walk.ts'

/** Views of the server that read its files. */
const READS_FILES = new Set(['pg_file_settings', 'pg_hba_file_rules', 'pg_ident_file_mappings'])

export interface NamedRelation {
  /** What the catalog holds for the name; none for system relations when there is no catalog. */
  readonly relations: readonly Relation[]
  /** False when nothing of that name is known, so that it could be anything by the time it runs. */
  readonly known: boolean
}

interface Naming {
  readonly catalog: Catalog | undefined
  readonly findings: Findings
}

/** Adds to the objects every relation that a name may mean: the session may have changed `search_path`. */
export function nameRelation(range: Fields, { catalog, findings }: Naming): NamedRelation {
  const name = textOf(range['relname']) ?? ''
  const schema = range['relpersistence'] === 't' ? 'pg_temp' : textOf(range['schemaname'])
  if (schema !== undefined) {
    findings.objects.add(`${schema}.${name}`)
    if (isSystemSchema(schema) && READS_FILES.has(name)) findings.harmful = true
    const relation = catalog?.relation(schema, name)
    return { relations: relation === undefined ? [] : [relation], known: relation !== undefined || isSystemSchema(schema) }
  }
  const candidates = catalog === undefined ? [] : catalog.relationsNamed(name)
  for (const { schema: found } of candidates) findings.objects.add(`${found}.${name}`)
  if (candidates.length > 0) {
    if (READS_FILES.has(name)) findings.harmful = true
    return { relations: candidates, known: true }
  }
  const system = catalog === undefined && SYSTEM_RELATIONS.has(name)
  findings.objects.add(system ? `pg_catalog.${name}` : name)
  if (system && READS_FILES.has(name)) findings.harmful = true
  return { relations: [], known: system }
}

/** A table's rows are data; a view runs its query, and whatever that calls. */
export function isHarmlessToRead(relation: Relation, context: WalkContext): boolean {
  if (relation.kind !== 'v' || isSystemSchema(relation.schema)) return true
  if (relation.callsUnknown === true || relation.definition === undefined) return false
  const known = context.harmlessViews.get(relation.oid)
  if (known !== undefined) return known
  // Stands while the view is looked at: one that leads to itself never gets an answer.
  context.harmlessViews.set(relation.oid, false)
  try {
    const harmless = context.isHarmlessQuery(relation.definition)
    context.harmlessViews.set(relation.oid, harmless)
    return harmless
  } catch (error) {
    context.harmlessViews.delete(relation.oid)
    throw error
  }
}

/** What the rest of the statement calls it by. */
export function rangeName(range: Fields): string {
  const alias = isFields(range['alias']) ? textOf(range['alias']['aliasname']) : undefined
  return alias ?? textOf(range['relname']) ?? ''
}
