import type { RangeVar } from 'libpg-query'
import type { Relation } from '../catalog.ts'
import { isSystemSchema } from './exposing.ts'
import { renameColumns } from './find-column.ts'
import type { LineageContext } from './lineage-context.ts'
import { OPEN_COLUMN } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import type { CteScope, Environment, FromItem } from './scope.ts'
import { stringsOf } from './tree.ts'

/** A name in FROM: a WITH query when there is one, otherwise a relation. */
export function namedRelation(range: RangeVar, environment: Environment, context: LineageContext): FromItem {
  const name = range.relname ?? ''
  context.met.add(range)
  const cte = range.schemaname === undefined ? findCte(name, environment.ctes) : undefined
  return cte === undefined ? relationItem(range, context) : aliased(range, [], cte, context)
}

/** A relation, also where no WITH query can be meant: the target of a change. */
export function relationItem(range: RangeVar, context: LineageContext): FromItem {
  context.met.add(range)
  const candidates = relationCandidates(range, context)
  return aliased(range, candidates.map((relation) => relation.schema), candidateColumns(range, candidates, context), context)
}

/** Whoever writes to the system catalogs can take a mask off its column, or make any query a view's. */
export function refuseSystemTarget(range: RangeVar, context: LineageContext): void {
  if (relationCandidates(range, context).some((relation) => relation.kind !== 'v' && isSystemSchema(relation.schema))) {
    context.refuse(context.unseen(`system catalog ${range.relname ?? ''}`), 'as the target of a change while columns are masked')
  }
}

function aliased(range: RangeVar, schemas: readonly string[], columns: readonly OutputColumn[], context: LineageContext): FromItem {
  const alias = range.alias?.aliasname
  const renamed = renameColumns(columns, stringsOf(range.alias?.colnames), context)
  return {
    tables: [{ alias: alias ?? range.relname ?? '', schemas: alias === undefined ? schemas : [], columns: renamed }],
    columns: renamed,
  }
}

function findCte(name: string, scope: CteScope | undefined): readonly OutputColumn[] | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    const columns = level.find(name)
    if (columns !== undefined) return columns
  }
  return undefined
}

/** Every relation that the name could mean: a session may change its `search_path`. */
function relationCandidates(range: RangeVar, context: LineageContext): readonly Relation[] {
  const named = context.catalog.relationsNamed(range.relname ?? '')
  const schema = range.schemaname
  if (schema === undefined) return named
  // The session's own temporary schema has a number in its name that is not known here.
  if (schema === 'pg_temp') return named.filter((relation) => relation.schema.startsWith('pg_temp_'))
  return named.filter((relation) => relation.schema === schema)
}

function candidateColumns(range: RangeVar, candidates: readonly Relation[], context: LineageContext): readonly OutputColumn[] {
  const shown = range.schemaname === undefined ? (range.relname ?? '') : `${range.schemaname}.${range.relname ?? ''}`
  const isProtected = candidates.filter((relation) => context.relations.isProtected(relation))
  const [first, ...others] = isProtected
  if (first !== undefined) {
    context.touched = true
    const columns = context.relations.columnsOf(first)
    // Reading a clean one of the candidates as the protected one only refuses more.
    if (!others.every((other) => sameShape(columns, context.relations.columnsOf(other)))) {
      context.unresolvedName(`table ${shown}`)
    }
    return columns
  }
  const [clean, ...more] = candidates
  if (clean === undefined) {
    context.unknownRelation = true
    context.unresolvedName(`table ${shown}`)
    return [OPEN_COLUMN]
  }
  const columns = context.relations.columnsOf(clean)
  return more.every((other) => sameShape(columns, context.relations.columnsOf(other))) ? columns : [OPEN_COLUMN]
}

function sameShape(one: readonly OutputColumn[], other: readonly OutputColumn[]): boolean {
  return (
    one.length === other.length &&
    one.every((column, index) => {
      const twin = other[index]
      return column.name === twin?.name && column.protection?.mask === twin?.protection?.mask &&
        column.protection?.maskable === twin?.protection?.maskable
    })
  )
}
