import { maskValue } from '../../governance/masking/apply-mask.ts'
import type { ProtectedColumns } from '../../sql/lineage/protected-columns.ts'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { ColumnMask, RowPlan } from './names.ts'
import { HEADER_BYTES } from './wire/message-types.ts'
import type { RowColumn } from './wire/row-description.ts'

/** OIDs of types whose text and binary forms are both the characters themselves, whatever the characters. */
const TEXT_TYPES = new Set([19 /* name */, 25 /* text */, 705 /* unknown */, 1042 /* bpchar */, 1043 /* varchar */])

/**
 * Decides for each column of a result what is done to its values.
 * @param utf8 whether the target sends texts in UTF-8
 */
export function planRow(columns: readonly RowColumn[], protectedColumns: ProtectedColumns, hashKey: Uint8Array, utf8: boolean): RowPlan {
  let masked = false
  const plan = columns.map(({ tableOid, attribute, typeOid }): ColumnMask | undefined => {
    const mask = tableOid === 0 ? undefined : protectedColumns.maskOf(tableOid, attribute)
    if (mask === undefined) return undefined
    masked = true
    // Characters are counted in UTF-8; in another encoding nothing is kept of the value.
    const isText = TEXT_TYPES.has(typeOid) && (utf8 || mask.method !== 'keep-last')
    return { replace: (value) => maskValue(mask, value, isText, hashKey) }
  })
  return masked ? plan : 'verbatim'
}

/**
 * DataRow with its masked values replaced. NULL stays NULL.
 *
 *   +-----+--------+-------+  then for each column
 *   | 'D' | length | count |  +----------------------+-------+
 *   |     | int32  | int16 |  | length int32, -1 null | value |
 *   +-----+--------+-------+  +----------------------+-------+
 * @param counted counts the values that are replaced
 * @param original told of each masked value before its mask, with its column's number from 1
 * @throws MalformedFrameError when the row is not what was described
 */
export function maskRow(
  frame: Buffer, start: number, end: number, plan: readonly (ColumnMask | undefined)[], counted: { masked: number }, original?: (column: number, value: Buffer) => void,
): Buffer {
  const count = frame.readInt16BE(start + HEADER_BYTES)
  if (count !== plan.length) throw new MalformedFrameError('a row does not have the columns that were described')
  const pieces: Uint8Array[] = []
  let total = 2
  let at = start + HEADER_BYTES + 2
  for (const [index, mask] of plan.entries()) {
    if (at + 4 > end) throw new MalformedFrameError('a row is shorter than its columns')
    const length = frame.readInt32BE(at)
    const next = at + 4 + Math.max(length, 0)
    if (length < -1 || next > end) throw new MalformedFrameError('a row is shorter than its columns')
    if (mask === undefined || length === -1) {
      pieces.push(frame.subarray(at, next))
      total += next - at
    } else {
      const value = frame.subarray(at + 4, next)
      original?.(index + 1, value)
      const replaced = mask.replace(value)
      counted.masked += 1
      const header = Buffer.alloc(4)
      header.writeInt32BE(replaced === null ? -1 : replaced.length)
      pieces.push(header)
      if (replaced !== null) pieces.push(replaced)
      total += 4 + (replaced?.length ?? 0)
    }
    at = next
  }
  if (at !== end) throw new MalformedFrameError('a row is longer than its columns')
  const out = Buffer.allocUnsafe(HEADER_BYTES + total)
  out[0] = frame[start] ?? 0
  out.writeInt32BE(4 + total, 1)
  out.writeInt16BE(count, HEADER_BYTES)
  let to = HEADER_BYTES + 2
  for (const piece of pieces) {
    out.set(piece, to)
    to += piece.length
  }
  return out
}
