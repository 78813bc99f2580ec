import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

let journey: SshJourney
before(async () => {
  journey = await startSshJourney()
})
after(() => journey.stop())

test('runs a command, and gives its output', async () => {
  const { status, output, errors } = await journey.ssh([], 'echo hi')
  assert.equal(output, 'hi\n', errors)
  assert.equal(status, 0)
})
