import type { Node } from 'libpg-query'
import type { Catalog, Relation } from '../catalog.ts'
import { parseSql } from '../parser.ts'
import { EXPOSING_COLUMNS, EXPOSING_FUNCTIONS } from './exposing.ts'
import { protectionIn } from './expressions.ts'
import { LineageContext } from './lineage-context.ts'
import type { Protections } from './protections.ts'
import { MaskRefusal } from './protection.ts'
import type { OutputColumn, Protection } from './protection.ts'
import { queryColumns } from './queries.ts'
import { NO_ENVIRONMENT, scopeOf } from './scope.ts'

/** Views and materialised views whose queries may read something protected: the others are not parsed. */
export function viewsToFollow(catalog: Catalog, protections: Protections): Set<Relation> {
  const readers = new Map<number, Relation[]>()
  const views = new Set<Relation>()
  for (const view of catalog.relations) {
    if (view.definition === undefined) continue
    for (const oid of view.reads ?? []) readers.set(oid, [...(readers.get(oid) ?? []), view])
    if (view.callsUnknown || EXPOSING_NAME.test(view.definition)) views.add(view)
  }
  for (const relation of catalog.relations) {
    if (protections.isProtectedRelation(relation.oid)) for (const view of readers.get(relation.oid) ?? []) views.add(view)
  }
  // Views over these views; a set can grow while it is walked.
  for (const view of views) for (const reader of readers.get(view.oid) ?? []) views.add(reader)
  return views
}

/** Finds candidates only; what such a name means there is for the parser to say. */
const EXPOSING_NAME = new RegExp(`\\b(?:${[...Object.keys(EXPOSING_COLUMNS), ...EXPOSING_FUNCTIONS].join('|')})\\b`)

/** Protects a view's columns like the columns that they come from. */
export function protectView(view: Relation, catalog: Catalog, protections: Protections): void {
  const context = contextFor(catalog, protections)
  try {
    const columns = queryColumns(parseOne(view.definition ?? ''), NO_ENVIRONMENT, context)
    context.settle()
    protectByPosition(view, columns, protections, context)
  } catch (error) {
    // Anything that cannot be followed: every column could hold what is protected.
    protectAll(view, protections, error instanceof MaskRefusal ? error.protection : context.unseen('a view'))
  }
}

function protectByPosition(view: Relation, columns: readonly OutputColumn[], protections: Protections, context: LineageContext): void {
  const isProtected = columns.some((column) => column.protection !== undefined)
  const isPositional = columns.length === view.columns.length && !columns.some((column) => column.open)
  if (isProtected && !isPositional) return protectAll(view, protections, context.unseen('a view'))
  for (const [index, { number }] of view.columns.entries()) {
    const protection = columns[index]?.protection
    if (protection !== undefined) protections.protect(view, number, protection)
  }
}

function protectAll(view: Relation, protections: Protections, { mask }: Protection): void {
  for (const { number } of view.columns) {
    protections.protect(view, number, { mask: { ...mask, method: 'null' }, maskable: false })
  }
}

/**
 * A generated column that is computed from a protected one can only be masked by null.
 * @returns whether anything was added
 */
export function protectGenerated(catalog: Catalog, protections: Protections): boolean {
  let added = false
  for (const relation of catalog.relations) {
    if (!protections.isProtectedRelation(relation.oid)) continue
    for (const { generated, number } of relation.columns) {
      if (generated === undefined) continue
      const protection = generatedFrom(generated, relation, catalog, protections)
      if (protection === undefined) continue
      if (protections.protect(relation, number, { mask: { ...protection.mask, method: 'null' }, maskable: true })) added = true
    }
  }
  return added
}

function generatedFrom(expression: string, relation: Relation, catalog: Catalog, protections: Protections): Protection | undefined {
  const context = contextFor(catalog, protections)
  const columns = protections.columnsOf(relation)
  const table = { alias: relation.name, schemas: [relation.schema], columns }
  try {
    return protectionIn(parseOne(`select ${expression}`), scopeOf([{ tables: [table], columns }], NO_ENVIRONMENT), context)
  } catch {
    return context.unseen('a generated column')
  }
}

function contextFor(catalog: Catalog, protections: Protections): LineageContext {
  return new LineageContext({
    catalog, relations: protections, unseen: protections.unseen, inView: true, query: queryColumns,
  })
}

function parseOne(sql: string): Node {
  const [statement] = parseSql(sql)
  if (statement === undefined) throw new Error('a stored query is empty')
  return statement
}
