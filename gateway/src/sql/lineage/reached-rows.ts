import type { Catalog, Relation } from '../catalog.ts'
import type { Findings } from '../findings.ts'
import type { ProtectedColumns } from './protections.ts'

/**
 * Whether a change may fail with a row of a masked table in the error's details, though it names none: by a view over
 * it, a parent, a foreign key with an action, a trigger or a rule, or by a constraint that is checked only now.
 */
export function reachesMaskedRows({ readOnly, objects, actions }: Findings, catalog: Catalog, protectedColumns: ProtectedColumns): boolean {
  if (readOnly) return actions.has('transaction')
  return objects.size === 0 || [...objects].some((object) => {
    const relations = catalog.relationsNamed(object.slice(object.lastIndexOf('.') + 1))
    return relations.length === 0 || !relations.every((relation) => isByItself(relation, protectedColumns))
  })
}

function isByItself({ oid, kind, changesOthers }: Relation, protectedColumns: ProtectedColumns): boolean {
  return (kind === 'r' || kind === 'p' || kind === 'S') && changesOthers !== true && !protectedColumns.isParent(oid)
}
