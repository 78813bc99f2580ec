import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashSessionToken, isWholeSessionToken, makeSessionToken } from './session-token.ts'

describe('session tokens', () => {
  it('are whole when made, and all different', () => {
    const tokens = new Set(Array.from({ length: 1_000 }, makeSessionToken))
    assert.equal(tokens.size, 1_000)
    for (const token of tokens) assert.ok(isWholeSessionToken(token))
  })

  it('are seen to be cut off, lengthened or mistyped before any database is asked', () => {
    const token = makeSessionToken()
    fc.assert(fc.property(fc.integer({ min: 4, max: token.length - 1 }), fc.stringMatching(/^[A-Za-z0-9_-]$/), (at, other) => {
      fc.pre(token[at] !== other)
      assert.equal(isWholeSessionToken(token.slice(0, at) + other + token.slice(at + 1)), false)
      assert.equal(isWholeSessionToken(token.slice(0, at)), false)
      assert.equal(isWholeSessionToken(token.slice(0, at) + token.slice(at + 1)), false)
    }))
    for (const altered of [`${token}A`, ` ${token}`, `${token}\n`, token.toUpperCase(), token.slice(4)]) assert.equal(isWholeSessionToken(altered), false)
  })

  it('are stored as a hash that does not hold them', () => {
    const token = makeSessionToken()
    assert.match(hashSessionToken(token), /^[0-9a-f]{64}$/)
    assert.notEqual(hashSessionToken(token), hashSessionToken(makeSessionToken()))
  })
})
