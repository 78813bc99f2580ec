import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import type { Catalog, Relation } from '../catalog.ts'
import { EXPOSING_COLUMNS, isSystemSchema } from './exposing.ts'
import { spreadToRelatives } from './inherited-columns.ts'
import { namedColumns } from './mask-names.ts'
import { Protections } from './protections.ts'
import type { ProtectedColumns } from './protections.ts'
import { protectGenerated, protectView, viewsToFollow } from './stored-queries.ts'

export type { ProtectedColumns } from './protections.ts'

/** Holds for the values in {@link EXPOSING_COLUMNS} and of TOAST tables, which could be any column's. */
const SYSTEM_MASK: MaskEntry = { name: 'system-columns', columns: [], method: 'null' }

/** Resolves masks against a catalog. Pure; the parser must be loaded before, for views are followed. */
export function protectColumns(catalog: Catalog, masks: readonly MaskEntry[]): ProtectedColumns {
  const protections = new Protections(masks[0] ?? SYSTEM_MASK)
  if (masks.length === 0) return protections
  protections.isEmpty = false
  for (const mask of masks) {
    for (const column of mask.columns) {
      const found = namedColumns(column, catalog)
      if (found.length === 0) protections.unresolved.push({ mask: mask.name, column })
      for (const { relation, number } of found) protections.protect(relation, number, { mask, maskable: true })
    }
  }
  for (const relation of catalog.relations) {
    for (const number of exposingNumbers(relation)) {
      protections.protect(relation, number, { mask: SYSTEM_MASK, maskable: true })
    }
  }
  // A generated column may have relatives, and a relative may be generated.
  while (spreadToRelatives(catalog, protections) || protectGenerated(catalog, protections)) continue
  const views = viewsToFollow(catalog, protections)
  protections.follow = (view) => {
    if (views.delete(view)) protectView(view, catalog, protections)
  }
  for (const view of views) protections.follow(view)
  protections.findParents(catalog)
  return protections
}

function exposingNumbers(relation: Relation): number[] {
  if (relation.kind === 't') return relation.columns.map((column) => column.number)
  const names = isSystemSchema(relation.schema) ? EXPOSING_COLUMNS[relation.name] : undefined
  if (names === undefined) return []
  return relation.columns.filter((column) => names.includes(column.name)).map((column) => column.number)
}
