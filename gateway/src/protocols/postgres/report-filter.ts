import { BACKEND } from './wire/message-types.ts'
import { readReportFields, writeReportFields } from './wire/report.ts'

/** Fields that may quote rows, parameters or inner statements: detail, context, internal query and its position. */
const QUOTING = ['D', 'W', 'q', 'p']
const WITHHELD = 'raised by the target; its text is withheld, because the statement touches masked columns'

/**
 * An error or notice without what could quote masked values.
 * @param mayQuote false: it passes as it is, only its code is read
 * @returns `bytes` undefined when it may pass as it is
 */
export function withoutQuotes(frame: Buffer, start: number, end: number, mayQuote: boolean, readOnly: boolean): { bytes: Buffer | undefined; code: string; fatal: boolean } {
  const fields = readReportFields(frame, start + 5, end)
  const code = fields.get('C') ?? 'XX000'
  const severity = fields.get('V') ?? fields.get('S')
  const fatal = severity === 'FATAL' || severity === 'PANIC'
  if (!mayQuote) return { bytes: undefined, code, fatal }
  for (const field of QUOTING) fields.delete(field)
  // The server's own messages name objects, not values; what a trigger or function raises may say anything.
  const type = frame[start] ?? BACKEND.error
  if (!readOnly && (type === BACKEND.notice || code.startsWith('P0') || !/^[0-9A-Z]{5}$/.test(code))) fields.set('M', WITHHELD)
  return { bytes: writeReportFields(type, fields), code, fatal }
}
