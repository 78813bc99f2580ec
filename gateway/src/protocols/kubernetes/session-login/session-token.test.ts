import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type IssuedToken, NoSessionToken } from './service-account-token.ts'
import { SessionToken } from './session-token.ts'

const lasting = (token: string, ms: number): IssuedToken => ({ token, expiresAtMs: Date.now() + ms })

test('a token is used until it nears its end, and then one request brings the next for all who wait', async () => {
  let asked = 0
  const request = (): Promise<IssuedToken> => Promise.resolve(lasting(`next-${++asked}`, 60_000))
  assert.equal(await new SessionToken(lasting('first', 60_000), request).value(), 'first')
  const short = new SessionToken(lasting('first', 0), request)
  assert.deepEqual(await Promise.all([short.value(), short.value(), short.value()]), ['next-1', 'next-1', 'next-1'])
  assert.equal(await short.value(), 'next-1')
  assert.equal(asked, 1)
})

test('where no other can be had, the old one serves as long as it lasts, and no longer', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const token = new SessionToken(lasting('first', 100_000), () => Promise.reject(new NoSessionToken('no more')))
  context.mock.timers.tick(90_000)
  assert.equal(await token.value(), 'first')
  context.mock.timers.tick(6_000)
  await assert.rejects(token.value(), NoSessionToken)
})
