/** Whether a condition can keep a change from reaching every row. */
import { isFields } from './node-types.ts'
import type { Fields } from './node-types.ts'

/** @param condition a WHERE or ON expression, as a node */
export function canFilterRows(condition: unknown): boolean {
  if (!isFields(condition)) return false
  const bool = condition['BoolExpr']
  if (isFields(bool)) {
    const args = Array.isArray(bool['args']) ? bool['args'] : []
    return bool['boolop'] === 'OR_EXPR' ? args.every(canFilterRows) : args.some(canFilterRows)
  }
  const operation = condition['A_Expr']
  if (isFields(operation) && comparesWithItself(operation)) return false
  return mentionsColumn(condition)
}

/** `id = id` says nothing about a row but that it has an id. */
function comparesWithItself(operation: Fields): boolean {
  const left = columnName(operation['lexpr'])
  return left !== undefined && left === columnName(operation['rexpr'])
}

function columnName(node: unknown): string | undefined {
  return isFields(node) && isFields(node['ColumnRef']) ? JSON.stringify(node['ColumnRef']['fields']) : undefined
}

/** A condition that reads no column is the same for every row, be it a constant, a parameter, or a subquery without rows. */
function mentionsColumn(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mentionsColumn)
  if (!isFields(value)) return false
  for (const key in value) {
    if (key === 'ColumnRef' || key === 'CurrentOfExpr') return true
    if (mentionsColumn(value[key])) return true
  }
  return false
}
