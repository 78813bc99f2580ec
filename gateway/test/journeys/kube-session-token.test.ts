import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { after, before, beforeEach, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { type KubeEcho, startKubeEcho } from '../support/kube-echo.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type ApiUser, person } from '../support/reviewing.ts'

/** Sessions with a token of their own, before a stand-in for an API server. The real one is in `full/`. */
const POLICY = `masks: []
rules:
  - { name: everything, then: allow }
roles: { operator: [ops] }
`
const CREDENTIAL = 'credential-of-the-gateway'
const SECRETS = '/api/v1/namespaces/agents/secrets'
const TOKENS = '/api/v1/namespaces/agents/serviceaccounts/reader/token'

describe('a token for each session', () => {
  let echo: KubeEcho
  let gateway: KubeGateway
  let ops: ApiUser

  before(async () => {
    echo = await startKubeEcho()
    gateway = await startKubeGateway({ port: echo.port, caFile: echo.caFile, credential: CREDENTIAL, policy: POLICY, perSession: '{ serviceAccount: agents/reader, validFor: 30m }' })
    ops = await person(() => gateway, 'olga', 'ops')
  })
  after(async () => {
    await gateway?.stop()
    await echo?.close()
  })
  beforeEach(() => {
    echo.seen.length = 0
    gives('token-of-the-session', 1_800_000)
  })

  const gives = (token: string, lastsMs: number): void => {
    echo.answers.set(SECRETS, { status: 201, body: JSON.stringify({ kind: 'Secret', metadata: { uid: 'uid-1' } }) })
    echo.answers.set(TOKENS, { status: 201, body: JSON.stringify({ kind: 'TokenRequest', status: { token, expirationTimestamp: new Date(Date.now() + lastsMs).toISOString() } }) })
  }
  const events = () => readEvents(gateway.ledgerDirectory)
  const lines = (): string[] => echo.seen.map(({ method, url, headers }) => `${method} ${url} ${String(headers['authorization'])}`)

  async function ask(path: string, token: string): Promise<{ readonly status: number; readonly body: string }> {
    const request = https.get({ host: '127.0.0.1', port: gateway.port, path: `/cluster${path}`, ca: gateway.certificate.cert, agent: false, headers: { authorization: `Bearer ${token}` } })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    let body = ''
    for await (const part of answer as AsyncIterable<Buffer>) body += part.toString()
    return { status: answer.statusCode ?? 0, body }
  }

  test('is asked for by the gateway, used for what the agent asks, and ends with the session', async () => {
    const token = await gateway.issuer.agentToken('support-bot')
    for (const path of ['/version', '/api/v1/pods']) assert.equal((await ask(path, token)).status, 200)
    assert.deepEqual(lines(), [
      `POST ${SECRETS} Bearer ${CREDENTIAL}`, `POST ${TOKENS} Bearer ${CREDENTIAL}`, 'GET /version Bearer token-of-the-session', 'GET /api/v1/pods Bearer token-of-the-session',
    ])
    const secret = JSON.parse(echo.seen[0]?.body ?? '') as { readonly metadata: { readonly name: string }; readonly data?: object }
    assert.match(secret.metadata.name, /^sallyport-[a-z2-7]{26}$/)
    assert.equal(secret.data, undefined)
    assert.deepEqual(JSON.parse(echo.seen[1]?.body ?? ''), {
      apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest',
      spec: { expirationSeconds: 1_800, boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: secret.metadata.name, uid: 'uid-1' } },
    })
    const session = (await events()).findLast((event) => event.event === 'session.opened')?.session ?? ''
    assert.equal((await ops.call('DELETE', `/api/v1/sessions/${session}`)).status, 204)
    await eventually('the Secret is deleted', () => Promise.resolve(lines().includes(`DELETE ${SECRETS}/${secret.metadata.name} Bearer ${CREDENTIAL}`)))
    await eventually('that is on record', async () => (await events()).some(({ event }) => event === 'login.removed'))
    const recorded = await events()
    const made = recorded.find((event) => event.event === 'login.made')
    assert.deepEqual([made?.session, made?.user, made?.role, made?.use], [session, secret.metadata.name, 'agents/reader', 'session'])
    const removed = recorded.find((event) => event.event === 'login.removed')
    assert.deepEqual([removed?.session, removed?.user, removed?.reason], [session, secret.metadata.name, 'its session ended'])
    assert.ok(!JSON.stringify(recorded).includes('token-of-the-session'))
  })

  test('is renewed before its end', async () => {
    gives('first', 2_000)
    const token = await gateway.issuer.agentToken('support-bot')
    await ask('/version', token)
    gives('second', 600_000)
    await eventually('the next one is used', async () => {
      await ask('/version', token)
      return lines().at(-1) === 'GET /version Bearer second'
    })
    assert.equal(lines().filter((line) => line.startsWith(`POST ${TOKENS}`)).length, 2)
    assert.equal(lines().filter((line) => line.startsWith(`POST ${SECRETS}`)).length, 1)
  })

  test('that cannot be had is told, and nothing is asked without it', async () => {
    const refused = { status: 403, body: '{"kind":"Status","message":"quotes a value"}' }
    for (const [path, words] of [[SECRETS, /does not let the gateway make a Secret in agents/], [TOKENS, /gives the gateway no token of the service account agents\/reader/]] as const) {
      gives('never', 60_000)
      echo.answers.set(path, refused)
      echo.seen.length = 0
      const { status, body } = await ask('/api/v1/pods', await gateway.issuer.agentToken('support-bot'))
      assert.deepEqual([status, (JSON.parse(body) as { reason: string }).reason], [502, 'ServiceUnavailable'])
      assert.match(body, words)
      assert.doesNotMatch(body, /quotes/)
      assert.ok(!lines().some((line) => line.startsWith('GET')))
    }
    await eventually('the Secret without a token goes', () => Promise.resolve(lines().some((line) => line.startsWith('DELETE'))))
  })
})
