import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { makeShellSandbox, type ShellSandbox } from '../support/shell-sandbox.ts'
import { legitimateCommands } from '../tables/legitimate-commands.ts'
import { shellEvasions } from '../tables/shell-evasions.ts'

describe('what is said of command lines', () => {
  let sandbox: ShellSandbox
  let untouched: string

  before(() => {
    sandbox = makeShellSandbox()
    untouched = sandbox.snapshot()
  })

  after(() => sandbox.remove())

  it('is of commands that really change something when a shell runs them', () => {
    const harmless: string[] = []
    for (const { class: kind, name, command, shell, unproved } of shellEvasions) {
      if (unproved !== undefined) continue
      sandbox.run(shell, command)
      if (sandbox.snapshot() === untouched) harmless.push(`${kind}: ${name}`)
      sandbox.reset()
    }
    assert.deepEqual(harmless, [])
  })

  it('calls a read only what changes nothing when a shell runs it', () => {
    const changing: string[] = []
    for (const { command, actions } of legitimateCommands) {
      if (actions.some((action) => action !== 'read') || ENDLESS.some((program) => command.includes(program))) continue
      sandbox.run('bash', command)
      if (sandbox.snapshot() !== untouched) {
        changing.push(command)
        sandbox.reset()
      }
    }
    assert.deepEqual(changing, [])
  })
})

/** Go on until they are ended, or take long; top makes a folder for its settings. */
const ENDLESS = ['top -b', 'tail -f', 'journalctl -f', 'watch', 'find /var', 'find /etc', 'docker', 'kubectl', 'vmstat', 'iostat', 'rpm', 'apt', 'dpkg', 'npm', 'pip', 'scp', 'rsync --server', 'git-upload-pack']
