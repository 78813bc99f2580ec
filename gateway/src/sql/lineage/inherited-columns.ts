import type { Catalog, Relation } from '../catalog.ts'
import type { Protections } from './protections.ts'

/**
 * Rows of a child are also rows of its parent, and of a table they can be read as a partition of: a protection holds
 * for the columns of one name in all of them.
 * @returns whether anything was added
 */
export function spreadToRelatives(catalog: Catalog, protections: Protections): boolean {
  let added = false
  for (let again = true; again; added ||= again) {
    again = false
    for (const child of catalog.relations) {
      for (const oid of child.parents) {
        const parent = catalog.relationByOid(oid)
        if (parent === undefined) continue
        // Both ways, without stopping at the first.
        const down = spread(parent, child, protections)
        const up = spread(child, parent, protections)
        again ||= down || up
      }
    }
  }
  return added
}

function spread(from: Relation, to: Relation, protections: Protections): boolean {
  if (!protections.isProtectedRelation(from.oid)) return false
  let added = false
  for (const { name, number } of from.columns) {
    const protection = protections.protectionOf(from.oid, number)
    const twin = protection === undefined ? undefined : to.columns.find((column) => column.name === name)
    if (protection !== undefined && twin !== undefined && protections.protect(to, twin.number, protection)) added = true
  }
  return added
}
