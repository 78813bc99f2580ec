import { isFields, listOf, namesOf, nodeOf, stringOf } from '../node-types.ts'
import type { Fields } from '../node-types.ts'
import { ParseError, parseSql } from '../parser.ts'

export type ChangeKind = 'insert' | 'update' | 'delete' | 'merge'

/** One statement that changes rows, taken apart as far as a preview needs it. */
export interface ChangeStatement {
  readonly kind: ChangeKind
  readonly type: string
  readonly fields: Fields
  /** The relation whose rows it changes, as written. */
  readonly relation: Fields
}

/** Every field that a statement may have here: one of a newer grammar could change which rows are meant. */
const KNOWN: Readonly<Record<string, { readonly kind: ChangeKind; readonly fields: readonly string[] }>> = {
  InsertStmt: { kind: 'insert', fields: ['relation', 'cols', 'selectStmt', 'onConflictClause', 'returningClause', 'withClause', 'override'] },
  UpdateStmt: { kind: 'update', fields: ['relation', 'targetList', 'whereClause', 'fromClause', 'returningClause', 'withClause'] },
  DeleteStmt: { kind: 'delete', fields: ['relation', 'usingClause', 'whereClause', 'returningClause', 'withClause'] },
  MergeStmt: { kind: 'merge', fields: ['relation', 'sourceRelation', 'joinCondition', 'mergeWhenClauses', 'returningClause', 'withClause'] },
}

/** @returns a sentence for the reviewer where the text is not such a statement */
export function readChange(text: string): ChangeStatement | string {
  let statements
  try {
    statements = parseSql(text)
  } catch (error) {
    if (error instanceof ParseError) return 'The statement could not be read.'
    throw error
  }
  const [only] = statements
  if (statements.length !== 1 || only === undefined) return 'Only a single statement can be previewed.'
  const [type, fields] = Object.entries(only)[0] ?? ['', undefined]
  const known = Object.hasOwn(KNOWN, type) ? KNOWN[type] : undefined
  if (known === undefined || !isFields(fields)) return 'Only INSERT, UPDATE, DELETE and MERGE can be previewed.'
  if (!Object.keys(fields).every((field) => known.fields.includes(field))) return 'The statement has a part that is not known here.'
  const { relation } = fields
  if (!isFields(relation) || relation['catalogname'] !== undefined) return 'The statement does not name its table in a way that is known here.'
  if (holds(fields, 'CurrentOfExpr')) return 'WHERE CURRENT OF depends on a cursor of the session, which another connection does not have.'
  return { kind: known.kind, type, fields, relation }
}

/** True when a node of that type is anywhere in a tree. */
export function holds(value: unknown, type: string): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, type))
  if (!isFields(value)) return false
  return Object.entries(value).some(([key, inner]) => key === type || holds(inner, type))
}

/** Whether a WITH query changes rows by itself. */
export function changesInWith(fields: Fields): boolean {
  return Object.keys(KNOWN).some((type) => holds(fields['withClause'], type))
}

/** Last parts of the names of all functions that are called as such. */
export function calledFunctions(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const item of value) calledFunctions(item, found)
  if (!isFields(value)) return found
  const called = namesOf(nodeOf(value, 'FuncCall')?.['funcname']).at(-1)
  if (called !== undefined) found.add(called)
  for (const key in value) calledFunctions(value[key], found)
  return found
}

/** Last parts of all names that could be a function's: of calls, and of `value.name`, the other way to write one. */
export function possibleFunctions(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (Array.isArray(value)) for (const item of value) possibleFunctions(item, found)
  if (!isFields(value)) return found
  const called = namesOf(nodeOf(value, 'FuncCall')?.['funcname']).at(-1)
  const column = listOf(nodeOf(value, 'ColumnRef')?.['fields'])
  const qualified = column.length > 1 ? stringOf(column.at(-1)) : undefined
  const parts = listOf(nodeOf(value, 'A_Indirection')?.['indirection']).map(stringOf)
  for (const each of [called, qualified, ...parts]) if (each !== undefined) found.add(each)
  for (const key in value) possibleFunctions(value[key], found)
  return found
}
