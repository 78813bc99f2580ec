import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPolicy } from './open-policy.ts'
import { readConfig } from './open-state.ts'
import { openStorage } from './storage/open-storage.ts'

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const documentOf = (rule: string): string => `version: 1
issuers: []
agents: []
targets: []
masks: []
rules:
  - { name: ${rule}, when: operation.readOnly, then: allow }
`

test('each gateway knows its own file; one that cannot read what is in force says what to do, and starts with a changed file', async (t) => {
  const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
  t.after(() => storage.close())
  const open = async (rule: string, gateway = 'one') => (await openPolicy(readConfig(documentOf(rule)), storage, gateway, log)).current
  assert.equal((await open('old')).version, 1)
  await storage.policyVersions.append(documentOf('applied'), 'avery')
  assert.deepEqual([(await open('old')).version, (await open('old')).document.rules[0]?.name], [2, 'applied'])
  // Another gateway that shares the state starts for the first time.
  assert.equal((await open('new', 'two')).version, 3)
  assert.equal((await open('old')).version, 3)
  await storage.policyVersions.append('version: 99', 'avery')
  await assert.rejects(open('old'), /policy version 4, which avery applied, is in force and cannot be read by this gateway; change the file/)
  assert.equal((await open('changed')).version, 5)
})
