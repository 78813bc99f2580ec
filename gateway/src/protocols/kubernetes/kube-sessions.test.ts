import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Session } from '../../governance/session.ts'
import type { AdapterServices } from '../protocol-adapter.ts'
import { KubeSessions, TooManySessions } from './kube-sessions.ts'
import { targetSchema } from './target.ts'
import { Upstreams } from './upstreams.ts'

const target = { name: 'cluster', protocol: 'kubernetes', labels: {}, ...targetSchema.parse({ host: 'x', credential: { token: 'env:T' } }) }

function setUp(max: number): { readonly sessions: KubeSessions; readonly closed: string[]; opened: number; expiresInMs: number } {
  const closed: string[] = []
  const setup = { closed, opened: 0, expiresInMs: 60_000 }
  const gatekeeper: Partial<Gatekeeper> = {
    async open() {
      await Promise.resolve()
      setup.opened++
      return { id: String(setup.opened), target, ended: undefined, admission: { expiresAtMs: Date.now() + setup.expiresInMs, identity: {} } } as unknown as Session
    },
    close: (session, reason) => void closed.push(`${session.id}: ${reason}`),
    credentialUsed: () => undefined,
  }
  const sessions = new KubeSessions(gatekeeper as Gatekeeper, new Upstreams({ gatekeeper, resolveSecret: () => Promise.resolve('secret'), targets: () => [] } as unknown as AdapterServices), max)
  return Object.assign(setup, { sessions })
}

const request = (token: string, name = 'cluster') => ({ token, target: name, clientAddress: '', application: '' })

test('requests of one token on one target share a session, also those that come while it is opened', async () => {
  const setup = setUp(10)
  const all = await Promise.all([request('a'), request('a'), request('b'), request('a', 'other')].map((one) => setup.sessions.for(one)))
  assert.deepEqual(all.map(({ session }) => session.id), ['1', '1', '2', '3'])
  setup.sessions.close()
  assert.equal(setup.closed.length, 3)
})

test('a token that has expired opens no further request, and what goes on goes on', async () => {
  const setup = setUp(10)
  setup.expiresInMs = -1
  const old = await setup.sessions.for(request('a'))
  setup.expiresInMs = 60_000
  const next = await setup.sessions.for(request('a'))
  assert.notEqual(old, next)
  assert.equal(old.session.ended, undefined)
  setup.sessions.close()
})

test('the session in which nothing was asked for longest makes room; one that is in use does not', async () => {
  const setup = setUp(2)
  const [first, second] = [await setup.sessions.for(request('a')), await setup.sessions.for(request('b'))]
  const busy = { end: () => undefined }
  first.begin(busy)
  await setup.sessions.for(request('c'))
  assert.deepEqual(setup.closed, ['2: nothing was asked in it, and others need the room'])
  assert.equal(second.session.ended, 'nothing was asked in it, and others need the room')
  const third = await setup.sessions.for(request('c'))
  third.begin(busy)
  await assert.rejects(setup.sessions.for(request('d')), TooManySessions)
  setup.sessions.close()
})
