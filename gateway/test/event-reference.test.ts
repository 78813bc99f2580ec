import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventReference, GENERATED } from './support/event-reference.ts'

const path = new URL('../../docs/reference/events.md', import.meta.url)

test('the reference of events is what the schema says (WRITE_REFERENCE=1 writes it anew)', () => {
  const [prose = '', generated] = readFileSync(path, 'utf8').split(`${GENERATED}\n`)
  assert.notEqual(generated, undefined, 'the mark is missing')
  if (process.env['WRITE_REFERENCE'] === '1') writeFileSync(path, `${prose}${GENERATED}\n\n${eventReference()}`)
  else assert.equal(generated, `\n${eventReference()}`)
})
