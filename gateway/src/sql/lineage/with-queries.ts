import type { CommonTableExpr, Node, WithClause } from 'libpg-query'
import { renameColumns } from './find-column.ts'
import type { LineageContext } from './lineage-context.ts'
import { OPEN_COLUMN, firstProtection } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import type { CteScope, Environment } from './scope.ts'
import { stringsOf } from './tree.ts'

/** Analyses the queries of a WITH clause and gives the scope in which they have names. */
export function withQueries(clause: WithClause | undefined, environment: Environment, context: LineageContext): CteScope | undefined {
  const queries = (clause?.ctes ?? []).flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []))
  if (queries.length === 0) return environment.ctes
  if (clause?.recursive) return recursiveQueries(queries, environment, context)
  let scope = environment.ctes
  for (const query of queries) {
    const columns = cteColumns(query, { outer: environment.outer, ctes: scope }, context)
    scope = { outer: scope, find: (name) => (name === query.ctename ? columns : undefined) }
  }
  return scope
}

interface RecursiveQuery {
  readonly query: CommonTableExpr
  state: 'waiting' | 'running' | 'done'
  columns: readonly OutputColumn[]
  /** While running: what a reference to itself gives. */
  self: readonly OutputColumn[] | undefined
}

/** WITH RECURSIVE lets every query name each other, also those after it, and itself. */
function recursiveQueries(queries: readonly CommonTableExpr[], environment: Environment, context: LineageContext): CteScope {
  const entries = new Map<string, RecursiveQuery>(
    queries.map((query) => [query.ctename ?? '', { query, state: 'waiting', columns: [], self: undefined }]),
  )
  const scope: CteScope = {
    outer: environment.ctes,
    find: (name) => {
      const entry = entries.get(name)
      return entry === undefined ? undefined : columnsOf(entry)
    },
  }
  const inner = { outer: environment.outer, ctes: scope }

  function columnsOf(entry: RecursiveQuery): readonly OutputColumn[] {
    if (entry.state === 'done') return entry.columns
    if (entry.state === 'running') return (entry.self ??= selfColumns(entry))
    entry.state = 'running'
    entry.columns = cteColumns(entry.query, inner, context)
    entry.state = 'done'
    // The second term was analysed with the first term's columns as clean ones.
    if (entry.self !== undefined) context.refuse(firstProtection(entry.columns), 'in a recursive WITH query')
    return entry.columns
  }

  function selfColumns(entry: RecursiveQuery): readonly OutputColumn[] {
    entry.self = [OPEN_COLUMN]
    const query = entry.query.ctequery
    const first = query !== undefined && 'SelectStmt' in query ? query.SelectStmt.larg : undefined
    if (first === undefined) return entry.self
    const columns = cteColumns({ ...entry.query, ctequery: { SelectStmt: first } }, inner, context)
    context.refuse(firstProtection(columns), 'in a recursive WITH query')
    return columns
  }

  for (const entry of entries.values()) columnsOf(entry)
  return scope
}

function cteColumns(cte: CommonTableExpr, environment: Environment, context: LineageContext): readonly OutputColumn[] {
  const query: Node | undefined = cte.ctequery
  if (query === undefined) return [OPEN_COLUMN]
  const columns = renameColumns(context.query(query, environment), stringsOf(cte.aliascolnames), context)
  const added = [
    cte.search_clause?.search_seq_column,
    cte.cycle_clause?.cycle_mark_column,
    cte.cycle_clause?.cycle_path_column,
  ].flatMap((name) => (name === undefined ? [] : [{ name }]))
  return [...columns, ...added]
}
