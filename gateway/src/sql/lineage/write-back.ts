import type { Node } from 'libpg-query'
import { looksMasked } from '../../governance/masking/apply-mask.ts'
import type { LineageContext } from './lineage-context.ts'
import type { OutputColumn } from './protection.ts'

const HINT = 'Leave the column out: what you were shown in its place is not its value.'

/** Refuses `SET ssn = '[redacted]'`: a client that writes back what it was shown would destroy the value. */
export function refuseMaskedConstants(targets: readonly Node[] | undefined, columns: readonly OutputColumn[], context: LineageContext): void {
  for (const node of targets ?? []) {
    if (!('ResTarget' in node)) continue
    const { name, val } = node.ResTarget
    if (val !== undefined && 'MultiAssignRef' in val) {
      const { source, colno } = val.MultiAssignRef
      refuseWriteBack(name, rowsOf(source).map((row) => row[(colno ?? 1) - 1]), columns, context)
    } else {
      refuseWriteBack(name, [val], columns, context)
    }
  }
}

/** The same for INSERT, whose values stand in rows. */
export function refuseMaskedRow(
  names: readonly Node[] | undefined, source: Node, columns: readonly OutputColumn[], context: LineageContext,
): void {
  const targets = names === undefined
    ? columns.map((column) => column.name)
    : names.map((node) => ('ResTarget' in node ? node.ResTarget.name : undefined))
  const rows = rowsOf(source)
  for (const [index, name] of targets.entries()) refuseWriteBack(name, rows.map((row) => row[index]), columns, context)
}

function refuseWriteBack(
  name: string | undefined, values: readonly (Node | undefined)[], columns: readonly OutputColumn[], context: LineageContext,
): void {
  const protection = columns.find((column) => column.name === name)?.protection
  if (protection === undefined) return
  for (const value of values) {
    const text = constantText(value)
    if (text !== undefined && looksMasked(text, [protection.mask])) {
      context.refuse(protection, 'to store a masked value over the real one', HINT)
    }
  }
}

/** The expressions of each row of VALUES, ROW(…), or of a plain select list. */
function rowsOf(source: Node | undefined): readonly (readonly (Node | undefined)[])[] {
  if (source === undefined) return []
  if ('List' in source) return [source.List.items ?? []]
  if ('RowExpr' in source) return [source.RowExpr.args ?? []]
  if ('SubLink' in source) return rowsOf(source.SubLink.subselect)
  if (!('SelectStmt' in source)) return []
  const { valuesLists, targetList, larg, rarg } = source.SelectStmt
  if (larg !== undefined && rarg !== undefined) return [...rowsOf({ SelectStmt: larg }), ...rowsOf({ SelectStmt: rarg })]
  if (valuesLists !== undefined) return valuesLists.flatMap((row) => rowsOf(row))
  return [(targetList ?? []).map((node) => ('ResTarget' in node ? node.ResTarget.val : undefined))]
}

function constantText(value: Node | undefined): string | undefined {
  if (value === undefined) return undefined
  if ('TypeCast' in value) return constantText(value.TypeCast.arg)
  return 'A_Const' in value ? value.A_Const.sval?.sval : undefined
}
