import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { analyseCommand, loadShellParser } from '../../src/shell/analyse-command.ts'
import { legitimateCommands } from './legitimate-commands.ts'
import { shellEvasions } from './shell-evasions.ts'

describe('what the analysis says of command lines', () => {
  before(loadShellParser)

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
})
