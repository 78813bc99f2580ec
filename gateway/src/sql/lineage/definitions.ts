import type { AlterTableStmt, CreateStmt, Node, RangeVar, RenameStmt } from 'libpg-query'
import { exposesOthersData } from './exposing.ts'
import { protectionIn } from './expressions.ts'
import type { LineageContext } from './lineage-context.ts'
import { firstProtection } from './protection.ts'
import type { ProtectedColumns } from './protections.ts'
import { relationItem } from './relations.ts'
import { NO_ENVIRONMENT, scopeOf } from './scope.ts'
import type { FromItem } from './scope.ts'
import type { StatementNames } from './statement-names.ts'
import { isFields, stringsOf, tagged } from './tree.ts'

const HINT = 'Ask an administrator to make this change.'

/**
 * Statements that may name a protected relation: they read nothing of it and leave its columns what they are. CLUSTER is
 * not among them: it would make the order of rows tell the order of values.
 */
const HARMLESS = new Set([
  'TruncateStmt', 'LockStmt', 'VacuumStmt', 'ReindexStmt', 'RefreshMatViewStmt', 'DropStmt', 'GrantStmt',
  'CommentStmt', 'AlterSeqStmt', 'CreateSeqStmt', 'DropRoleStmt', 'TransactionStmt', 'VariableSetStmt', 'VariableShowStmt',
])

/** Statements that bring code, or tables that are other tables: what these read cannot be seen. */
const UNSEEN: Readonly<Record<string, string>> = {
  DoStmt: 'a DO block',
  CreateFunctionStmt: 'a new function',
  CreateForeignTableStmt: 'a new foreign table',
  ImportForeignSchemaStmt: 'a new foreign table',
  LoadStmt: 'a loaded library',
  // Functions that later run where no call is written.
  CreateCastStmt: 'a new cast',
  CreateTransformStmt: 'a new transform',
  CreateConversionStmt: 'a new conversion',
  CreateEventTrigStmt: 'a new event trigger',
  CreateOpClassStmt: 'a new operator class',
  AlterOpFamilyStmt: 'a changed operator family',
  CreateFdwStmt: 'a new foreign-data wrapper',
  AlterFdwStmt: 'a changed foreign-data wrapper',
  CreatePLangStmt: 'a new language',
  // Functions that belong to an extension count as its own.
  AlterExtensionContentsStmt: 'a changed extension',
  // Some are programs and libraries that the server runs.
  AlterSystemStmt: 'a setting of the server',
}

/**
 * Refuses statements of the definition language that would take a mask off its column, or make of it an oracle.
 * @returns whether a protected relation is named
 */
export function refuseDefinition(
  statement: Node, names: StatementNames, context: LineageContext, protectedColumns: ProtectedColumns,
): boolean {
  const [tag] = tagged(statement)
  const unseen = UNSEEN[tag]
  if (unseen !== undefined) {
    context.refuse(context.unseen(unseen), 'while columns are masked, and what it reads cannot be seen', tag === 'DoStmt' ? 'Send its statements by themselves.' : HINT)
  }
  if ('RenameStmt' in statement) {
    refuseSchemaRename(statement.RenameStmt, context, protectedColumns)
    // Under the name of a function that only computes it would be taken for that one.
    if (FUNCTIONS.has(statement.RenameStmt.renameType ?? '')) context.refuse(context.unseen('a renamed function'), 'while columns are masked, and what it reads cannot be seen', HINT)
  }
  if ('DefineStmt' in statement) refuseUntrustedParts(statement.DefineStmt.definition, context)
  if ('CreateRangeStmt' in statement) refuseUntrustedParts(statement.CreateRangeStmt.params, context)
  refuseUnnamedTables(statement, context)
  if (!names.relations.some(({ relname = '' }) => protectedColumns.isProtectedName(relname))) return false
  if (HARMLESS.has(tag)) return true
  if ('IndexStmt' in statement) {
    const { relation, indexParams, indexIncludingParams, whereClause } = statement.IndexStmt
    refuseElements(relation, [...(indexParams ?? []), ...(indexIncludingParams ?? [])], whereClause, 'in CREATE INDEX', context)
    return true
  }
  if ('CreateStatsStmt' in statement) {
    for (const node of statement.CreateStatsStmt.relations ?? []) {
      const range = 'RangeVar' in node ? node.RangeVar : undefined
      refuseElements(range, statement.CreateStatsStmt.exprs ?? [], undefined, 'in CREATE STATISTICS', context)
    }
    return true
  }
  if ('CreateStmt' in statement) return refuseNewTable(statement.CreateStmt, context)
  if ('AlterTableStmt' in statement && addsToAnother(statement.AlterTableStmt, protectedColumns)) {
    refuseReferences(statement.AlterTableStmt.cmds, context)
    return true
  }
  for (const relation of names.relations) {
    context.refuse(firstProtection(relationItem(relation, context).columns), `in ${statementName(tag)}`, HINT)
  }
  return context.touched
}

function statementName(tag: string): string {
  return `a definition (${tag.replace(/Stmt$/, '')})`
}

const FUNCTIONS: ReadonlySet<string> = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])

/** What changes every table that it concerns, or reads it, and names none. */
function refuseUnnamedTables(statement: Node, context: LineageContext): void {
  if ('AlterDomainStmt' in statement && CHECKING.has(statement.AlterDomainStmt.subtype ?? '')) {
    context.refuse(context.unseen('a constraint of a domain'), 'while columns are masked: it tells of every value of that type whether it fits', HINT)
  }
  const [, fields] = tagged(statement)
  const ofType = fields['renameType'] === 'OBJECT_ATTRIBUTE' || fields['objtype'] === 'OBJECT_TYPE'
  if (ofType && JSON.stringify(fields).includes('"DROP_CASCADE"')) {
    context.refuse(context.unseen('a type with CASCADE'), 'in ALTER TYPE while columns are masked: it changes columns of every table of that type', HINT)
  }
  const tables = 'CreatePublicationStmt' in statement || 'AlterPublicationStmt' in statement ? fields : {}
  if (tables['for_all_tables'] === true || JSON.stringify(tables['pubobjects'] ?? []).includes('_IN_')) {
    context.refuse(context.unseen('a publication of whatever tables there are'), 'while columns are masked', HINT)
  }
}

/** Parts of ALTER DOMAIN that look at what is stored: CHECK, VALIDATE CONSTRAINT, SET NOT NULL. */
const CHECKING: ReadonlySet<string> = new Set(['C', 'V', 'O'])

/** An operator, an aggregate or a type runs the functions that it is made of where no call of them is written. */
function refuseUntrustedParts(parts: readonly Node[] | undefined, context: LineageContext): void {
  for (const node of parts ?? []) {
    const arg = 'DefElem' in node ? node.DefElem.arg : undefined
    const name = arg !== undefined && 'TypeName' in arg ? stringsOf(arg.TypeName.names).at(-1) : undefined
    if (name === undefined || (!exposesOthersData(name) && context.catalog.functionsNamed(name).every((one) => one.trusted))) continue
    context.refuse(context.unseen(`function ${name}`), 'in a definition while columns are masked, and what it reads cannot be seen', HINT)
  }
}

function refuseSchemaRename(rename: RenameStmt, context: LineageContext, protectedColumns: ProtectedColumns): void {
  if (rename.renameType !== 'OBJECT_SCHEMA' || !protectedColumns.isProtectedSchema(rename.subname ?? '')) return
  context.refuse(context.unseen(`schema ${rename.subname ?? ''}, which holds masked columns,`), 'in RENAME', HINT)
}

/** Columns by name or expression, of an index or of statistics. */
function refuseElements(
  range: RangeVar | undefined, elements: readonly Node[], where: Node | undefined, use: string, context: LineageContext,
): void {
  if (range === undefined) return
  const item = relationItem(range, context)
  const scope = scopeOf([item], NO_ENVIRONMENT)
  for (const element of elements) {
    const [, content] = tagged(element)
    if (typeof content['name'] === 'string') context.refuse(protectionOfColumn(content['name'], item), use, HINT)
    context.refuse(protectionIn(content['expr'], scope, context), use, HINT)
  }
  context.refuse(protectionIn(where, scope, context), use, HINT)
}

function protectionOfColumn(name: string, item: FromItem) {
  return item.columns.find((column) => column.name === name)?.protection
}

/** A table like another has none of its rows; one that inherits, or is a partition, shares them. */
function refuseNewTable(create: CreateStmt, context: LineageContext): boolean {
  for (const node of create.inhRelations ?? []) {
    if ('RangeVar' in node) context.refuse(firstProtection(relationItem(node.RangeVar, context).columns), 'in INHERITS or PARTITION OF', HINT)
  }
  refuseReferences(create.tableElts, context)
  return true
}

/** New columns and constraints of a table that has no masked ones can name a protected relation only to reference it. */
function addsToAnother({ relation, cmds }: AlterTableStmt, protectedColumns: ProtectedColumns): boolean {
  return !protectedColumns.isProtectedName(relation?.relname ?? '') && (cmds ?? []).every((node) =>
    'AlterTableCmd' in node && (node.AlterTableCmd.subtype === 'AT_AddColumn' || node.AlterTableCmd.subtype === 'AT_AddConstraint'))
}

/** A foreign key tells whether a value is there. */
function refuseReferences(value: unknown, context: LineageContext): void {
  if (Array.isArray(value)) for (const element of value) refuseReferences(element, context)
  if (!isFields(value)) return
  const constraint = value['Constraint']
  if (isFields(constraint) && isFields(constraint['pktable'])) {
    const item = relationItem(constraint['pktable'], context)
    const names = Array.isArray(constraint['pk_attrs']) ? stringsOf(constraint['pk_attrs'] as Node[]) : []
    for (const name of names) context.refuse(protectionOfColumn(name, item), 'in REFERENCES', HINT)
  }
  for (const child of Object.values(value)) refuseReferences(child, context)
}
