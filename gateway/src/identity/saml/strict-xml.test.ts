import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AuthenticationError } from '../../governance/identity.ts'
import { decodeResponse } from './decode-response.ts'
import { readStrictXml, type XmlElement } from './strict-xml.ts'

interface Tree {
  readonly name: string
  readonly namespace: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  readonly children: readonly Tree[]
}

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9._-]{0,10}$/).filter((one) => !/^xml/i.test(one))
/** Characters of XML that line-end and attribute normalization leave alone. */
const text = fc.string({ maxLength: 20, unit: fc.constantFrom(...'abc <>&"\'éß😀]]>'.match(/./gu) ?? []) })
const tree = treeOf(4)

function treeOf(depth: number): fc.Arbitrary<Tree> {
  return fc.record({
    name, namespace: fc.constantFrom('', 'urn:a', 'urn:b'), text,
    attributes: fc.dictionary(name, text, { maxKeys: 4, noNullPrototype: true }),
    children: depth === 0 ? fc.constant([]) : fc.array(treeOf(depth - 1), { maxLength: 3 }),
  }, { noNullPrototype: true })
}

const escapes: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&#39;' }
const escaped = (value: string): string => value.replaceAll(/[<>&"']/g, (character) => escapes[character] ?? '')

function written({ name: local, namespace, attributes, text: content, children }: Tree): string {
  const pairs = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')
  return `<${local} xmlns="${namespace}"${pairs}>${escaped(content)}${children.map(written).join('')}</${local}>`
}

function asTree({ name: local, namespace, attributes, text: content, children }: XmlElement): Tree {
  return { name: local, namespace, attributes: Object.fromEntries(attributes), text: content, children: children.map(asTree) }
}

describe('XML that is read strictly', () => {
  test('is what was written', () => {
    fc.assert(fc.property(tree, (one) => {
      assert.deepEqual(asTree(readStrictXml(written(one))), one)
    }), { numRuns: 200 })
  })

  test('is refused, with none of it in the words, or read: nothing else happens', () => {
    const pieces = fc.constantFrom('<a>', '</a>', '<a/>', '<', '>', '&', ';', '&lt;', '&x;', '&#0;', '<!--', '-->', '<![CDATA[', ']]>', '<!DOCTYPE a>', '<?x?>', '"', ' b="c"', 'xmlns:p="u"', '<p:a/>', 'secret', '\u0000', '\ud800')
    fc.assert(fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const xml = parts.join('')
      try {
        readStrictXml(xml)
        assert.ok(!/<!|\0|secret<\/?$/.test(xml))
      } catch (error) {
        assert.ok(error instanceof AuthenticationError, String(error))
        assert.ok(!error.message.includes('secret'))
      }
    }), { numRuns: 500 })
  })

  for (const [what, xml] of [
    ['an unbound prefix', '<a:b/>'], ['a prefix for two attributes of one name', '<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>'], ['no root', ''],
    ['two roots', '<a/><a/>'], ['text before the root', 'x<a/>'], ['an attribute without quotes', '<a b=c/>'], ['a raw less-than in an attribute', '<a b="<"/>'],
    ['a control character by number', '<a>&#1;</a>'], ['a byte order mark within', '<a>\ufffe</a>'], ['a reserved prefix', '<a xmlns:xml="urn:evil"/>'],
    ['the namespace of declarations', '<a xmlns:p="http://www.w3.org/2000/xmlns/"/>'], ['XML 1.1', '<?xml version="1.1"?><a/>'], ['a declaration that is late', ' <?xml version="1.0"?><a/>'],
  ] as const) {
    test(`is refused with ${what}`, () => {
      assert.throws(() => readStrictXml(xml), AuthenticationError)
    })
  }
})

describe('an answer in base64', () => {
  test('is the text that was encoded, also in lines', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (one) => {
      const encoded = Buffer.from(one).toString('base64')
      assert.equal(decodeResponse(encoded), Buffer.from(one).toString('utf8'))
      assert.equal(decodeResponse(encoded.replaceAll(/.{4}/g, '$&\r\n')), Buffer.from(one).toString('utf8'))
    }))
  })

  test('has one spelling: whatever is taken is written like this again', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'AQg+/=w-_ \n'.split('')) }), (encoded) => {
      let read: string
      try {
        read = decodeResponse(encoded)
      } catch (error) {
        assert.ok(error instanceof AuthenticationError)
        return
      }
      assert.equal(Buffer.from(read).toString('base64'), encoded.replaceAll(/\s/g, ''))
    }), { numRuns: 500 })
  })
})
