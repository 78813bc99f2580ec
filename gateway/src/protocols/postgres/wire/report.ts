import { ByteReader, MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { BACKEND } from './message-types.ts'
import { cstring, message } from './message-writer.ts'

/**
 * Body of ErrorResponse and NoticeResponse: fields, each a type byte and a string, then a NUL.
 * https://www.postgresql.org/docs/18/protocol-error-fields.html
 */
export interface Report {
  readonly severity: 'ERROR' | 'FATAL' | 'NOTICE' | 'WARNING'
  /** SQLSTATE. */
  readonly code: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

export function writeReport(report: Report): Buffer {
  const notice = report.severity === 'NOTICE' || report.severity === 'WARNING'
  const fields = [cstring(`S${report.severity}`), cstring(`V${report.severity}`), cstring(`C${report.code}`), cstring(`M${report.message}`)]
  if (report.detail !== undefined) fields.push(cstring(`D${report.detail}`))
  if (report.hint !== undefined) fields.push(cstring(`H${report.hint}`))
  return message(notice ? BACKEND.notice : BACKEND.error, ...fields, new Uint8Array(1))
}

/** Field type bytes to values, in order of arrival. */
export function readReportFields(frame: Buffer, bodyStart: number, end: number): Map<string, string> {
  const reader = new ByteReader(frame, bodyStart, end)
  const fields = new Map<string, string>()
  for (;;) {
    const type = reader.uint8()
    if (type === 0) break
    if (fields.size > 64) throw new MalformedFrameError('an error report has too many fields')
    fields.set(String.fromCharCode(type), reader.cstring())
  }
  return fields
}

/** The message again, from its fields. `type` is the original's type byte. */
export function writeReportFields(type: number, fields: ReadonlyMap<string, string>): Buffer {
  const parts = Array.from(fields, ([name, value]) => cstring(name + value))
  return message(type, ...parts, new Uint8Array(1))
}
