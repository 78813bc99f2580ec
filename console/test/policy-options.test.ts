import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { policyJsonSchema } from '../../gateway/src/check-config.ts'
import { policyOptions, type Schema } from '../src/screens/policy-options.ts'
import { yamlPlace } from '../src/screens/yaml-place.ts'

const schema = policyJsonSchema() as Schema
const demo = readFileSync(new URL('../../demo/sallyport.yaml', import.meta.url), 'utf8')

/** Where `‸` stands. */
const at = (text: string) => policyOptions(text.replace('‸', ''), text.indexOf('‸'), schema)
const labels = (text: string) => at(text)?.options.map(({ label }) => label)
const SHOP = 'targets:\n  - name: shop\n    protocol: postgres\n  - { name: box, protocol: ssh }\n'

describe('what the policy editor offers', () => {
  it('are sections at the top, without those that are there', () => {
    assert.deepEqual(labels('version: 1\n‸'), ['issuers', 'saml', 'agents', 'targets', 'masks', 'rules', 'roles'])
    assert.deepEqual(labels('version: 1\nru‸\nroles:\n'), ['issuers', 'saml', 'agents', 'targets', 'masks', 'rules'])
    assert.equal(at('ru‸')?.word, 'ru')
  })

  for (const [what, text] of [
    ['indented', 'rules:\n  - name: a\n    ‸'], ['not indented', 'rules:\n- name: a\n  ‸'], ['behind the dash', 'rules:\n  - ‸'], ['in a flow', 'rules:\n  - { name: a, ‸ }'],
    ['in a flow over lines', 'rules:\n  - { name: a,\n      ‸'], ['before what follows', 'rules:\n  - name: a\n    ‸\n    message: b\n  - name: c\n'], ['in a flow of flows', 'rules: [{ name: a, ‸'],
  ] as const) {
    it(`are keys of a rule, ${what}`, () => {
      const found = labels(text) ?? []
      assert.ok(found.includes('then') && found.includes('when'), found.join())
      assert.equal(found.includes('name'), !text.includes('name: a'))
      assert.equal(found.includes('message'), !text.includes('message'))
    })
  }

  for (const [text, words] of [
    ['rules:\n  - name: a\n    then: ‸', ['allow', 'deny', 'review']], ['rules:\n  - name: a\n    then: de‸\n', ['allow', 'deny', 'review']], ['rules:\n  - { name: a, then: ‸ }', ['allow', 'deny', 'review']],
    ['masks:\n  - name: a\n    method: ‸', ['redact', 'keep-last', 'null', 'hash']], ['rules:\n  - name: a\n    preview: ‸\n    then: review', ['rehearse', 'count', 'none']],
    ['targets:\n  - name: a\n    protocol: ‸', ['postgres', 'ssh', 'kubernetes']], ['targets:\n  - name: a\n    protocol: postgres\n    tls: { mode: ‸', ['disable', 'require', 'verify-full']],
    [`${SHOP}rules:\n  - { name: a, targets: [‸] }`, ['shop', 'box']], [`rules:\n  - name: a\n    targets:\n      - ‸\n${SHOP}`, ['shop', 'box']], [`rules:\n  - name: a\n    targets: [shop, b‸]\n${SHOP}`, ['shop', 'box']],
    ['issuers:\n  - { name: corp }\nagents:\n  - name: bot\n    issuer: ‸', ['corp']],
  ] as const) {
    it(`are the words ${words.join(', ')} at ${JSON.stringify(text.slice(-24))}`, () => assert.deepEqual(labels(text), words))
  }

  it('are of a target what its protocol has', () => {
    assert.ok(labels('targets:\n  - name: a\n    protocol: ssh\n    ‸')?.includes('hostKeys'))
    assert.ok(!labels('targets:\n  - name: a\n    protocol: postgres\n    ‸')?.includes('hostKeys'))
    assert.ok(labels('targets:\n  - name: a\n    ‸\n    protocol: postgres')?.includes('database'))
  })

  for (const text of [
    '# ru‸', 'rules: # th‸', 'rules:\n  - when: "op‸"', "rules:\n  - when: 'op‸'", 'rules:\n  - message: |\n      th‸\n', 'rules:\n  - name: ‸', 'nothing:\n  ‸', 'version‸: 1\nissuers:\nsaml:\nagents:\ntargets:\nmasks:\nrules:\nroles:',
  ]) {
    it(`are nothing at ${JSON.stringify(text)}`, () => assert.equal(labels(text), undefined))
  }

  it('are never wrong about a document that is whole: each key and word of the demo is offered where it stands', () => {
    let checked = 0
    for (const [line, key] of demo.matchAll(/^ {2}(?: {2}|- )(\w+): .+$/gm)) {
      const start = demo.indexOf(line)
      if (start < demo.indexOf('issuers:') || key === undefined) continue
      const cursor = start + line.indexOf(key) + key.length
      const place = yamlPlace(demo, cursor)
      assert.equal(place?.word, key)
      assert.ok(['issuers', 'saml', 'agents', 'targets', 'rules'].includes(place?.path[0] ?? ''), place?.path.join('.'))
      checked += 1
    }
    assert.ok(checked > 40, `${checked}`)
  })

  it('come to an end whatever is written', () => {
    const piece = fc.constantFrom('rules:', '\n', '  ', '- ', '{ ', '[', ']', '}', ', ', 'then: ', '"', "'", '# ', '|', 'allow', ':', '\\', 'x')
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(), (pieces, where) => {
      const text = pieces.join('')
      policyOptions(text, where % (text.length + 1), schema)
    }), { numRuns: 2_000 })
  })
})
