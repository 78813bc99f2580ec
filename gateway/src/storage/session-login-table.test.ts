import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import type { SessionLogin } from '../governance/logins/session-login-store.ts'
import { openStorage, type StorageLocation } from './open-storage.ts'

const login = (user: string): SessionLogin => ({ user, target: 'shop', place: 'db:5432/shop', role: 'reader', session: 's', use: 'session', validUntilMs: 1_800_000_000_000 })

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`logins for sessions, in ${name}`, () => {
    let database: StateDatabase
    let location: StorageLocation
    before(async () => {
      database = await start()
      location = await database.fresh()
    })
    after(() => database.stop())

    test('are told apart: of this process, of the gateway before its start, of one that runs, and of one that is lost', async () => {
      const before = await openStorage(location, { gateway: 'one' })
      const other = await openStorage(location, { gateway: 'two' })
      await before.sessionLogins.add(login('before'))
      await other.sessionLogins.add(login('theirs'))
      const now = await openStorage(location, { gateway: 'one' })
      await now.sessionLogins.add(login('own'))
      const owners = async () => Object.fromEntries((await now.sessionLogins.list()).map(({ user, owner }) => [user, owner]))
      assert.deepEqual(await owners(), { before: 'before', own: 'process', theirs: 'another' })
      const [kept] = await now.sessionLogins.list()
      assert.deepEqual(kept, { ...login('before'), owner: 'before' })
      await other.sessionLogins.renew(-1)
      assert.deepEqual(await owners(), { before: 'before', own: 'process', theirs: 'lost' })
      await other.sessionLogins.renew(60_000)
      assert.deepEqual(await owners(), { before: 'before', own: 'process', theirs: 'another' })
      await now.sessionLogins.remove('before')
      assert.deepEqual(await owners(), { own: 'process', theirs: 'another' })
      assert.equal(await now.sessionLogins.installation(), await other.sessionLogins.installation())
      assert.match(await now.sessionLogins.installation(), /^[0-9a-f-]{36}$/)
      assert.deepEqual([await now.sessionLogins.lease('logins a', 60_000), await other.sessionLogins.lease('logins a', 60_000), await other.sessionLogins.lease('logins b', 60_000)], [true, false, true])
      for (const storage of [before, other, now]) await storage.close()
    })
  })
}
