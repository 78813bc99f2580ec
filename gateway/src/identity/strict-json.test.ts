import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseStrictObject } from './strict-json.ts'

describe('parseStrictObject', () => {
  it('reads every object that JSON.stringify writes as JSON.parse does', () => {
    const names = fc.string().filter((name) => name !== '__proto__')
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 0 }), fc.array(tie('tree')), fc.dictionary(names, tie('tree'))),
    }))
    fc.assert(fc.property(fc.dictionary(names, tree), (object) => {
      const text = JSON.stringify(object)
      assert.deepEqual(parseStrictObject(text), JSON.parse(text))
    }))
  })

  it('refuses a name given twice, wherever it stands and however it is spelt', () => {
    const escaped = (name: string) => Array.from(name, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
    fc.assert(fc.property(fc.stringMatching(/^[a-z]{1,8}$/), fc.boolean(), fc.nat(20), (name, escape, depth) => {
      const twice = `{"${name}": 1, "x y": "{\\"", "${escape ? escaped(name) : name}" : 2}`
      const text = `${'{"deeper":['.repeat(depth > 10 ? 3 : 0)}${twice}${']}'.repeat(depth > 10 ? 3 : 0)}`
      assert.throws(() => parseStrictObject(text), /a name is given twice/)
    }))
  })

  it('lets a name repeat in another object, and as a value', () => {
    assert.deepEqual(parseStrictObject('{"a":{"a":"a"},"b":[{"a":1},{"a":2},"a:"]}'), { a: { a: 'a' }, b: [{ a: 1 }, { a: 2 }, 'a:'] })
  })

  it('never throws anything but a SyntaxError without the text in it', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string().map((text) => `{"a":${text}}`), fc.string().map((text) => `{"secret":"${text}","secret":1}`)), (text) => {
      try {
        parseStrictObject(text)
      } catch (error) {
        assert.ok(error instanceof SyntaxError)
        assert.ok(!error.message.includes('secret'))
      }
    }))
  })

  for (const [what, text] of Object.entries({
    'a reserved name': '{"__proto__":{"admin":true}}',
    'a reserved name in disguise': '{"a":{"\\u005f_proto__":1}}',
    'an array': '[]', 'null': 'null', 'a string': '"a"', 'two objects': '{}{}', 'a comment': '{/**/}',
    'too deep a nesting': `{"a":${'['.repeat(40)}${']'.repeat(40)}}`,
  })) it(`refuses ${what}`, () => assert.throws(() => parseStrictObject(text), SyntaxError))
})
