import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { AmbiguousRequest, readRequestTarget } from './request-target.ts'

describe('request targets', () => {
  for (const target of [
    '', 'api', 'http://example.com/api', '*', '//api', '/api//v1', '/api/v1/../secrets', '/api/./v1', '/api/%2e%2e/v1', '/api/%2E/v1', '/api/a%2fb',
    '/api/a%2Fb', '/api/a%5cb', '/api/a\\b', '/api/a;b', '/api/a%3bb', '/api/%00', '/api/%0a', '/api/%7f', '/api/%25', '/api/%252e', '/api/%c0%ae', '/api/%e2%80%ae',
    '/api/%', '/api/%2', '/api/%zz', '/api/é', '/api/a b', '/api/a"b', '/api?x=%zz', '/api?x=%ff', '/api?x=%00', '/api?a=1;watch=true', '/api#x', '/api?x#y',
    `/${'a/'.repeat(80)}`, `/${'a'.repeat(20_000)}`, '/api/a?b|c=%',
  ]) {
    test(`refuses ${JSON.stringify(target.slice(0, 60))}`, () => assert.throws(() => readRequestTarget(target), AmbiguousRequest))
  }

  test('reads what is plain, and writes it in one way', () => {
    const { segments, path, query, search } = readRequestTarget('/api/v1/a%3Ab/c/?x=1+2&y=%2F&&z')
    assert.deepEqual({ segments, path, query, search }, {
      segments: ['api', 'v1', 'a:b', 'c'], path: '/api/v1/a:b/c/', query: [['x', '1 2'], ['y', '/'], ['z', '']], search: 'x=1%202&y=%2F&z=',
    })
    assert.deepEqual(readRequestTarget('/').segments, [])
  })

  test('what it writes reads the same, whatever came', () => {
    const parts = fc.constantFrom('/', '?', '&', '=', '%', '%2f', '%41', ';', '.', '..', 'api', 'v1', 'pods', '+', ' ', 'é', '#', '~', ':', '%3A', '@', '\\')
    fc.assert(fc.property(fc.array(parts, { maxLength: 12 }).map((all) => `/${all.join('')}`), (target) => {
      let first
      try {
        first = readRequestTarget(target)
      } catch (error) {
        assert.ok(error instanceof AmbiguousRequest)
        return
      }
      const again = readRequestTarget(`${first.path}${first.search === '' ? '' : `?${first.search}`}`)
      assert.deepEqual(again, first)
      // As any other reader of URLs takes it.
      const url = new URL(`https://x${first.path}?${first.search}`)
      assert.equal(url.pathname, first.path)
      assert.deepEqual([...url.searchParams], first.query.map((pair) => [...pair]))
    }), { numRuns: 2_000 })
  })
})
