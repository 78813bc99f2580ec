import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { boxedText } from './boxed-text.ts'
import { plainText } from './plain-text.ts'

describe('boxed text', () => {
  it('stands behind an edge on every line, and wraps before the terminal does', () => {
    assert.equal(boxedText('a\n\nb\n', 80), '  │ a\n  │ \n  │ b')
    assert.equal(boxedText('x'.repeat(50), 44), `  │ ${'x'.repeat(40)}\n  │ ${'x'.repeat(10)}`)
    assert.equal(boxedText('日'.repeat(30), 44), `  │ ${'日'.repeat(20)}\n  │ ${'日'.repeat(10)}`)
  })

  it('loses nothing of the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 24, max: 200 }), (text, columns) => {
      const lines = boxedText(text, columns).split('\n')
      assert.ok(lines.every((line) => line.startsWith('  │ ')))
      assert.equal(lines.map((line) => line.slice(4)).join(''), plainText(text).replaceAll('\n', ''))
    }))
  })
})
