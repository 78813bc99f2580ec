import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import type { WebSessionRecord } from '../governance/web-sessions.ts'
import { openStorage, type Storage } from './open-storage.ts'

const NOW = 1_800_000_000_000

function session(changed: Partial<WebSessionRecord> = {}, subject = 'u-17'): WebSessionRecord {
  return {
    id: `web_${randomBytes(12).toString('hex')}`, hash: randomBytes(32).toString('hex'), login: { issuer: 'corp', claims: { iss: 'https://x', sub: subject, groups: ['a'] } },
    upstream: { sessionIndex: 's' }, beganAtMs: NOW, usedAtMs: NOW, expiresAtMs: NOW + 1_000, ...changed,
  }
}

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`sessions at the console on ${name}`, () => {
    let database: StateDatabase
    let storage: Storage
    before(async () => {
      database = await start()
      storage = await openStorage(await database.fresh())
    })
    after(async () => {
      await storage.close()
      await database.stop()
    })

    it('are found by their hash until they are removed or their id is revoked', async () => {
      const [one, two] = [session(), session()]
      await storage.webSessions.add(one)
      await storage.webSessions.add(two)
      assert.deepEqual(await storage.webSessions.find(one.hash), one)
      assert.equal(await storage.webSessions.remove([one.id, 'web_unknown']), 1)
      assert.equal(await storage.webSessions.find(one.hash), undefined)
      await storage.sessionTokens.revoke(two.id, NOW + 9_000)
      assert.equal(await storage.webSessions.find(two.hash), undefined)
      assert.equal(await storage.webSessions.remove([]), 0)
    })

    it('are known by their person, whatever characters the provider names people with, newest first', async () => {
      for (const subject of ['u-1', 'u\0null', '\ud800half', 'ü'.repeat(500)]) {
        const [older, newer] = [session({}, subject), session({ beganAtMs: NOW + 1 }, subject)]
        await storage.webSessions.add(older)
        await storage.webSessions.add(newer)
        assert.deepEqual((await storage.webSessions.listOf('corp', subject)).map(({ id }) => id), [newer.id, older.id])
      }
      assert.deepEqual(await storage.webSessions.listOf('other', 'u-1'), [])
    })

    it('are listed page by page', async () => {
      const all = new Set<string>()
      for (let after = '', page = await storage.webSessions.list(after, 3); page.length > 0; page = await storage.webSessions.list(after, 3)) {
        for (const { id } of page) all.add(id)
        after = page.at(-1)?.id ?? ''
      }
      assert.equal(all.size, 9)
    })

    it('are used later, never earlier, and swept when they are over or idle', async () => {
      await storage.webSessions.remove((await storage.webSessions.list('', 100)).map(({ id }) => id))
      const [over, idle, alive] = [session({ expiresAtMs: NOW - 1 }), session({ usedAtMs: NOW - 501 }), session()]
      for (const one of [over, idle, alive]) await storage.webSessions.add(one)
      await storage.webSessions.touch(alive.id, NOW + 5)
      await storage.webSessions.touch(alive.id, NOW + 4)
      assert.equal((await storage.webSessions.find(alive.hash))?.usedAtMs, NOW + 5)
      await storage.webSessions.sweep(NOW, 500)
      assert.deepEqual((await storage.webSessions.list('', 100)).map(({ id }) => id), [alive.id])
    })

    it('begin with logins of which each is taken once, however many take it', async () => {
      const record = { hash: 'h', sealed: 's', expiresAtMs: NOW }
      await storage.loginTransactions.add(record)
      const taken = await Promise.all(Array.from({ length: 20 }, () => storage.loginTransactions.take('h')))
      assert.deepEqual(taken.filter((one) => one !== undefined), [record])
    })

    it('begin with logins of which the oldest are forgotten when they are too many', async () => {
      for (let at = 0; at < 10; at += 1) await storage.loginTransactions.add({ hash: `h${at}`, sealed: 's', expiresAtMs: NOW + at })
      await storage.loginTransactions.sweep(NOW + 2, 5)
      const left = await Promise.all(Array.from({ length: 10 }, (_, at) => storage.loginTransactions.take(`h${at}`)))
      assert.deepEqual(left.map((one) => one !== undefined), [false, false, false, false, false, true, true, true, true, true])
    })
  })
}
