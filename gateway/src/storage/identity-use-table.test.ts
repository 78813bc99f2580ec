import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import type { Identity } from '../governance/identity.ts'
import type { Session } from '../governance/session.ts'
import { openStorage, type Storage } from './open-storage.ts'

const bot: Identity = { kind: 'agent', name: 'bot', issuer: 'corp', subject: 's', groups: [], claims: {}, actors: [] }
const dana: Identity = { ...bot, kind: 'person', name: 'dana' }

function session(id: string, identity: Identity, target: string, operations = 0, refused = 0): Session {
  return {
    id, openedAtMs: 1_000, protocol: 'postgres', clientAddress: '192.0.2.1', application: 'psql', operations, refused, grants: [], ended: undefined,
    admission: { identity, purpose: 'p', tokenId: 't', expiresAtMs: 2_000 }, target: { name: target, protocol: 'postgres', labels: {} },
  } as unknown as Session
}

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`use of targets by identities, in ${name}`, () => {
    let database: StateDatabase
    let storage: Storage

    before(async () => {
      database = await start()
      storage = await openStorage(await database.fresh(), { gateway: 'one' })
    })
    after(async () => {
      await storage.close()
      await database.stop()
    })
    const agents = async () => (await storage.identityUse.agents()).map(({ role, name: who, issuer, target, sessions, operations, refused }) => [role, who, issuer, target, sessions, operations, refused])
      .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

    it('is summed up as sessions end, once each, for the subject and for who acts', async () => {
      const odd = 'x\0\ud800%'
      const ended = [
        session('s1', bot, 'shop', 5, 2), session('s2', bot, 'shop', 1, 0), session('s3', { ...bot, issuer: 'ci' }, 'crm', 1, 1),
        session('s4', { ...dana, actors: ['bot', 'bot'] }, 'shop', 3, 1), session('s5', { ...dana, actors: [odd] }, 'shop', 1, 0),
      ]
      for (const one of ended) await storage.sessions.opened(one, 'psql')
      assert.deepEqual(await agents(), [])
      assert.deepEqual((await storage.identityUse.live()).filter(({ name: who }) => who === 'bot').map(({ role, issuer, target, sessions, lastAtMs }) => [role, issuer, target, sessions, lastAtMs]).toSorted((one, other) => String(one).localeCompare(String(other))),
        [['actor', '', 'shop', 1, 1_000], ['agent', 'ci', 'crm', 1, 1_000], ['agent', 'corp', 'shop', 2, 1_000]])
      assert.deepEqual([...await storage.identityUse.peopleSeen(['dana', 'bot', 'eve'])], [['dana', 1_000]])
      for (const one of [...ended, ...ended]) storage.sessions.closed(one, 'done')
      await storage.sessions.flush()
      assert.deepEqual((await agents()).filter(([, who]) => who === 'bot'), [
        ['actor', 'bot', '', 'shop', 1, 3, 1], ['agent', 'bot', 'ci', 'crm', 1, 1, 1], ['agent', 'bot', 'corp', 'shop', 2, 6, 2],
      ])
      assert.equal((await agents()).length, 4)
      assert.deepEqual(await storage.identityUse.live(), [])
      assert.ok(((await storage.identityUse.peopleSeen(['dana'])).get('dana') ?? 0) > 1_000)
      assert.ok((await storage.identityUse.agents()).every(({ lastAtMs }) => lastAtMs > 1_000))
    })

    it('counts what a crash left open once its gateway starts again, all at once', async () => {
      const location = await database.fresh()
      const crashed = await openStorage(location, { gateway: 'two' })
      for (let n = 0; n < 50; n += 1) await crashed.sessions.opened(session(`c${n}`, n % 2 === 0 ? bot : { ...dana, actors: ['bot'] }, n % 5 === 0 ? 'crm' : 'shop'), 'psql')
      await crashed.close()
      const again = await openStorage(location, { gateway: 'two' })
      const uses = await again.identityUse.agents()
      assert.equal(uses.reduce((sum, { sessions }) => sum + sessions, 0), 50)
      assert.equal(uses.length, 4)
      await again.close()
    })
  })
}
