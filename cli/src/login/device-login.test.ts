import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoginIssuer } from '@sallyport/contract'
import { decodeJwt } from 'jose'
import { type DeviceProvider, startDeviceProvider } from '../../../gateway/test/support/device-provider.ts'
import { Failure } from '../failure.ts'
import { NoAnswer } from './bounded-fetch.ts'
import { type Clock, deviceLogin } from './device-login.ts'
import { IssuerClient, IssuerRefused } from './issuer-client.ts'
import type { IssuedTokens } from './pick-token.ts'

/** Polls as often as it may, without the waiting. */
const eager = (waits: number[] = []): Clock => ({ now: () => performance.now(), wait: (ms) => { waits.push(ms); return sleep(20) } })

suite('a login by code at a real provider', () => {
  let provider: DeviceProvider

  before(async () => {
    provider = await startDeviceProvider()
  })
  after(() => provider.close())

  const settings = (changes: Partial<LoginIssuer> = {}): LoginIssuer => ({
    name: 'corp', issuer: provider.url, audience: 'sallyport', clientId: 'cli', scopes: ['openid', 'offline_access'],
    resource: 'urn:sallyport', verificationHosts: [], ...changes,
  })
  /** Logs in while `person` answers. */
  async function login(person: string | undefined, changes: Partial<LoginIssuer> = {}, clock = eager()): Promise<IssuedTokens> {
    const client = await IssuerClient.discover(settings(changes))
    let answered: Promise<unknown> = Promise.resolve()
    const issued = await deviceLogin(client, ({ userCode }) => { answered = provider.answer(userCode, person) }, clock)
    await answered
    return issued
  }

  test('gives the access token for the gateway, and a refresh token', async () => {
    const { secrets, subject } = await login('dana')
    const claims = decodeJwt(secrets.token)
    assert.deepEqual([claims.aud, claims.iss, claims.sub, subject, claims['preferred_username']], ['sallyport', provider.url, 'dana', 'dana', 'dana'])
    assert.equal(secrets.expiresAtMs, (claims.exp ?? 0) * 1_000)
    assert.ok(secrets.refreshToken)
  })

  test('waits for the interval between two questions, and asks while nobody has answered', async () => {
    const waits: number[] = []
    const client = await IssuerClient.discover(settings())
    const before = provider.requests.length
    const { secrets } = await deviceLogin(client, ({ userCode }) => void sleep(150).then(() => provider.answer(userCode, 'dana')), eager(waits))
    assert.ok(secrets.refreshToken)
    assert.ok(waits.length > 2 && waits.every((ms) => ms === 5_000), String(waits))
    assert.equal(provider.requests.slice(before).filter((line) => line === 'POST /token').length, waits.length)
  })

  test('goes on when the provider is away for a while, and asks it less often', async () => {
    const waits: number[] = []
    const client = await IssuerClient.discover(settings())
    const { subject } = await deviceLogin(client, ({ userCode }) => {
      provider.away = true
      void sleep(100).then(() => { provider.away = false }).then(() => provider.answer(userCode, 'dana'))
    }, eager(waits))
    assert.equal(subject, 'dana')
    assert.deepEqual(waits.slice(0, 3), [5_000, 10_000, 20_000])
    assert.ok(Math.max(...waits) <= 60_000)
  })

  test('ends with status 3 when the person refuses the code, or does not log in', async () => {
    for (const person of [undefined, 'nobody']) {
      await assert.rejects(login(person), (error: unknown) => error instanceof Failure && error.status === 3 && /refused/.test(error.message))
    }
  })

  test('ends when the code has expired, whether the provider says so or the clock does', async () => {
    const short = await startDeviceProvider({ deviceCodeSeconds: 6 })
    try {
      const client = await IssuerClient.discover({ ...settings(), issuer: short.url })
      const standing: Clock = { now: () => 0, wait: () => sleep(500) }
      await assert.rejects(deviceLogin(client, () => undefined, standing), /in time/)
      const asked = short.requests.length
      await assert.rejects(deviceLogin(client, () => undefined, { now: () => performance.now() * 20, wait: () => sleep(260) }), /in time/)
      assert.equal(short.requests.length - asked, 2, 'it asks no more for an answer that cannot come')
    } finally {
      await short.close()
    }
  })

  test('takes the ID token only where the audience is the client itself', async () => {
    const claims = decodeJwt((await login('dana', { audience: 'cli' })).secrets.token)
    assert.deepEqual([claims.aud, claims['preferred_username']], ['cli', 'dana'])
    await assert.rejects(login('dana', { audience: 'cli', scopes: ['offline_access'] }), (error: unknown) => error instanceof NoAnswer || error instanceof IssuerRefused)
  })

  test('says so before anything is kept when the access token is for nobody, or for somebody else', async () => {
    const { resource: _, ...without } = settings()
    const client = await IssuerClient.discover(without)
    await assert.rejects(deviceLogin(client, ({ userCode }) => void provider.answer(userCode, 'dana'), eager()), /is no JWT/)
    await assert.rejects(login('dana', { resource: 'urn:another' }), /for another audience/)
  })

  test('gives no refresh token where none was asked for', async () => {
    assert.equal((await login('dana', { scopes: ['openid'] })).secrets.refreshToken, undefined)
  })

  test('passes on why a provider refuses the client or the scope', async () => {
    await assert.rejects(login('dana', { clientId: 'unknown' }), (error: unknown) => error instanceof IssuerRefused && error.code === 'invalid_client')
    await assert.rejects(login('dana', { resource: 'no-uri' }), (error: unknown) => error instanceof IssuerRefused && error.code === 'invalid_target')
  })
})
