import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { protocols } from '../protocols.ts'
import { documentJsonSchema } from './document-json-schema.ts'

interface Schema { readonly type?: string; readonly enum?: readonly unknown[]; readonly const?: unknown; readonly properties?: Record<string, Schema>; readonly items?: Schema; readonly anyOf?: readonly Schema[]; readonly 'x-entry-of'?: string }

describe('the policy document as JSON Schema', () => {
  const { properties } = documentJsonSchema(protocols) as Schema

  it('has the sections, their keys and their words', () => {
    assert.deepEqual(Object.keys(properties ?? {}), ['version', 'issuers', 'saml', 'agents', 'targets', 'masks', 'rules', 'roles'])
    assert.deepEqual(properties?.['rules']?.items?.properties?.['then']?.enum, ['allow', 'deny', 'review'])
    assert.deepEqual(properties?.['masks']?.items?.properties?.['method']?.enum, ['redact', 'keep-last', 'null', 'hash'])
    assert.ok(properties?.['masks']?.items?.properties?.['detect']?.items?.enum?.includes('email'))
  })

  it('has a form of target for each protocol, with what is its own', () => {
    const forms = properties?.['targets']?.items?.anyOf ?? []
    assert.deepEqual(forms.map((form) => form.properties?.['protocol']?.const), protocols.map(({ name }) => name))
    for (const [index, { targetSchema }] of protocols.entries()) {
      for (const key of Object.keys(targetSchema.shape)) assert.ok(key in (forms[index]?.properties ?? {}), key)
      assert.ok('labels' in (forms[index]?.properties ?? {}))
    }
  })

  it('says where a text names an entry of another section', () => {
    const named = (section: string, key: string) => {
      const schema = properties?.[section]?.items?.properties?.[key]
      return schema?.items?.['x-entry-of'] ?? schema?.['x-entry-of']
    }
    assert.deepEqual([named('rules', 'targets'), named('masks', 'targets'), named('agents', 'targets'), named('agents', 'issuer')], ['targets', 'targets', 'targets', 'issuers'])
    assert.equal(named('rules', 'name'), undefined)
  })
})
