import { BACKEND } from './wire/message-types.ts'
import { readReportFields, writeReportFields } from './wire/report.ts'

/** Fields that may quote rows, parameters or inner statements: detail, context, internal query and its position. */
const QUOTING = ['D', 'W', 'q', 'p']
/** Fields that a function fills as it likes, besides the message: hint, and names of schema, table, column, type, constraint. */
const SPOKEN = ['H', 's', 't', 'c', 'd', 'n']
const WITHHELD = 'raised by the target; its text is withheld, because it could quote masked columns'

/** Where in a report masked values may stand. */
export interface Quotes {
  /** In what is said of the rows that failed. */
  readonly details: boolean
  /** In what a trigger or function raises, which may say anything. */
  readonly raised: boolean
  /** In a complaint about a value of a row. */
  readonly rows: boolean
  /** In what code says that runs inside the statement, such as a trigger's, whatever the statement names. */
  readonly inside: boolean
}

/** Contexts of the server's own. What is not known here, also in another language, is some function's. */
const OWN_CONTEXT = /^(?:COPY |JSON data|parallel worker|while |SQL statement ")/

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
  const context = fields.get('W')
  const inside = quotes.inside && context !== undefined && !context.split('\n').every((line) => OWN_CONTEXT.test(line))
  if (!quotes.details && !quotes.raised && !quotes.rows && !inside) return { bytes: undefined, code, fatal }
  for (const field of QUOTING) fields.delete(field)
  const type = frame[start] ?? BACKEND.error
  const raised = type === BACKEND.notice || code.startsWith('P0') || !/^[0-9A-Z]{5}$/.test(code)
  // Most of the server's own messages name objects. With a position it is a constant of the statement that is complained of.
  const aboutValue = code.startsWith('22') && !WITHOUT_VALUE.has(code) && !fields.has('P')
  if (inside || (quotes.raised && raised)) for (const field of SPOKEN) fields.delete(field)
  if (inside || (quotes.raised && raised) || (quotes.rows && aboutValue)) fields.set('M', WITHHELD)
  return { bytes: writeReportFields(type, fields), code, fatal }
}
