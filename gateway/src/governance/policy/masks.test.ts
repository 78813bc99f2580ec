import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compilePolicy } from './compile-policy.ts'
import type { MaskEntry } from './policy-document.ts'
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
