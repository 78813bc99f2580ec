import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cliLoginSchema } from './cli-login-schema.ts'

describe('the cli of an issuer', () => {
  it('is asked for openid and offline_access unless it says otherwise', () => {
    assert.deepEqual(cliLoginSchema.parse({ clientId: 'cli' }), { clientId: 'cli', scopes: ['openid', 'offline_access'], verificationHosts: [] })
  })

  for (const [what, value] of [
    ['no client', {}], ['an empty client', { clientId: ' ' }], ['a secret', { clientId: 'cli', clientSecret: 'env:X' }], ['no scope', { clientId: 'cli', scopes: [] }],
    ['two scopes in one', { clientId: 'cli', scopes: ['openid email'] }], ['a scope twice', { clientId: 'cli', scopes: ['openid', 'openid'] }],
    ['a resource that is no URI', { clientId: 'cli', resource: 'gateway' }], ['a resource with a fragment', { clientId: 'cli', resource: 'https://x.example/#a' }],
    ...['https://x.example', 'x.example/', 'x.example/path', 'user@x.example', 'X.example', 'x.example:443', 'x .example', '*.example.com', '', 'a?b', 'a#b', '\u202ex']
      .map((host) => [`the host "${host}"`, { clientId: 'cli', verificationHosts: [host] }] as const),
  ] as const) {
    it(`does not take ${what}`, () => {
      assert.equal(cliLoginSchema.safeParse(value).success, false)
    })
  }

  it('takes a host only as a URL of a page on it would have it', () => {
    fc.assert(fc.property(fc.oneof(fc.domain(), fc.webAuthority({ withPort: true, withUserInfo: true }), fc.string()), (host) => {
      const taken = cliLoginSchema.safeParse({ clientId: 'cli', verificationHosts: [host] }).success
      assert.equal(taken, URL.parse(`https://${host}/code`)?.host === host && !host.includes('*') && host.length <= 253)
    }))
  })
})
