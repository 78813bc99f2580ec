import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeAll } from './close-all.ts'

test('what cannot be closed keeps nothing else open, and is told', async () => {
  const closed: string[] = []
  const close = (name: string, fails = false) => async (): Promise<void> => {
    await Promise.resolve()
    closed.push(name)
    if (fails) throw new Error(`${name} cannot be closed`)
  }
  await assert.rejects(closeAll([close('storage'), close('ledger', true), close('api', true), close('listeners')]), /api cannot be closed/)
  assert.deepEqual(closed, ['listeners', 'api', 'ledger', 'storage'])
})
