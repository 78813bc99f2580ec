import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { previewMask } from './preview-masks.ts'

describe('the preview of a mask', () => {
  const column = { name: 'm', columns: ['customers.email'] }

  it('is what an agent would get of such values', () => {
    assert.deepEqual(previewMask({ ...column, method: 'redact' }, ['dana@example.com', '']), ['[redacted]', '[redacted]'])
    assert.deepEqual(previewMask({ ...column, method: 'keep-last', keep: 4 }, ['4111111111111111', 'äöü']), ['************1111', '***'])
    assert.deepEqual(previewMask({ ...column, method: 'null' }, ['x']), [null])
    assert.deepEqual(previewMask({ name: 'd', detect: ['email'], method: 'redact' }, ['ask dana@example.com', 'nobody']), ['ask [redacted]', 'nobody'])
  })

  it('hashes equal values alike, and never twice with the same key', () => {
    const [first, same, other] = previewMask({ ...column, method: 'hash' }, ['x', 'x', 'y'])
    assert.match(first ?? '', /^[0-9a-f]{64}$/)
    assert.equal(first, same)
    assert.notEqual(first, other)
    assert.notEqual(previewMask({ ...column, method: 'hash' }, ['x'])[0], first)
  })
})
