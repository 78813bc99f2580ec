import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiFailure } from './api-failure.ts'
import { recordEvent } from './record-event.ts'

const failure = (error: unknown): boolean => error instanceof ApiFailure && error.body.code === 'not-recorded'

test('what cannot be put on record is told as such, whether the ledger takes it and cannot write it or takes nothing more', async () => {
  await recordEvent({ append: () => undefined, onWritten: (done) => done(undefined) }, '{}')
  await assert.rejects(recordEvent({ append: () => undefined, onWritten: (done) => done(new Error('no space')) }, '{}'), failure)
  await assert.rejects(recordEvent({ append: () => { throw new Error('too much waits') }, onWritten: () => undefined }, '{}'), failure)
})
