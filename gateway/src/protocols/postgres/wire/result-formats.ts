import { ByteReader } from '../../../bytes/byte-reader.ts'
import { HEADER_BYTES } from './message-types.ts'

/** Result formats of a Bind, 0 text and 1 binary: none for all text, one for all columns, or one a column. */
export function readResultFormats(frame: Buffer, parametersAt: number, end: number): number[] {
  const reader = new ByteReader(frame, parametersAt, end)
  reader.take(2 * reader.int16())
  const parameters = reader.int16()
  for (let i = 0; i < parameters; i++) reader.take(Math.max(reader.int32(), 0))
  return Array.from({ length: Math.max(reader.int16(), 0) }, () => reader.int16())
}

/** A statement's RowDescription, in which all formats are text, as that of a portal: with the formats of its Bind. */
export function withFormats(description: Buffer, formats: readonly number[]): Buffer {
  if (formats.every((format) => format === 0)) return description
  const described = Buffer.from(description)
  const reader = new ByteReader(described, HEADER_BYTES)
  const columns = reader.int16()
  for (let i = 0; i < columns; i++) {
    reader.cstringEnd()
    reader.take(16)
    described.writeInt16BE(formats[formats.length === 1 ? 0 : i] ?? 0, reader.position)
    reader.take(2)
  }
  return described
}
