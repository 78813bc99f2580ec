import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { checkNext } from './check-next.ts'

const ORIGIN = 'https://sallyport.example.com'
const pieces = fc.constantFrom('/', '\\', '.', '..', '%2f', '%5c', '%2e', '%25', '%0d', '%09', '\t', '\n', '\0', ' ', ':', '@', '?', '#', 'evil.example', 'https:', 'javascript:', 'auth', 'a', 'ü', ';', '%', '%zz', '\u2028', '／')

describe('where a login leads', () => {
  it('is never another host, however it is read, and never begins or ends a login', () => {
    fc.assert(fc.property(fc.oneof(fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('')), fc.string({ unit: 'binary' })), (text) => {
      const next = checkNext(text)
      if (next === undefined || text === '') return
      assert.equal(next, text)
      for (const read of [next, decodeURIComponent(next.split(/[?#]/)[0] ?? '')]) {
        const url = new URL(read, ORIGIN)
        assert.equal(url.origin, ORIGIN)
        assert.ok(!url.pathname.startsWith('//') && !/^\/auth(?:\/|$)/i.test(url.pathname), url.href)
      }
      assert.ok(!/[\0-\x20\x7f-\uffff\\]/.test(next))
    }), { numRuns: 20_000 })
  })

  it('is any ordinary path of the console', () => {
    for (const path of ['/', '/reviews', '/reviews/rv_1?state=open&q=a%20b%2Fc#top', '/sessions/0mr-a_b.c~d', '/authors', "/a!$&'()*+,;=:@-._~", '/search?q=https://x.example//y', '/%C3%BC']) {
      assert.equal(checkNext(path), path)
    }
    assert.equal(checkNext(undefined), '/')
    assert.equal(checkNext(''), '/')
  })

  it('is checked in time that grows with its length alone', () => {
    const begun = performance.now()
    for (const text of ['/'.repeat(1_000), `/${'%41'.repeat(333)}%`, `/${'a?'.repeat(499)}\\`]) checkNext(text)
    assert.ok(performance.now() - begun < 200)
  })
})
