import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Quotes, withoutQuotes } from './report-filter.ts'
import { BACKEND } from './wire/message-types.ts'
import { readReportFields, writeReportFields } from './wire/report.ts'

const NOTHING: Quotes = { details: false, raised: false, rows: false, inside: false }

/** The message and the detail that are left of a report. */
function left(code: string, quotes: Quotes, more: Readonly<Record<string, string>> = {}, type: number = BACKEND.error): string {
  const report = writeReportFields(type, new Map(Object.entries({ S: 'ERROR', V: 'ERROR', C: code, M: 'says value', D: 'detail value', W: 'where value', ...more })))
  const { bytes = report } = withoutQuotes(report, 0, report.length, quotes)
  const fields = readReportFields(bytes, 5, bytes.length)
  return [fields.get('M') === 'says value' ? 'message' : '', fields.has('D') || fields.has('W') ? 'detail' : ''].join(' ').trim()
}

describe('withoutQuotes', () => {
  it('takes every field that a function fills', () => {
    const report = writeReportFields(BACKEND.error, new Map(Array.from('SVCMDHsctdnWqp', (field) => [field, field === 'W' ? 'PL/pgSQL function f()' : 'P0001'])))
    const { bytes = report } = withoutQuotes(report, 0, report.length, { ...NOTHING, inside: true })
    assert.deepEqual([...readReportFields(bytes, 5, bytes.length).keys()], ['S', 'V', 'C', 'M'])
  })

  const cases: readonly (readonly [string, string, string])[] = [
    ['passes a report of what quotes nothing', left('22P02', NOTHING), 'message detail'],
    ['takes details from a change that may reach masked rows', left('23502', { ...NOTHING, details: true }), 'message'],
    ['takes the text of an exception that a function raised', left('P0001', { ...NOTHING, raised: true }), ''],
    ['takes the text of a notice', left('00000', { ...NOTHING, raised: true }, {}, BACKEND.notice), ''],
    ['takes the text of a complaint about a value that no encoding of the client has', left('22P05', { ...NOTHING, rows: true }), ''],
    ['takes the text of a complaint about a value that is no number', left('22P02', { ...NOTHING, rows: true }), ''],
    ['takes the text of a complaint about a date', left('22007', { ...NOTHING, rows: true }), ''],
    ['leaves the text of a complaint about a constant of the statement', left('22P02', { ...NOTHING, rows: true }, { P: '8' }), 'message'],
    ['leaves the text of a division by zero', left('22012', { ...NOTHING, rows: true }), 'message'],
    ['takes what a function says inside a statement', left('23514', { ...NOTHING, inside: true }, { W: 'PL/pgSQL function f() line 1 at RAISE' }), ''],
    ['takes what a function says in another language', left('23514', { ...NOTHING, inside: true }, { W: 'PL/pgSQL-Funktion f() Zeile 1 bei RAISE' }), ''],
    ['takes what a function says below a statement of the server’s own', left('23514', { ...NOTHING, inside: true }, { W: 'PL/pgSQL function f() line 1 at RAISE\nSQL statement "update"' }), ''],
    ['leaves what is said of a line of COPY', left('22P02', { ...NOTHING, inside: true }, { W: 'COPY t, line 1, column a: "x"' }), 'message detail'],
    ['leaves the text of what names objects only', left('23505', { details: true, raised: true, rows: true, inside: true }, { W: 'SQL statement "select"' }), 'message'],
  ]
  for (const [name, is, wanted] of cases) it(name, () => assert.equal(is, wanted))
})
