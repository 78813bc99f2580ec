import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import { tellOfGateway } from '../tell-of-gateway.ts'
import { openStorage, type Storage } from './open-storage.ts'

const DAY_MS = 86_400_000

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`gateways, in ${name}`, () => {
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

    test('are known from their start to their end, and each once', async () => {
      const tell = (id: string, policyVersion: number) => tellOfGateway({ id, version: '0.1.0', policyVersion: () => policyVersion, table: storage.gateways, onError: (error) => assert.fail(error) })
      const end = await tell('one', 7)
      await (await tell('two', 7))()
      const known = async () => Object.fromEntries((await storage.gateways.list()).map(({ id, policyVersion, stoppedAtMs }) => [id, [policyVersion, stoppedAtMs !== undefined]]))
      assert.deepEqual(await known(), { one: [7, false], two: [7, true] })
      const endAgain = await tell('two', 8)
      assert.deepEqual(await known(), { one: [7, false], two: [8, false] })
      await endAgain()
      await end()
      assert.deepEqual(await known(), { one: [7, true], two: [8, true] })
    })

    test('come to their end also where the database does not answer', async () => {
      const silent = new Promise<void>(() => undefined)
      const { gateways } = storage
      const table = { forget: (nowMs: number) => gateways.forget(nowMs), beat: (state: Parameters<typeof gateways.beat>[0]) => gateways.beat(state), stopped: () => silent }
      const end = await tellOfGateway({ id: 'three', version: '0.1.0', policyVersion: () => 1, table, onError: (error) => assert.fail(error) })
      const started = performance.now()
      await end()
      assert.ok(performance.now() - started < 10_000)
      await gateways.forget(Date.now() + 31 * DAY_MS)
    })

    test('are counted with what is open at them, and forgotten after a month', async () => {
      const now = Date.now()
      await storage.gateways.beat({ id: 'old', host: 'h', version: '0', policyVersion: 1, startedAtMs: now - 40 * DAY_MS, seenAtMs: now - 31 * DAY_MS })
      assert.ok((await storage.gateways.list()).some(({ id }) => id === 'old'))
      await storage.gateways.forget(now)
      assert.ok(!(await storage.gateways.list()).some(({ id }) => id === 'old'))
      const session = {
        id: 's-1', openedAtMs: now, protocol: 'postgres', clientAddress: '', target: { name: 'shop', protocol: 'postgres', labels: {} },
        admission: { identity: { kind: 'agent', name: 'bot', issuer: 'corp', subject: 's', groups: [], claims: {}, actors: [] }, purpose: '', tokenId: 't', expiresAtMs: now },
      } as unknown as Parameters<Storage['sessions']['opened']>[0]
      await storage.sessions.opened(session, 'psql')
      for (const id of ['one', 'two']) await storage.gateways.beat({ id, host: 'h', version: '0', policyVersion: 1, startedAtMs: now, seenAtMs: now })
      assert.deepEqual(Object.fromEntries((await storage.gateways.list()).map(({ id, openSessions }) => [id, openSessions])), { one: 1, two: 0 })
    })
  })
}
