import { BACKEND } from './wire/message-types.ts'
import { readReportFields, writeReportFields } from './wire/report.ts'

/** Fields that may quote rows, parameters or inner statements: detail, context, internal query and its position. */
const QUOTING = ['D', 'W', 'q', 'p']
const WITHHELD = 'raised by the target; its text is withheld, because the statement touches masked columns'

/** Where in a report masked values may stand. */
export interface Quotes {
  /** In what is said of the rows that failed. */
  readonly details: boolean
  /** In what a trigger or function raises, which may say anything. */
  readonly raised: boolean
  /** In a complaint about a value of a row. */
  readonly rows: boolean
}

/** Data exceptions that quote no value. */
const WITHOUT_VALUE = new Set(['22001', '22004', '22011', '22012', '2201E', '2201F', '2201G', '2201W', '2201X'])

/**
 * An error or notice without what could quote masked values.
 * @returns `bytes` undefined when it may pass as it is
 */
export function withoutQuotes(frame: Buffer, start: number, end: number, quotes: Quotes): { bytes: Buffer | undefined; code: string; fatal: boolean } {
  const fields = readReportFields(frame, start + 5, end)
  const code = fields.get('C') ?? 'XX000'
  const severity = fields.get('V') ?? fields.get('S')
  const fatal = severity === 'FATAL' || severity === 'PANIC'
  if (!quotes.details && !quotes.raised && !quotes.rows) return { bytes: undefined, code, fatal }
  for (const field of QUOTING) fields.delete(field)
  const type = frame[start] ?? BACKEND.error
  const raised = type === BACKEND.notice || code.startsWith('P0') || !/^[0-9A-Z]{5}$/.test(code)
  // Most of the server's own messages name objects. With a position it is a constant of the statement that is complained of.
  const aboutValue = code.startsWith('22') && !WITHOUT_VALUE.has(code) && !fields.has('P')
  if ((quotes.raised && raised) || (quotes.rows && aboutValue)) fields.set('M', WITHHELD)
  return { bytes: writeReportFields(type, fields), code, fatal }
}
