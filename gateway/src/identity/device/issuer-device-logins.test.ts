import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import { type DeviceProvider, startDeviceProvider } from '../../../test/support/device-provider.ts'
import { documentFor, ReplaceablePolicy } from '../../../test/support/identity-setup.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import type { CliLogin } from '../../governance/policy/policy-document.ts'
import { type DeviceLoginLimits, IssuerDeviceLogins } from './issuer-device-logins.ts'

const CLI: CliLogin = { clientId: 'cli', scopes: ['openid', 'offline_access'], resource: 'urn:sallyport', verificationHosts: [] }

function loginsAt(url: string, limits: Partial<DeviceLoginLimits> = {}, cli: CliLogin | undefined = CLI): IssuerDeviceLogins {
  const document = documentFor(url)
  const policies = new ReplaceablePolicy({ ...document, issuers: document.issuers.map((entry) => ({ ...entry, ...(cli !== undefined && { cli }) })) })
  return new IssuerDeviceLogins({ policies, limits })
}

const from = (clientAddress: string, signal = new AbortController().signal) => ({ issuer: 'corp', clientAddress, signal })

async function refused(work: Promise<unknown>, words: RegExp): Promise<void> {
  await assert.rejects(work, (error: unknown) => error instanceof AuthenticationError && words.test(error.message))
}

describe('logins with a code', () => {
  let provider: DeviceProvider
  before(async () => { provider = await startDeviceProvider() })
  after(() => provider.close())

  test('give the identity token of whoever logs in in a browser', async () => {
    const logins = loginsAt(provider.url)
    assert.deepEqual(logins.issuers(), ['corp'])
    const { uri, uriComplete, userCode, done, expiresAtMs } = await logins.start(from('192.0.2.1'))
    assert.equal(uri, `${provider.url}/device`)
    assert.equal(new URL(uriComplete ?? '').searchParams.get('user_code'), userCode)
    assert.ok(expiresAtMs > Date.now() && expiresAtMs <= Date.now() + 600_000)
    assert.equal(await provider.answer(userCode, 'dana'), 'done')
    const claims = decodeJwt(await done)
    assert.deepEqual([claims['preferred_username'], claims.aud, claims.iss], ['dana', 'sallyport', provider.url])
  })

  test('end without a token when the person refuses, and when the client goes', async () => {
    const logins = loginsAt(provider.url)
    const one = await logins.start(from('192.0.2.1'))
    await provider.answer(one.userCode, undefined)
    await refused(one.done, /refused in the browser/)
    const gone = new AbortController()
    const other = await logins.start(from('192.0.2.1', gone.signal))
    gone.abort()
    await refused(other.done, /in time/)
  })

  test('are bounded at once, from everywhere and from one address, and give their places back', async () => {
    const logins = loginsAt(provider.url, { waiting: 3, waitingFromOne: 2, startsFromOne: 3 })
    const ends = [new AbortController(), new AbortController(), new AbortController()]
    const [first, second] = ends.map(({ signal }) => signal)
    const begun = [await logins.start(from('192.0.2.1', first)), await logins.start(from('192.0.2.1', second))]
    await refused(logins.start(from('192.0.2.1')), /from this address/)
    begun.push(await logins.start(from('192.0.2.2', ends[2]?.signal)))
    await refused(logins.start(from('192.0.2.3')), /too many logins/)
    for (const end of ends) end.abort()
    await Promise.allSettled(begun.map(({ done }) => done))
    const third = new AbortController()
    const last = await logins.start(from('192.0.2.1', third.signal))
    third.abort()
    await Promise.allSettled([last.done])
    await refused(logins.start(from('192.0.2.1')), /from this address/)
  })

  test('last no longer than the gateway waits', async () => {
    const { done } = await loginsAt(provider.url, { longestMs: 2_000 }).start(from('192.0.2.1'))
    await refused(done, /in time/)
  })

  test('are offered only where the policy names a client for them', async () => {
    const logins = new IssuerDeviceLogins({ policies: new ReplaceablePolicy(documentFor(provider.url)) })
    assert.deepEqual(logins.issuers(), [])
    await refused(logins.start(from('192.0.2.1')), /nobody logs in/)
  })

  test('never show what could lead a person elsewhere, nor wait for an issuer that is down', async () => {
    const answers: { body: object | undefined } = { body: undefined }
    const server = createServer((request, response) => {
      if (request.url?.includes('well-known') === true) {
        response.end(JSON.stringify({ issuer: url, authorization_endpoint: `${url}/auth`, token_endpoint: `${url}/token`, device_authorization_endpoint: `${url}/device` }))
      } else if (answers.body === undefined) response.writeHead(503).end()
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answers.body))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const logins = loginsAt(url)
    const good = { device_code: 'secret', user_code: 'ABCD-EFGH', verification_uri: `${url}/page`, expires_in: 60 }
    await refused(logins.start(from('a')), /status 503/)
    for (const [bad, words] of [
      [{ verification_uri: 'https://evil.example/page' }, /another host/], [{ user_code: '\u001b[2J' }, /user_code/],
      [{ verification_uri: `${url}/?code=secret` }, /device code/], [{ verification_uri: 'javascript:1' }, /https/],
    ] as const) {
      answers.body = { ...good, ...bad }
      await refused(logins.start(from('a')), words)
    }
    server.closeAllConnections()
    server.close()
  })
})
