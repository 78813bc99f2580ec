import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoginIssuer } from '@sallyport/contract'
import { type DeviceProvider, startDeviceProvider } from '../../../gateway/test/support/device-provider.ts'
import { Failure } from '../failure.ts'
import { deviceLogin } from './device-login.ts'
import { endLogin } from './end-login.ts'
import { IssuerClient } from './issuer-client.ts'
import type { Keyring } from './keyring.ts'
import { withLoginLock } from './login-lock.ts'
import { type Kept, LoginStore } from './login-store.ts'
import { loginToken } from './login-token.ts'

const GATEWAY = 'https://gateway.example.com'
const folder = mkdtempSync(join(tmpdir(), 'sallyport-tokens-'))
after(() => rmSync(folder, { recursive: true }))
const LATER = () => Date.now() + 3_600_000

suite('the token of a login', () => {
  let provider: DeviceProvider
  let store: LoginStore
  let directory = ''

  before(async () => {
    provider = await startDeviceProvider()
  })
  after(() => provider.close())
  beforeEach(async () => {
    directory = join(mkdtempSync(join(folder, 'case-')), 'logins')
    store = new LoginStore(directory, () => Promise.reject(new Error('none')))
    await logIn(provider)
  })
  afterEach(() => { provider.away = false })

  async function logIn(at: DeviceProvider, changes: Partial<LoginIssuer> = {}, into = store): Promise<void> {
    const issuer: LoginIssuer = {
      name: 'corp', issuer: at.url, audience: 'sallyport', clientId: 'cli', scopes: ['openid', 'offline_access'], resource: 'urn:sallyport',
      verificationHosts: [], ...changes,
    }
    const { secrets, subject } = await deviceLogin(await IssuerClient.discover(issuer), ({ userCode }) => void at.answer(userCode, 'dana'),
      { now: () => performance.now(), wait: () => sleep(20) })
    await into.write({ version: 1, gateway: GATEWAY, issuer, subject, loggedInAt: new Date().toISOString() }, secrets, 'keyring')
  }
  const held = async () => (await store.read(GATEWAY))!.secrets
  const refreshes = () => provider.requests.filter((line) => line === 'POST /token').length
  async function expire(): Promise<void> {
    const { login, secrets } = (await store.read(GATEWAY))!
    await store.write(login, { ...secrets, expiresAtMs: 1_000 }, 'file')
  }
  async function fails(words: RegExp, now?: () => number): Promise<Failure> {
    const { token, refreshToken } = await held()
    const failure: unknown = await loginToken(store, GATEWAY, undefined, now).then(() => undefined, (error: unknown) => error)
    assert.ok(failure instanceof Failure)
    assert.match(failure.message, words)
    const said = JSON.stringify([failure.message, failure.hint])
    for (const secret of [token, refreshToken]) assert.ok(secret === undefined || !said.includes(secret), said)
    return failure
  }

  test('is the one that is kept while it holds, without a question to the issuer', async () => {
    const before = provider.requests.length
    assert.equal(await loginToken(store, GATEWAY), (await held()).token)
    assert.equal(await loginToken(store, 'https://another.example.com'), undefined)
    assert.equal(provider.requests.length, before)
  })

  test('is replaced when it has expired, with the refresh token, and again after that', async () => {
    const first = await held()
    for (let round = 0; round < 3; round += 1) {
      const last = await held()
      await expire()
      const token = await loginToken(store, GATEWAY)
      const now = await held()
      assert.equal(now.token, token)
      assert.notEqual(now.refreshToken, last.refreshToken)
      assert.ok(now.expiresAtMs > Date.now())
    }
    assert.notEqual((await held()).token, first.token)
  })

  test('keeps the refresh token where the issuer gives no new one', async () => {
    const constant = await startDeviceProvider({ rotate: false })
    try {
      await logIn(constant)
      const { refreshToken } = await held()
      for (let round = 0; round < 2; round += 1) {
        await expire()
        assert.ok(await loginToken(store, GATEWAY))
        assert.equal((await held()).refreshToken, refreshToken)
      }
    } finally {
      await constant.close()
    }
  })

  test('is got once by many commands at once, in this process and in others, and the login goes on', async () => {
    await expire()
    const before = refreshes()
    const code = `const { LoginStore } = await import(${JSON.stringify(new URL('./login-store.ts', import.meta.url).href)})
      const { loginToken } = await import(${JSON.stringify(new URL('./login-token.ts', import.meta.url).href)})
      console.log(await loginToken(new LoginStore(${JSON.stringify(directory)}), ${JSON.stringify(GATEWAY)}))`
    const others = Array.from({ length: 5 }, () => outputOf(spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })))
    const tokens = await Promise.all([...others, ...Array.from({ length: 5 }, () => loginToken(store, GATEWAY))])
    assert.equal(new Set(tokens).size, 1)
    assert.equal(refreshes() - before, 1)
    await expire()
    assert.ok(await loginToken(store, GATEWAY), 'no refresh token was used twice')
  })

  test('is waited for no longer than a command that keeps the lock lives, however it dies', async () => {
    await expire()
    const lock = store.fileOf(GATEWAY).replace(/json$/, 'lock')
    const code = `const { withLoginLock } = await import(${JSON.stringify(new URL('./login-lock.ts', import.meta.url).href)})
      await withLoginLock(${JSON.stringify(lock)}, () => { console.log('locked'); return new Promise((resolve) => setTimeout(resolve, 60_000)) })`
    const holder = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(holder.stdout, 'data')
    await assert.rejects(withLoginLock(lock, () => Promise.resolve(), 200), /another sallyport command/)
    let done = false
    const token = loginToken(store, GATEWAY).finally(() => { done = true })
    await sleep(200)
    assert.equal(done, false)
    holder.kill('SIGKILL')
    assert.ok(await token)
  })

  test('ends with the login when its refresh token is revoked, used by somebody else, or unknown', async () => {
    const uses = [
      async (refreshToken: string) => { assert.equal(await provider.revoke(refreshToken), 200) },
      async (refreshToken: string, issuer: LoginIssuer) => {
        const thief = await IssuerClient.discover(issuer)
        await thief.refresh(refreshToken)
      },
      async () => {
        const { login, secrets } = (await store.read(GATEWAY))!
        await store.write(login, { ...secrets, refreshToken: 'unknown' }, 'file')
      },
    ]
    for (const use of uses) {
      await logIn(provider)
      await expire()
      const { login, secrets } = (await store.read(GATEWAY))!
      await use(secrets.refreshToken ?? '', login.issuer)
      const failure = await fails(/has ended, as its issuer says: invalid_grant/)
      assert.match(failure.hint, /sallyport login/)
      assert.equal(await store.read(GATEWAY), undefined)
    }
  })

  test('is said to be over when the issuer gave no refresh token', async () => {
    await logIn(provider, { scopes: ['openid'] })
    assert.ok(await loginToken(store, GATEWAY))
    await fails(/no refresh token/, LATER)
  })

  test('goes on until it expires while the issuer is away, and then says so and keeps the login', async () => {
    const { login, secrets } = (await store.read(GATEWAY))!
    await store.write(login, { ...secrets, expiresAtMs: Date.now() + 10_000 }, 'file')
    provider.away = true
    assert.equal(await loginToken(store, GATEWAY), secrets.token)
    await fails(/cannot be reached/, LATER)
    provider.away = false
    await expire()
    assert.ok(await loginToken(store, GATEWAY))
  })

  test('of another person is not taken for a renewed one', async () => {
    const { login, secrets } = (await store.read(GATEWAY))!
    await store.write({ ...login, subject: 'avery' }, { ...secrets, expiresAtMs: 1_000 }, 'file')
    await fails(/as that of another person/)
    assert.equal((await held()).token, secrets.token)
  })

  test('goes into the file, and that is told, when the keyring no longer takes it', async () => {
    const kept = new Map<string, string>()
    let works = true
    const keyring: Keyring = {
      get: (account) => Promise.resolve(kept.get(account)),
      set: (account, secret) => works ? Promise.resolve(void kept.set(account, secret)) : Promise.reject(new Error('locked')),
      remove: (account) => Promise.resolve(void kept.delete(account)),
    }
    const inKeyring = new LoginStore(directory, () => Promise.resolve(keyring))
    await logIn(provider, {}, inKeyring)
    assert.equal((await inKeyring.read(GATEWAY))?.place, 'keyring')
    works = false
    const told: Kept[] = []
    const token = await loginToken(inKeyring, GATEWAY, (one) => told.push(one), LATER)
    assert.deepEqual(told.map(({ place, noKeyring }) => [place, noKeyring]), [['file', 'locked']])
    assert.equal((await held()).token, token)
  })

  test('is taken no more by the issuer after a logout, which removes it here', async () => {
    const { login, secrets } = (await store.read(GATEWAY))!
    assert.deepEqual(await endLogin(store, GATEWAY), { found: true, revoked: true })
    assert.equal(await store.read(GATEWAY), undefined)
    await assert.rejects((await IssuerClient.discover(login.issuer)).refresh(secrets.refreshToken ?? ''), /invalid_grant/)
    assert.deepEqual(await endLogin(store, GATEWAY), { found: false, revoked: false })
  })

  test('is removed by a logout also when the issuer is away or revokes nothing, and that is said', async () => {
    provider.away = true
    const { revoked, trouble } = await endLogin(store, GATEWAY)
    assert.equal(revoked, false)
    assert.match(trouble ?? '', /cannot be reached/)
    assert.equal(await store.read(GATEWAY), undefined)
    const without = await startDeviceProvider({ revocation: false })
    try {
      await logIn(without)
      assert.match((await endLogin(store, GATEWAY)).trouble ?? '', /no revocation endpoint/)
      assert.equal(await store.read(GATEWAY), undefined)
    } finally {
      await without.close()
    }
  })
})

async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => { output += text })
  const [status] = await once(child, 'close') as [number]
  assert.equal(status, 0)
  return output.trim()
}
