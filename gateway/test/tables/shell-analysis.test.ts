import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { analyseCommand, loadShellParser } from '../../src/shell/analyse-command.ts'
import { makeShellSandbox } from '../support/shell-sandbox.ts'
import type { ShellSandbox } from '../support/shell-sandbox.ts'
import { legitimateCommands } from './legitimate-commands.ts'
import { shellEvasions } from './shell-evasions.ts'

describe('what the analysis says of command lines', () => {
  let sandbox: ShellSandbox
  let untouched: string

  before(async () => {
    await loadShellParser()
    sandbox = makeShellSandbox()
    untouched = sandbox.snapshot()
  })

  after(() => sandbox.remove())

  it('is asked of enough members, told apart by their names', () => {
    assert.equal(new Set(shellEvasions.map((member) => `${member.class}: ${member.name}`)).size, shellEvasions.length)
    assert.equal(new Set(legitimateCommands.map(({ command }) => command)).size, legitimateCommands.length)
    assert.ok(shellEvasions.length >= 600)
    assert.ok(legitimateCommands.length >= 450)
  })

  for (const { class: kind, name, command, does } of shellEvasions) {
    it(`names what it does or does not know: ${kind}: ${name}`, () => {
      const { facts } = analyseCommand(command)
      assert.equal(facts.readOnly, false)
      assert.ok(facts.unknown || facts.actions.includes(does), facts.actions.join(' '))
      assert.equal(facts.unknown, facts.actions.includes('unknown'))
      assert.equal(facts.unknown, facts.unknownBecause !== undefined)
    })
  }

  for (const { command, actions } of legitimateCommands) {
    it(`knows: ${JSON.stringify(command)}`, () => {
      const { facts } = analyseCommand(command)
      assert.equal(facts.unknownBecause, undefined)
      assert.deepEqual(facts.actions, actions)
      assert.equal(facts.readOnly, actions.every((action) => action === 'read'))
    })
  }

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
