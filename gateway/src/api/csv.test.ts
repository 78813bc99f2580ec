import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { csvLine } from './csv.ts'

/** RFC 4180, written from its grammar: fields in quotes keep everything, a quote is written twice. */
function readRecord(record: string): (string | null)[] {
  assert.ok(record.endsWith('\r\n'))
  const fields: (string | null)[] = []
  for (let at = 0; at <= record.length - 2;) {
    let value: string | null = null
    if (record[at] === '"') {
      value = ''
      for (at += 1; record[at] !== '"' || record[at + 1] === '"'; at += 1) {
        if (record[at] === '"') at += 1
        value += record.charAt(at)
      }
      at += 1
    } else {
      const end = at + (/[,\r\n]/.exec(record.slice(at))?.index ?? assert.fail('no end'))
      if (end > at) value = record.slice(at, end)
      assert.doesNotMatch(value ?? '', /"/)
      at = end
    }
    fields.push(value)
    assert.ok(record[at] === ',' || at === record.length - 2, 'a comma or the end stands behind a field')
    at += 1
  }
  return fields
}

const text = fc.oneof(fc.constantFrom('', '=1+1', '+x', '-5', '-x', '@a', '\tx', '\r', '"', ',', 'a"b,c\r\n', "'", ' x', '1e5', '-1.5', '+4912345'), fc.string({ unit: 'binary' }))

test('a record is read back as it was written, an apostrophe before formulas apart', () => {
  fc.assert(fc.property(fc.array(fc.option(text), { minLength: 1, maxLength: 5 }), (values) => {
    const read = readRecord(csvLine(values))
    assert.deepEqual(read.map((value, index) => (value === `'${values[index]}` ? values[index] : value)), values)
  }))
})

test('no field begins like a formula, unless it is a number', () => {
  fc.assert(fc.property(text, (value) => {
    const [read] = readRecord(csvLine([value]))
    assert.ok(!/^[=+\-@\t\r\n]/.test(read ?? '') || Number.isFinite(Number(read)), JSON.stringify(read))
  }))
  assert.equal(csvLine(['=1+1', '-5', '+1e3', '-x', '@SUM(A1)', 7, null, '']), `'=1+1,-5,+1e3,'-x,'@SUM(A1),7,,""\r\n`)
})
