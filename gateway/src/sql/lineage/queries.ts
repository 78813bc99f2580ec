import type { Node } from 'libpg-query'
import { changeColumns } from './changes.ts'
import type { LineageContext } from './lineage-context.ts'
import { OPEN_COLUMN } from './protection.ts'
import type { OutputColumn } from './protection.ts'
import type { Environment } from './scope.ts'
import { selectColumns } from './select.ts'
import { tagged } from './tree.ts'

/** The columns that a query gives: of SELECT, VALUES, TABLE, or of RETURNING. */
export function queryColumns(query: Node, environment: Environment, context: LineageContext): readonly OutputColumn[] {
  if ('SelectStmt' in query) return selectColumns(query.SelectStmt, environment, context)
  const columns = changeColumns(query, environment, context)
  if (columns !== undefined) return columns
  context.unresolvedName(`a query of kind ${tagged(query)[0]}`)
  return [OPEN_COLUMN]
}
