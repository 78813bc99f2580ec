import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../../../test/support/eventually.ts'
import { startKubeEcho } from '../../../../test/support/kube-echo.ts'
import type { LoginOwner, SessionLogin } from '../../../governance/logins/session-login-store.ts'
import type { AdapterServices } from '../../protocol-adapter.ts'
import { targetSchema } from '../target.ts'
import { Upstreams } from '../upstreams.ts'

test('what a crash left behind is deleted at the start; what is somebody\'s stays', async () => {
  const echo = await startKubeEcho()
  const settings = { host: '127.0.0.1', port: echo.port, credential: { token: 'env:T', perSession: { serviceAccount: 'agents/reader' } }, tls: { ca: `file:${echo.caFile}` } }
  const target = { name: 'cluster', protocol: 'kubernetes', labels: {}, ...targetSchema.parse(settings) }
  const place = `127.0.0.1:${echo.port}`
  const login = (user: string, owner: LoginOwner, at = place): SessionLogin & { readonly owner: LoginOwner } =>
    ({ user, owner, place: at, target: 'cluster', role: 'agents/reader', session: 's', use: 'session', validUntilMs: 0 })
  const removed: string[] = []
  const remained: string[] = []
  echo.answers.set('/api/v1/namespaces/agents/secrets/stuck', { status: 500, body: '{}' })
  echo.answers.set('/api/v1/namespaces/agents/secrets/gone', { status: 404, body: '{}' })
  const logins = {
    list: () => Promise.resolve([login('before', 'before'), login('gone', 'before'), login('stuck', 'before'), login('lost', 'lost'), login('theirs', 'another'), login('mine', 'process'), login('elsewhere', 'before', 'other:6443')]),
    lease: () => Promise.resolve(true), renew: () => Promise.resolve(),
    removed: (one: SessionLogin, reason: string) => Promise.resolve(void removed.push(`${one.user}: ${reason}`)), remained: (one: SessionLogin) => void remained.push(one.user),
  }
  const services = { logins, targets: () => [target], resolveSecret: () => Promise.resolve('own'), log: { warn: () => undefined } } as unknown as AdapterServices
  const upstreams = new Upstreams(services)
  try {
    await eventually('all are seen to', () => Promise.resolve(removed.length + remained.length === 4))
    assert.deepEqual(removed.toSorted(), ['before: it was left behind', 'gone: it was left behind; it was gone already', 'lost: it was left behind'])
    assert.deepEqual(remained, ['stuck'])
    assert.deepEqual(echo.seen.map(({ method, url }) => `${method} ${url.split('/').at(-1)}`).toSorted(), ['DELETE before', 'DELETE gone', 'DELETE lost', 'DELETE stuck'])
  } finally {
    await upstreams.close()
    await echo.close()
  }
})
