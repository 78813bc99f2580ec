import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { AgentEntry } from '../governance/policy/policy-document.ts'
import { addEntry, EntryEditError, removeEntries } from './edit-entries.ts'

const addAgent = (text: string, entry: AgentEntry) => addEntry(text, 'agents', entry)
const removeAgents = (text: string, names: readonly string[]) => removeEntries(text, 'agents', names)

const bot: AgentEntry = { name: 'bot', issuer: 'corp', match: { azp: 'bot' }, owner: 'dana', purpose: 'reads: all # really', targets: ['shop'], expires: '2027-01-31' }

const DOCUMENT = `# The policy of the shop.
version:   1
agents:   # who may come
  # the first
  - name:   one   # aligned
    match: {azp: one}

  # the second,
  # in two lines
  - {name: two,   match: {azp: two}}   # short
  - name: three
    purpose: |
      many
      lines


# What may be done.
rules:
  - { name: reads,   when: 'operation.readOnly', then: allow }
`

describe('a change of agents in the text of a policy', () => {
  it('adds behind the last, and leaves every other letter as it is', () => {
    const text = addAgent(DOCUMENT, bot)
    const [before = '', after = ''] = DOCUMENT.split('\n\n# What')
    assert.equal(text, `${before}
  - name: bot
    issuer: corp
    match:
      azp: bot
    owner: dana
    purpose: "reads: all # really"
    targets:
      - shop
    expires: 2027-01-31

# What${after}`.replace('lines\n\n  - name: bot', 'lines\n  - name: bot').replace('2027-01-31\n\n#', '2027-01-31\n\n\n#'))
  })

  it('removes with the comment above and leaves every other letter as it is', () => {
    assert.equal(removeAgents(DOCUMENT, ['two']), DOCUMENT.replace(/ {2}# the second,\n.*\n.*# short\n/, ''))
    assert.equal(removeAgents(DOCUMENT, ['one']), DOCUMENT.replace(/ {2}# the first\n.*\n.*one\}\n/, ''))
    assert.equal(removeAgents(DOCUMENT, ['three']), DOCUMENT.replace(/ {2}- name: three\n.*\n.*\n {6}lines\n/, ''))
    assert.deepEqual(parse(removeAgents(DOCUMENT, ['three', 'one'])).agents, [{ name: 'two', match: { azp: 'two' } }])
  })

  it('takes back what it added, letter by letter', () => {
    assert.equal(removeAgents(addAgent(DOCUMENT, bot), ['bot']), DOCUMENT)
  })

  it('keeps comments also where the list is written in one line, empty, or not there', () => {
    for (const text of [
      '# top\nversion: 1\nagents: [{name: one}] # all\nrules: [] # none\n', '# top\nversion: 1\nagents: []\nrules: [] # none\n', '# top\nversion: 1\nrules: [] # none',
      '# top\n{version: 1, rules: []} # none\n', 'version: 1 # top\nrules:\n- name: x # none\nagents:\n- name: one\n', 'version: 1 # top\r\nagents:\r\n  - name: one # none\r\n',
    ]) {
      const edited = addAgent(text, bot)
      assert.deepEqual(parse(edited), { ...parse(text), agents: [...(parse(text).agents ?? []), bot] }, text)
      assert.ok(edited.includes('# top') && edited.includes('# none'), edited)
      assert.deepEqual(parse(removeAgents(edited, ['bot'])), { ...parse(text), agents: parse(text).agents ?? [] })
    }
  })

  it('refuses what it would have to change something else for, and agents that are not there', () => {
    assert.throws(() => removeAgents(DOCUMENT, ['four']), EntryEditError)
    assert.throws(() => removeAgents('version: 1\n', ['four']), EntryEditError)
    assert.throws(() => removeAgents('version: 1\nagents:\n  - &a { name: one, match: &m {azp: x} }\n  - { name: two, match: *m }\n', ['one']), EntryEditError)
    assert.throws(() => addAgent('version: 1\nx: &a []\nagents: *a\n', bot), EntryEditError)
    assert.throws(() => addAgent('- 1\n', bot), EntryEditError)
  })

  it('says what was asked for and nothing else, whatever the entries hold', () => {
    const odd = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('null', '- x', '# x', 'a: b', '*x', '&x', '!x', '', ' ', '\n', '|', "'", '"', '2027-01-01', '~', 'true', '\u0085', '\u2028', '---', '...'))
    const entry = fc.record({ name: fc.uuid(), issuer: odd, match: fc.dictionary(fc.constantFrom('azp', 'sub', 'a b', 'x:y', '#'), odd, { minKeys: 1, noNullPrototype: true }), owner: odd, purpose: odd }, { noNullPrototype: true })
    fc.assert(fc.property(fc.array(entry, { maxLength: 4 }), entry, fc.boolean(), fc.nat(), (entries, added, start, pick) => {
      let text = start ? DOCUMENT : 'version: 1\n'
      for (const one of entries) text = addAgent(text, one)
      const before = parse(text)
      const edited = addAgent(text, added)
      assert.deepEqual(parse(edited), { ...before, agents: [...(before.agents ?? []), added] })
      const gone = parse(edited).agents[pick % parse(edited).agents.length].name as string
      assert.deepEqual(parse(removeAgents(edited, [gone])).agents, parse(edited).agents.filter(({ name }: { name: string }) => name !== gone))
    }), { numRuns: 100 })
  })
})
