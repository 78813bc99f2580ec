import type { Node } from 'libpg-query'
import { stringOf, stringsOf } from './tree.ts'

/**
 * The name PostgreSQL gives to an unnamed expression of a select list (`FigureColname`), for the cases where it is
 * simple. Absent otherwise: a wrong name could hide a column of an outer query, a missing one hides nothing.
 */
export function outputName(value: Node | undefined): string | undefined {
  if (value === undefined) return undefined
  if ('ColumnRef' in value) return stringOf(value.ColumnRef.fields?.at(-1))
  if ('FuncCall' in value) return stringsOf(value.FuncCall.funcname).at(-1)
  if ('CoalesceExpr' in value) return 'coalesce'
  if ('A_Const' in value) return '?column?'
  if ('TypeCast' in value && value.TypeCast.arg !== undefined && 'ColumnRef' in value.TypeCast.arg) {
    return outputName(value.TypeCast.arg)
  }
  return undefined
}
