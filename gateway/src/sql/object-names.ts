/** Names what DDL is about where it does not name it by a relation of its own. */
import type { Fields } from './node-types.ts'
import { isFields, listOf, namesOf, nodeOf, stringOf, textOf } from './node-types.ts'
import { nameRelation } from './relations.ts'
import { NAMING_FIELDS } from './statement-kinds.ts'
import type { Walk } from './walk.ts'

const RELATION_TYPES = new Set([
  'OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE', 'OBJECT_SEQUENCE', 'OBJECT_INDEX'])
/** Named by their relation's name followed by their own. */
const PARTS_OF_RELATIONS = new Set(
  ['OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY', 'OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT'])

export function nameObjects(walk: Walk, type: string, fields: Fields): void {
  const naming = NAMING_FIELDS[type]
  if (naming !== undefined) add(walk, undefined, fields[naming])
  const kind = textOf(fields['removeType']) ?? textOf(fields['objtype']) ?? textOf(fields['objectType'])
  for (const object of listOf(fields['objects'])) add(walk, kind, object)
  add(walk, kind, fields['object'])
}

function add(walk: Walk, kind: string | undefined, object: unknown): void {
  const names = namesIn(object)
  if (names.length === 0) return
  const relation = kind !== undefined && PARTS_OF_RELATIONS.has(kind) ? names.slice(0, -1) : names
  if (kind !== undefined && (RELATION_TYPES.has(kind) || PARTS_OF_RELATIONS.has(kind))) {
    nameRelation({ relname: relation.at(-1), schemaname: relation.at(-2) }, walk)
  } else walk.findings.objects.add(names.join('.'))
}

/** A name stands as a text, a String, a list of them, or inside a type or a function with its arguments. */
function namesIn(object: unknown): readonly string[] {
  if (typeof object === 'string') return [object]
  if (Array.isArray(object)) return namesOf(object)
  const text = stringOf(object)
  if (text !== undefined) return [text]
  const list = nodeOf(object, 'List')
  if (list !== undefined) return namesOf(list['items'])
  const signature = nodeOf(object, 'ObjectWithArgs')
  if (signature !== undefined) return namesOf(signature['objname'])
  const typeName = nodeOf(object, 'TypeName')
  if (typeName !== undefined) return namesOf(typeName['names'])
  return isFields(object) ? namesOf(object['names'] ?? object['objname']) : []
}
