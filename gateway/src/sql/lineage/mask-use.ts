import type { CopyStmt, Node } from 'libpg-query'
import type { MaskViolation } from '../../governance/operation.ts'
import type { Catalog } from '../catalog.ts'
import { refuseDefinition } from './definitions.ts'
import { exposesOthersData, isSystemSchema } from './exposing.ts'
import { functionProtection, protectionIn } from './expressions.ts'
import { LineageContext } from './lineage-context.ts'
import { MaskRefusal, firstProtection } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import type { ProtectedColumns } from './protections.ts'
import { queryColumns } from './queries.ts'
import { refuseSystemTarget, relationItem } from './relations.ts'
import { NO_ENVIRONMENT, scopeOf } from './scope.ts'
import { namesInStatement } from './statement-names.ts'
import type { StatementNames } from './statement-names.ts'
import { stringOf } from './tree.ts'

/** What a statement does with masked columns. */
export interface MaskUse {
  /** True when a relation with masked columns is named. */
  readonly touches: boolean
  /** True when something masked is touched, or could be: texts of errors may quote values. */
  readonly mentions: boolean
  /** False only when no masked column can be among the result columns. */
  readonly mayReturn: boolean
  /** Set when a masked column is used where it cannot be masked. */
  readonly violation?: MaskViolation
}

const NO_USE: MaskUse = { touches: false, mentions: false, mayReturn: false }
const UNSEEN_USE: MaskUse = { touches: true, mentions: true, mayReturn: true }

/**
 * Finds where one statement uses masked columns. They may only be output columns by themselves, for which PostgreSQL
 * names the origin (table and attribute) that masking goes by: directly, in RETURNING, or through subqueries, WITH
 * queries and joins in FROM. Every other use is a violation; so is what cannot be resolved beside a masked column.
 */
export function findMaskUse(statement: Node, catalog: Catalog, protectedColumns: ProtectedColumns): MaskUse {
  if (protectedColumns.isEmpty) return NO_USE
  const context = new LineageContext({
    catalog, relations: protectedColumns, unseen: protectedColumns.unseen, inView: false, query: queryColumns,
  })
  try {
    const use = useIn(statement, namesInStatement(statement), context, protectedColumns)
    context.settle()
    return use
  } catch (error) {
    if (error instanceof MaskRefusal) return { ...UNSEEN_USE, violation: error.violation }
    // The stack ends before the tree does.
    if (!(error instanceof RangeError)) throw error
    return { ...UNSEEN_USE, violation: tooDeep(protectedColumns.unseen.name) }
  }
}

function tooDeep(mask: string): MaskViolation {
  return { mask, reason: 'the statement is nested too deeply to follow masked columns', hint: 'Write it with less nesting.' }
}

function useIn(statement: Node, names: StatementNames, context: LineageContext, protectedColumns: ProtectedColumns): MaskUse {
  if ('ExplainStmt' in statement && statement.ExplainStmt.query !== undefined) {
    return { ...useIn(statement.ExplainStmt.query, names, context, protectedColumns), mayReturn: false }
  }
  if ('PrepareStmt' in statement && statement.PrepareStmt.query !== undefined) {
    return useIn(statement.PrepareStmt.query, names, context, protectedColumns)
  }
  if ('DeclareCursorStmt' in statement && statement.DeclareCursorStmt.query !== undefined) {
    return useIn(statement.DeclareCursorStmt.query, names, context, protectedColumns)
  }
  if (isQuery(statement)) return isClean(names, context, protectedColumns) ? cleanUse(names, context) : queryUse(statement, names, context, protectedColumns)
  if ('CreateTableAsStmt' in statement) return storedUse(statement.CreateTableAsStmt.query, 'in CREATE TABLE AS', context, protectedColumns)
  if ('ViewStmt' in statement) return storedUse(statement.ViewStmt.query, 'in CREATE VIEW', context, protectedColumns)
  if ('CopyStmt' in statement) return copyUse(statement.CopyStmt, context, protectedColumns)
  // What they run was analysed under its name.
  if ('ExecuteStmt' in statement) {
    context.refuse(protectionIn(statement.ExecuteStmt.params, scopeOf([], NO_ENVIRONMENT), context), 'in EXECUTE')
    return UNSEEN_USE
  }
  if ('FetchStmt' in statement) return UNSEEN_USE
  for (const path of names.functions) context.refuse(functionProtection(path, context), 'in a definition')
  const touches = refuseDefinition(statement, names, context, protectedColumns)
  return { touches, mentions: touches, mayReturn: false }
}

function isQuery(statement: Node): boolean {
  return 'SelectStmt' in statement || 'InsertStmt' in statement || 'UpdateStmt' in statement ||
    'DeleteStmt' in statement || 'MergeStmt' in statement
}

/** Most statements name nothing that could lead to a masked value: no scopes need to be built for them. */
function isClean(names: StatementNames, context: LineageContext, protectedColumns: ProtectedColumns): boolean {
  const { catalog } = context
  return !names.relations.some(({ relname }) => relname === undefined || protectedColumns.isProtectedName(relname)) &&
    !names.targets.some(({ relname = '' }) => catalog.relationsNamed(relname).some(({ schema }) => isSystemSchema(schema))) &&
    names.functions.every((path) => isHarmless(path, catalog)) &&
    !names.operators.some((name) => catalog.hasUserOperator(name)) &&
    !names.fields.some((name) => exposesOthersData(name) || catalog.functionsNamed(name).some((f) => !f.trusted))
}

function isHarmless(path: readonly string[], catalog: Catalog): boolean {
  const name = path.at(-1) ?? ''
  const candidates = catalog.functionsNamed(name)
  return candidates.length > 0 && candidates.every((candidate) => candidate.trusted) && !exposesOthersData(name)
}

/** A relation that the catalog does not hold may have been made since: its origin decides. */
function cleanUse(names: StatementNames, { catalog }: LineageContext): MaskUse {
  const isUnknown = names.relations.some(
    ({ relname = '' }) => !names.ctes.has(relname) && catalog.relationsNamed(relname).length === 0,
  )
  return isUnknown ? { ...UNSEEN_USE, touches: false } : NO_USE
}

/** Should there be a place in a query where the analysis does not look, no masked column may be in it. */
function followedColumns(query: Node, names: StatementNames, context: LineageContext, protectedColumns: ProtectedColumns): readonly OutputColumn[] {
  const columns = queryColumns(query, NO_ENVIRONMENT, context)
  const unmet = names.relations.find((range) => protectedColumns.isProtectedName(range.relname ?? '') && !context.met.has(range))
  if (unmet !== undefined) context.refuse(context.unseen(`table ${unmet.relname ?? ''}`), 'where it cannot be followed')
  return columns
}

function queryUse(query: Node, names: StatementNames, context: LineageContext, protectedColumns: ProtectedColumns): MaskUse {
  const columns = followedColumns(query, names, context, protectedColumns)
  for (const { protection } of columns) {
    if (protection?.maskable === false) context.refuse(protection, 'as a result, which cannot be masked')
  }
  return useOf(columns, context)
}

function useOf(columns: readonly OutputColumn[], context: LineageContext): MaskUse {
  return {
    touches: context.touched,
    mentions: context.touched || context.unknownRelation,
    mayReturn: context.unknownRelation || firstProtection(columns) !== undefined,
  }
}

const LEAVE_OUT = 'Leave the masked columns out; a plain SELECT of them is masked.'

/** What a query puts into a relation loses its origin, and what a new view shows is not known to be masked yet. */
function storedUse(query: Node | undefined, use: string, context: LineageContext, protectedColumns: ProtectedColumns): MaskUse {
  if (query === undefined) return UNSEEN_USE
  if ('ExecuteStmt' in query) context.refuse(context.unseen('a prepared statement'), use)
  const columns = followedColumns(query, namesInStatement(query), context, protectedColumns)
  context.refuse(firstProtection(columns), use, LEAVE_OUT)
  return { ...useOf(columns, context), mayReturn: false }
}

function copyUse(copy: CopyStmt, context: LineageContext, protectedColumns: ProtectedColumns): MaskUse {
  // A program on the target may do anything, and a file there may be the target's own.
  if (copy.filename !== undefined) context.refuse(context.unseen('COPY with a file or program'), 'while columns are masked', 'Copy FROM STDIN or TO STDOUT instead.')
  if (copy.query !== undefined) {
    const columns = followedColumns(copy.query, namesInStatement(copy.query), context, protectedColumns)
    // COPY names no origins.
    context.refuse(firstProtection(columns), 'in COPY', LEAVE_OUT)
    if (context.unknownRelation) context.refuse(context.unseen('a table made lately'), 'in COPY')
    return { touches: context.touched, mentions: context.touched, mayReturn: false }
  }
  if (copy.relation === undefined) return UNSEEN_USE
  const item = relationItem(copy.relation, context)
  if (copy.is_from) {
    refuseSystemTarget(copy.relation, context)
    context.refuse(protectionIn(copy.whereClause, scopeOf([item], NO_ENVIRONMENT), context), 'in COPY … WHERE')
    return { touches: context.touched, mentions: context.touched, mayReturn: false }
  }
  if (context.unknownRelation) context.refuse(context.unseen('a table made lately'), 'in COPY')
  const listed = copy.attlist?.map((node) => stringOf(node))
  const columns = listed === undefined ? item.columns : item.columns.filter((column) => listed.includes(column.name))
  context.refuse(firstProtection(columns), 'in COPY', 'List the columns to copy, or use SELECT.')
  return { touches: context.touched, mentions: context.touched, mayReturn: false }
}
