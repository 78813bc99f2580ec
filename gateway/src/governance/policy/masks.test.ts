import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import type { DetectorMask, MaskEntry } from './policy-document.ts'
import { document, subject } from './policy-samples.test-support.ts'

function activeNames(...masks: readonly Omit<MaskEntry, 'columns' | 'method'>[]): readonly string[] {
  const entries = masks.map((mask): MaskEntry => ({ columns: ['customers.ssn'], method: 'redact', ...mask }))
  return compilePolicy(document({ masks: entries }), 1).forSession(subject()).masks.map(({ name }) => name)
}

describe('a mask', () => {
  test('holds on every target it does not leave out, for everybody it does not except', () => {
    assert.deepEqual(activeNames(
      { name: 'all' }, { name: 'here', targets: ['other', 'shop'] }, { name: 'elsewhere', targets: ['other'] },
      { name: 'lifted', unless: '"support" in identity.groups' }, { name: 'kept', unless: '"privacy" in identity.groups' },
      { name: 'lifted-here', unless: 'target.labels.env == "prod" && session.purpose.startsWith("ticket ")' },
    ), ['all', 'here', 'kept'])
  })

  test('stays on when its exception cannot be evaluated', () => {
    assert.deepEqual(activeNames(
      { name: 'absent-claim', unless: 'identity.claims.privacy == true' },
      { name: 'wrong-type', unless: 'identity.claims.level.startsWith("x")' },
      { name: 'negated', unless: '!(identity.claims.privacy == "no")' },
    ), ['absent-claim', 'wrong-type', 'negated'])
  })
})

describe('a mask on text streams', () => {
  const entries: readonly (DetectorMask | MaskEntry)[] = [
    { name: 'people', detect: ['email'], method: 'redact' },
    { name: 'columns', columns: ['customers.ssn'], method: 'redact' },
    { name: 'lifted', detect: ['phone'], method: 'redact', unless: '"support" in identity.groups' },
    { name: 'elsewhere', patterns: ['ACME'], method: 'hash', targets: ['other'] },
    { name: 'kept', patterns: ['ACME-[0-9]+'], method: 'keep-last', keep: 2, unless: 'identity.claims.privacy == true' },
  ]

  test('holds like one on columns, and stands beside them', () => {
    const { masks, detectors } = compilePolicy(document({ masks: entries }), 1).forSession(subject())
    assert.deepEqual([masks.map(({ name }) => name), detectors?.map(({ name }) => name)], [['columns'], ['people', 'kept']])
  })

  test('is not there when none holds', () => {
    assert.equal(compilePolicy(document({ masks: entries.slice(1, 3) }), 1).forSession(subject()).detectors, undefined)
  })

  test('of an agent that acts for a person is lifted only when it would be for either', () => {
    const acted = subject({ groups: ['support'], actor: { kind: 'agent', name: 'helper', issuer: 'corp', subject: 'h-1', groups: [], claims: {} } })
    const { detectors } = compilePolicy(document({ masks: entries }), 1).forSession(acted)
    assert.deepEqual(detectors?.map(({ name }) => name), ['people', 'kept', 'lifted'])
  })
})
