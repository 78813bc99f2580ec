import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

let journey: SshJourney
before(async () => {
  journey = await startSshJourney()
})
after(() => journey.stop())

/** What the terminal showed. */
async function terminal(what: string, environment: string[] = []): Promise<string> {
  const { output, errors } = await journey.start('env', [...environment, '/usr/bin/python3', join(import.meta.dirname, 'ssh_terminal.py'), what, ...journey.flags]).result
  assert.equal(errors, '')
  return output
}

test('a terminal has the size of the window, also once that has changed', async () => {
  const shown = await terminal('resize')
  assert.match(shown, /first 33 100/)
  assert.match(shown, /then 50 132/)
})

test('an interrupt that is typed ends what runs, and the shell goes on', async () => {
  assert.match(await terminal('interrupt'), /status 130/)
})

test('vi is shown, and hears every key', async () => {
  const file = join(journey.sshd.folder, 'written')
  const shown = await terminal('vi', [`FILE=${file}`])
  assert.equal(readFileSync(file, 'utf8'), 'written in vi\n', shown)
})

test('top is shown, and ends by a key', async () => {
  const shown = await terminal('top')
  assert.match(shown, /PID/)
  assert.match(shown, /closed/)
})

test('tmux is shown, and follows the window', async () => {
  const shown = await terminal('tmux')
  assert.match(shown, /inside tmux 29 90/)
  assert.match(shown, /39 120/)
})
