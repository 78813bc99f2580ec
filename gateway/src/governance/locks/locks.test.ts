import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { eventually } from '../../../test/support/eventually.ts'
import { type StateDatabase, stateDatabases } from '../../../test/support/state-databases.ts'
import { openStorage, type Storage } from '../../storage/open-storage.ts'
import { LocalSignals } from '../../storage/local-signals.ts'
import type { Ledger } from '../recording/ledger.ts'
import type { Lock, LockedParty, LockStore } from './lock.ts'
import { LockIndex, lockKey } from './lock-index.ts'
import { Locks, type LocksOptions } from './locks.ts'

const dana: LockedParty = { kind: 'person', name: 'dana', subject: 'u-1', actors: [] }
const bot: LockedParty = { kind: 'agent', name: 'bot', subject: 'client-7', actors: [] }
const lockOn = (kind: Lock['kind'], name: string, reason = 'why'): Lock => ({ kind, name, by: 'olga', reason, atMs: 1 })
const unheard = () => new LocalSignals((error) => assert.fail(error))

describe('what a lock holds of', () => {
  const cases: [Lock, LockedParty, string | undefined, boolean][] = [
    [lockOn('identity', 'DANA'), dana, undefined, true],
    [lockOn('identity', 'u-1'), dana, undefined, true],
    [lockOn('identity', 'dana'), { ...bot, actors: ['dana'] }, undefined, true],
    [lockOn('identity', 'u-7'), { ...bot, actors: ['dana'], actor: { subject: 'u-7' } }, undefined, true],
    [lockOn('identity', 'bot'), { ...dana, actors: ['bot'] }, undefined, true],
    [lockOn('identity', 'dan'), dana, undefined, false],
    [lockOn('identity', 'ﬁn'), { ...dana, name: 'FIN' }, undefined, true],
    [lockOn('agent', 'bot'), bot, undefined, true],
    [lockOn('agent', 'bot'), { ...dana, actors: ['other', 'bot'] }, undefined, true],
    [lockOn('agent', 'dana'), dana, undefined, false],
    [lockOn('target', 'shop'), dana, 'shop', true],
    [lockOn('target', 'shop'), dana, 'shop2', false],
    [lockOn('target', 'shop'), dana, undefined, false],
    [lockOn('target', 'shop'), { ...dana, name: 'shop' }, 'crm', false],
  ]
  for (const [lock, who, target, held] of cases) {
    test(`${lock.kind} ${lock.name} holds ${held ? '' : 'not '}of ${who.name} ${who.actors.join(' ')} on ${target}`, () => {
      assert.equal(new LockIndex([lock]).on(who, target), held ? lock : undefined)
    })
  }

  test('is found among any others', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
    const locks = fc.array(fc.record({ kind: fc.constantFrom('identity', 'agent', 'target'), name }), { maxLength: 20 })
    fc.assert(fc.property(locks, name, fc.constantFrom<Lock['kind']>('identity', 'agent', 'target'), (others, held, kind) => {
      const index = new LockIndex([...others.map((one) => lockOn(one.kind, one.name)), lockOn(kind, held)])
      const who: LockedParty = { kind: 'agent', name: kind === 'target' ? 'nobody else' : held.toUpperCase(), subject: 'nobody', actors: [] }
      const found = index.on(who, held)
      assert.ok(found !== undefined && index.has({ kind, name: held }))
      // Of one key there is one lock.
      assert.equal(new Set(index.locks.map((lock) => lockKey(lock.kind, lock.name))).size, index.locks.length)
    }))
  })
})

for (const [kind, start] of Object.entries(stateDatabases)) {
  describe(`locks kept in ${kind}`, () => {
    let databases: StateDatabase
    let storage: Storage
    before(async () => {
      databases = await start()
      storage = await openStorage(await databases.fresh())
    })
    after(async () => {
      await storage.close()
      await databases.stop()
    })

    interface Gateway { readonly locks: Locks; readonly ended: string[]; readonly shutOut: string[]; readonly did: string[] }
    async function gateway(more: Partial<LocksOptions> = {}): Promise<Gateway> {
      const ended: string[] = []
      const shutOut: string[] = []
      const did: string[] = []
      const ledger: Ledger = {
        append: (entry) => void did.push((JSON.parse(entry) as { event: string }).event),
        onWritten: (told) => void setImmediate(told, undefined),
      }
      const live: [LockedParty, string][] = [[dana, 'shop'], [bot, 'shop'], [bot, 'crm']]
      const locks = new Locks({
        store: storage.locks, signals: unheard(), ledger, now: Date.now, onError: (error) => assert.fail(error), everyMs: 50,
        endSessions(covers, reason) {
          for (const [who, target] of live) if (covers(who, target)) ended.push(`${who.name} on ${target}: ${reason}`)
        },
        shutOut(covers) {
          shutOut.push(...[dana, bot].filter(covers).map(({ name }) => name))
          return Promise.resolve()
        },
        ...more,
      })
      await locks.start()
      return { locks, ended, shutOut, did }
    }
    async function clear(): Promise<void> {
      for (const lock of await storage.locks.list()) await storage.locks.lift(lock.kind, lock.name)
    }

    test('hold at a gateway that heard no signal by the next time it reads, also of what was on its way', async () => {
      const [here, there] = [await gateway(), await gateway()]
      assert.equal(there.locks.on(bot), undefined)
      const { isNew } = await here.locks.place(lockOn('agent', 'bot'))
      assert.equal(isNew, true)
      assert.deepEqual(here.ended, ['bot on shop: the agent "bot" is locked: why', 'bot on crm: the agent "bot" is locked: why'])
      await eventually('the other knows', () => there.locks.on(bot) !== undefined, 5_000)
      assert.deepEqual(there.ended, here.ended)
      await eventually('it looks after reviews once more, everywhere', () => here.shutOut.length === 2 && there.shutOut.length === 1, 5_000)
      assert.equal((await there.locks.place(lockOn('agent', 'BOT', 'other'))).isNew, false)
      assert.equal(await there.locks.lift('agent', 'bot', 'olga', 'over'), true)
      assert.equal(there.locks.on(bot), undefined)
      await eventually('the first knows', () => here.locks.on(bot) === undefined, 5_000)
      assert.equal(await here.locks.lift('agent', 'bot', 'olga', 'over'), false)
      await Promise.all([here.locks.close(), there.locks.close()])
    })

    test('shut out nobody once they are lifted, and before that whoever they still have to', async () => {
      const here = await gateway({ everyMs: 300 })
      await here.locks.place(lockOn('agent', 'bot'))
      await here.locks.lift('agent', 'bot', 'olga', 'over')
      assert.deepEqual(here.shutOut, ['bot', 'bot'])
      // It has looked again by then, and would have shut out what the bot asked for afterwards.
      await new Promise((resolve) => setTimeout(resolve, 700))
      assert.deepEqual(here.shutOut, ['bot', 'bot'])
      await here.locks.close()
    })

    test('hold at a gateway that starts, and are listed the newest first', async () => {
      const first = await gateway()
      await first.locks.place(lockOn('target', 'crm'))
      await first.locks.place({ ...lockOn('identity', 'dana'), atMs: 2 })
      const second = await gateway()
      assert.deepEqual(second.locks.list().map(({ name }) => name), ['dana', 'crm'])
      assert.deepEqual(second.ended, ['dana on shop: the identity "dana" is locked: why', 'bot on crm: the target "crm" is locked: why'].toSorted((a, b) => second.ended.indexOf(a) - second.ended.indexOf(b)))
      await Promise.all([first.locks.close(), second.locks.close()])
      await clear()
    })

    test('are read at once when signals may have been missed', async () => {
      const signals = unheard()
      const here = await gateway({ signals, everyMs: 3_600_000 })
      await storage.locks.place(lockOn('identity', 'dana'))
      assert.equal(here.locks.on(dana), undefined)
      signals.tellGap()
      await eventually('it knows', () => here.locks.on(dana) !== undefined, 5_000)
      await storage.locks.lift('identity', 'dana')
      signals.tell({ what: 'lock', id: 'identity:dana' })
      await eventually('it knows that too', () => here.locks.on(dana) === undefined, 5_000)
      await here.locks.close()
    })

    test('that cannot be put on record do not hold, and stay when that cannot be said of their end', async () => {
      let broken = true
      const ledger: Ledger = { append: () => undefined, onWritten: (told) => void setImmediate(told, broken ? new Error('disk full') : undefined) }
      const here = await gateway({ ledger })
      await assert.rejects(here.locks.place(lockOn('agent', 'bot')), /disk full/)
      assert.equal(here.locks.on(bot), undefined)
      assert.deepEqual(await storage.locks.list(), [])
      broken = false
      await here.locks.place(lockOn('agent', 'bot'))
      broken = true
      await assert.rejects(here.locks.lift('agent', 'bot', 'olga', 'x'), /disk full/)
      assert.notEqual(here.locks.on(bot), undefined)
      await here.locks.close()
      await clear()
    })

    test('are not forgotten for a list that was read before they were placed', async () => {
      let answer: (() => void) | undefined
      let slow = false
      const store: LockStore = {
        place: (lock) => storage.locks.place(lock),
        lift: (...which) => storage.locks.lift(...which),
        async list() {
          const locks = await storage.locks.list()
          if (slow) await new Promise<void>((resolve) => { answer = resolve })
          return locks
        },
      }
      const signals = unheard()
      const here = await gateway({ store, signals, everyMs: 3_600_000 })
      slow = true
      signals.tell({ what: 'lock', id: 'agent:other' })
      await eventually('it reads', () => answer !== undefined)
      slow = false
      const placed = here.locks.place(lockOn('agent', 'bot'))
      // Late enough that a lock which did not wait for it would be placed by now.
      await new Promise((resolve) => setTimeout(resolve, 150))
      answer?.()
      await placed
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.notEqual(here.locks.on(bot), undefined)
      await here.locks.close()
      await clear()
    })

    test('of which two are placed at once at two gateways are one', async () => {
      const [here, there] = [await gateway(), await gateway()]
      const placed = await Promise.all([here.locks.place({ ...lockOn('agent', 'bot', 'here'), atMs: 5 }), there.locks.place({ ...lockOn('agent', 'Bot', 'there'), atMs: 6 })])
      assert.equal(placed[0].lock.reason, placed[1].lock.reason)
      assert.equal(placed.filter(({ isNew }) => isNew).length, 1)
      assert.equal((await storage.locks.list()).length, 1)
      await Promise.all([here.locks.close(), there.locks.close()])
      await clear()
    })

    test('outlive a store that fails for a while, and a gateway that cannot read them does not start', async () => {
      let broken = false
      const errors: string[] = []
      const store: LockStore = {
        place: (lock) => storage.locks.place(lock), lift: (...which) => storage.locks.lift(...which),
        list: () => (broken ? Promise.reject(new Error('no database')) : storage.locks.list()),
      }
      const here = await gateway({ store, onError: ({ message }) => errors.push(message), everyMs: 10 })
      await here.locks.place(lockOn('agent', 'bot'))
      broken = true
      await eventually('it was told', () => errors.length > 2)
      assert.notEqual(here.locks.on(bot), undefined)
      await assert.rejects(gateway({ store }), /no database/)
      await here.locks.close()
      await clear()
    })
  })
}
