import { ByteReader } from '../../../bytes/byte-reader.ts'

/** One column of RowDescription, as far as masking needs it. */
export interface RowColumn {
  /** 0 when the column is no plain table column. */
  readonly tableOid: number
  /** `attnum`; 0 when the column is no plain table column. */
  readonly attribute: number
  readonly typeOid: number
}

/**
 *   +-------+  then for each column
 *   | count |  +--------+-----------+---------+----------+---------+---------+--------+
 *   | int16 |  | name\0 | table oid | attnum  | type oid | typelen | typmod  | format |
 *   +-------+  |        | int32     | int16   | int32    | int16   | int32   | int16  |
 *              +--------+-----------+---------+----------+---------+---------+--------+
 */
export function readRowDescription(frame: Buffer, bodyStart: number, end: number): RowColumn[] {
  const reader = new ByteReader(frame, bodyStart, end)
  const count = reader.int16()
  const columns: RowColumn[] = []
  for (let i = 0; i < count; i++) {
    reader.cstringEnd()
    const tableOid = reader.uint32()
    const attribute = reader.int16()
    const typeOid = reader.uint32()
    reader.take(8)
    columns.push({ tableOid, attribute, typeOid })
  }
  reader.expectEnd()
  return columns
}
