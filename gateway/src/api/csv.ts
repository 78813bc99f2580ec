/**
 * One record of RFC 4180, with its line end. Null is an empty field, the empty text one in quotes. A text that a spreadsheet would take
 * for a formula gets an apostrophe in front, unless it is a number.
 */
export function csvLine(values: readonly (string | number | null)[]): string {
  return `${values.map(csvField).join(',')}\r\n`
}

const FORMULA = /^[=+\-@\t\r\n]/
const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/
const PLAIN = /^[^",\r\n\s][^",\r\n]*$/

function csvField(value: string | number | null): string {
  if (value === null) return ''
  const text = typeof value === 'number' || NUMBER.test(value) || !FORMULA.test(value) ? String(value) : `'${value}`
  return PLAIN.test(text) ? text : `"${text.replaceAll('"', '""')}"`
}
