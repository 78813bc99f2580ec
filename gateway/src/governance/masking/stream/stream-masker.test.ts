import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import type { DetectorMask } from '../../policy/policy-document.ts'
import { maskText, streamMasker } from './stream-masker.ts'

const key = Buffer.alloc(32, 7)
const CARD = '4111111111111111'

function mask(given: Partial<DetectorMask>): { detectors: readonly DetectorMask[] } {
  return { detectors: [{ name: 'm', detect: ['payment-card', 'email', 'private-key', 'password-assignment'], method: 'redact', ...given }] }
}

describe('a mask on a text stream', () => {
  test('is not there when no mask holds', () => {
    assert.equal(streamMasker({}, key), undefined)
    assert.equal(maskText({}, key, CARD), CARD)
  })

  test('replaces by its method, the value as it is read', () => {
    const coloured = `card \x1b[31m4111${'1'.repeat(12)}\x1b[0m.`
    assert.equal(maskText(mask({}), key, coloured), 'card \x1b[31m[redacted]\x1b[0m.')
    assert.equal(maskText(mask({ method: 'keep-last', keep: 4 }), key, `card ${CARD}.`), 'card ************1111.')
    const hashed = createHmac('sha256', key).update(CARD).digest('hex')
    assert.equal(maskText(mask({ method: 'hash' }), key, coloured), `card \x1b[31m\x1b[0m${hashed}.`)
  })

  test('takes the method of the mask that names the detector or the pattern', () => {
    const detectors: readonly DetectorMask[] = [
      { name: 'a', detect: ['email'], method: 'redact' }, { name: 'b', detect: ['payment-card'], patterns: ['ACME-[0-9]+'], method: 'keep-last', keep: 2 },
    ]
    assert.equal(maskText({ detectors }, key, `a@b.example ${CARD} ACME-123`), '[redacted] **************11 ******23')
  })

  test('counts the values it replaced', () => {
    const masker = streamMasker(mask({}), key) ?? assert.fail()
    masker.push(Buffer.from(`${CARD} a@b.example\nx ${CARD}`))
    assert.equal(masker.masked, 2)
    masker.end()
    assert.equal(masker.masked, 3)
  })

  test('gives chunks without values as they are, at once but for what may become one', () => {
    const masker = streamMasker(mask({}), key) ?? assert.fail()
    const chunk = Buffer.from('nothing to see here\n')
    assert.equal(masker.push(chunk).buffer, chunk.buffer)
    assert.equal(masker.holding, false)
    assert.equal(masker.push(Buffer.from('$ ls')).toString(), '$ ')
    assert.equal(masker.holding, true)
    assert.equal(masker.flush().toString(), 'ls')
    assert.equal(masker.holding, false)
  })

  test('holds a few kilobytes at most, whatever comes', () => {
    const endless = [
      '1', '4', ' 4', 'a', '@', 'a@', 'a.', '-----BEGIN PRIVATE KEY-----\nabc', 'password="', 'password=x', 'Bearer abcdefgh', 'eyJ', 'DE89', '+1', '\x1b]0;', '\x1b[1', '\x1bP', '\b', 'a\b', '\xc2', 'x\x1b[D', '://a:', '::', '1.',
    ]
    for (const text of endless) {
      const masker = streamMasker(mask({ patterns: ['[a-z]+x[a-z]+'] }), key) ?? assert.fail()
      let out = masker.push(Buffer.from('-----BEGIN PRIVATE KEY-----\n'.slice(0, text.startsWith('-') ? 28 : 0), 'latin1')).length
      const piece = Buffer.from(text.repeat(Math.ceil(5_000 / text.length)), 'latin1')
      const taken: number[] = []
      for (let round = 0; round < 40; round += 1) {
        out += masker.push(piece).length
        taken.push(masker.heldBytes)
      }
      assert.ok(Math.max(...taken) <= 8_192, `${JSON.stringify(text)} holds ${Math.max(...taken)} bytes`)
    }
  })
})
