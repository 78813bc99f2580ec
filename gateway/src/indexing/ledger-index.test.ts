import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import { parseSearch } from '../governance/recording/parse-search.ts'
import { type FoundOperation, IndexUnavailable, type SearchPage } from '../governance/recording/operation-index.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import type { LedgerLog } from '../ledger/ledger-log.ts'
import type { IndexStore } from '../storage/index-store.ts'
import { openIndexStore } from '../storage/open-index-store.ts'
import { Indexer } from './indexer.ts'
import { LedgerIndex } from './ledger-index.ts'
import { LedgerScript } from './ledger-script.test-support.ts'
import { readSessionEvents } from './session-events.ts'

const NOW = Date.parse('2026-06-15T12:00:00Z')

for (const [name, start] of Object.entries(stateDatabases)) {
  describe(`the index on ${name}`, () => {
    let place: StateDatabase
    const folders: string[] = []
    before(async () => {
      place = await start()
    })
    after(async () => {
      await place.stop()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    })

    function folder(): string {
      const path = mkdtempSync(join(tmpdir(), 'sallyport-index-ledger-'))
      folders.push(path)
      return path
    }

    const open = (directory: string): Promise<LedgerLog> =>
      openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined }).then(({ log }) => log)

    interface World {
      readonly script: LedgerScript
      readonly store: IndexStore
      find(query: string, page?: Partial<SearchPage>): Promise<readonly FoundOperation[]>
      texts(query: string, page?: Partial<SearchPage>): Promise<string[]>
    }

    /** A ledger, and an index of it that is asked directly. */
    async function world(use: (world: World) => Promise<void>): Promise<void> {
      const directory = folder()
      const log = await open(directory)
      const script = new LedgerScript(log, NOW - 3_600_000)
      const store = await openIndexStore(await place.fresh(), 'log')
      const indexer = await Indexer.open(store, directory)
      const find = async (query: string, page: Partial<SearchPage> = {}) => {
        await script.written()
        while (await indexer.step(log.size));
        assert.equal(indexer.entries, log.size)
        return (await store.search(parseSearch(query, NOW), { limit: 50, ...page })).operations
      }
      try {
        await use({ script, find, store, texts: async (...asked) => (await find(...asked)).map(({ text }) => text) })
      } finally {
        await indexer.close()
        await store.close()
        await log.close()
      }
    }

    it('finds an operation by everything that is known of it, and not by anything else', () => world(async ({ script, texts }) => {
      const bot = script.session({ name: 'support-bot', target: 'shop', purpose: 'answers ticket 77' })
      const dana = script.session({ kind: 'person', name: 'dana@example.com', actors: ['nightly-report'], target: 'crm', purpose: 'counts' })
      bot.ran("update customers set note = 'Refund promised' where id = 4711", { actions: ['update'], objects: ['public.customers'], rule: 'writes' })
      dana.refused('drop table orders', { actions: ['drop'], objects: ['public.orders'], rule: 'destructive' })
      dana.ran('select city from "Grüße".straße', { objects: ['Grüße.straße'], result: 'failed', code: '42P01' })
      const update = "update customers set note = 'Refund promised' where id = 4711"
      const failed = 'select city from "Grüße".straße'
      for (const query of [
        'table:customers', 'table:public.customers', 'table:PUBLIC.Customers', 'table:cust*', 'action:update', 'action:insert,update', 'agent:support-bot',
        'agent:support-*', 'identity:support-bot', 'target:shop', 'decision:allow rule:writes', `session:${bot.id}`, 'purpose:ticket', 'purpose:"ticket 77"',
        'refund', '"refund promised"', 'refu', 'REFUND*', '4711', 'customers -decision:deny', '-for:*  -error:*', '-identity:dana@example.com',
        'table:customers action:update agent:support-bot since:7d "refund"',
      ]) assert.deepEqual(await texts(query), [update], query)
      for (const query of ['error:42P01', 'error:42p*', 'error:*', 'table:straße', 'table:"GRÜSSE.straße",grüße.straße', 'stra', 'for:dana@example.com error:*']) {
        assert.deepEqual(await texts(query), [failed], query)
      }
      for (const query of ['agent:nightly-report', 'for:dana@example.com', 'for:*', 'identity:dana@example.com', 'target:crm', '-agent:support-bot']) {
        assert.deepEqual(await texts(query), [failed, 'drop table orders'], query)
      }
      for (const query of [
        'table:customer', 'table:ustomers', 'agent:dana@example.com', 'agent:support', 'for:nightly-report', '"refun"', '"promised refund"', '471', 'purpose:77x',
        'error:42P02', 'note -refund', 'since:10m', 'until:2h', 'table:customers table:orders', 'i=support-bot', '"d=allow"', 'session:x',
      ]) assert.deepEqual(await texts(query), [], query)
    }))

    it('finds nothing by a name that stands in a text only', () => world(async ({ script, texts }) => {
      script.session({ name: 'support-bot' }).ran('select 1 -- i=admin g=admin d=deny "a=drop" i%3dadmin')
      for (const query of ['agent:admin', 'identity:admin', 'decision:deny', 'action:drop']) assert.deepEqual(await texts(query), [], query)
      assert.equal((await texts('admin')).length, 1)
    }))

    it('shows equal operations of a session as one, with their number and their outcomes together', () => world(async ({ script, find }) => {
      const session = script.session({})
      for (let round = 0; round < 20; round += 1) {
        session.ran('select one', { rows: 2 })
        session.ran('select two', round === 7 ? { result: 'failed', code: '57014' } : { rows: 1 })
        if (round === 9) await find('decision:allow')
      }
      const other = script.session({})
      other.ran('select one')
      const [last, second, first] = await find('select')
      assert.deepEqual([last?.session, last?.text, last?.count], [other.id, 'select one', 1])
      assert.deepEqual([second?.count, second?.first.number, second?.last.number, second?.completed, second?.failed, second?.rows, second?.codes], [20, 2, 40, 19, 1, 19, ['57014']])
      assert.deepEqual([first?.count, first?.first.number, first?.last.number, first?.completed, first?.failed, first?.rows, first?.codes], [20, 1, 39, 20, 0, 40, []])
      assert.deepEqual((await find('error:57014')).map(({ text }) => text), ['select two'])
    }))

    it('shows operations that differ only in integers as one, found by each integer and the word before it', () => world(async ({ script, find }) => {
      const session = script.session({})
      for (let id = 4_000; id < 4_020; id += 1) {
        session.ran(`select name from customers where customer_id = ${id} and kind = 'k7' limit 5`, { rows: 1 })
        // Also over the ends of slices.
        if (id === 4_003 || id === 4_004) await find('')
      }
      session.ran('select name from customers where customer_id = 4007 and kind = \'k7\' limit 5', { rows: 1 })
      for (const query of ['4000', '4003', '4004', '4005', '4019', '"id 4011"', '"customer id 4000 and"', '4012 name', '"limit 5"', '401*']) {
        const found = await find(query)
        assert.deepEqual(found.map(({ text, count, first, last, rows }) => [text, count, first.number, last.number, rows]),
          [["select name from customers where customer_id = 4000 and kind = 'k7' limit 5", 21, 1, 21, 21]], query)
      }
      for (const query of ['4020', '40', '"4011 and"', '"limit 4011"', '"4011 id"', '-4011']) assert.deepEqual(await find(query), [], query)
    }))

    it('does not join what was decided differently, does something else, or differs in more than integers', () => world(async ({ script, texts }) => {
      const session = script.session({})
      session.ran('select 1')
      session.refused('select 2')
      session.ran('select 3', { rule: 'other' })
      session.ran('select 4', { actions: ['insert'] })
      session.ran('select 5', { objects: ['public.t'] })
      session.ran("select '6'")
      session.ran("select '7'")
      session.ran('select t8')
      session.ran('select 9.5')
      session.ran('select /* 10 */')
      session.ran('select /* 11 */')
      session.ran('select 12, 13')
      script.session({}).ran('select 14')
      assert.equal((await texts('select')).length, 13)
      assert.deepEqual(await texts('decision:deny'), ['select 2'])
    }))

    it('begins a new row when a row has 2 KiB of integers', () => world(async ({ script, find }) => {
      const session = script.session({})
      for (let id = 0; id < 1_000; id += 1) session.ran(`select a from t where id = ${100_000 + id}`)
      const counts = (await find('select')).map(({ count }) => count)
      assert.equal(counts.reduce((sum, count) => sum + count, 0), 1_000)
      assert.ok(counts.length >= 5 && counts.length <= 10 && Math.max(...counts) <= 2_048 / ' = id 100000'.length + 1, String(counts))
      for (const id of [100_000, 100_170, 100_500, 100_999]) assert.equal((await find(`"id ${id}"`)).length, 1)
    }))

    it('keeps the integers of a row when its error comes after them', () => world(async ({ script, find }) => {
      const session = script.session({})
      session.ran('select 1')
      const running = session.decided('select 2')
      await find('')
      session.finished(running, { result: 'failed', code: '57014' })
      for (const query of ['2 error:57014', '1 error:57014']) assert.deepEqual((await find(query)).map(({ count, failed }) => [count, failed]), [[2, 1]], query)
    }))

    it('begins a new row after an hour, so that times say something', () => world(async ({ script, find }) => {
      const session = script.session({})
      session.ran('select 1')
      script.pass(3_599_000)
      session.ran('select 1')
      script.pass(2_000)
      session.ran('select 1')
      assert.deepEqual((await find('select')).map(({ count }) => count), [1, 2])
    }))

    it('adds an outcome that comes in a later slice, its error too', () => world(async ({ script, find }) => {
      const session = script.session({})
      const running = session.decided('select pg_sleep(60)')
      assert.deepEqual((await find('select')).map(({ completed, failed }) => [completed, failed]), [[0, 0]])
      session.finished(running, { result: 'failed', code: '57014' })
      const [row] = await find('error:57014')
      assert.deepEqual([row?.failed, row?.codes], [1, ['57014']])
      assert.deepEqual((await find('-error:57014')), [])
    }))

    it('tells how many values masks replaced, and finds the operations by that, also where they come later', () => world(async ({ script, find }) => {
      const session = script.session({})
      session.ran('select name')
      session.ran('select email', { masked: 3 })
      const running = session.decided('select ssn')
      assert.deepEqual((await find('masked:*')).map(({ text, masked }) => [text, masked]), [['select email', 3]])
      session.finished(running, { masked: 2 })
      session.ran('select email', { masked: 4 })
      session.ran('select name', { masked: 0 })
      assert.deepEqual((await find('masked:*')).map(({ text, masked }) => [text, masked]), [['select ssn', 2], ['select email', 7]])
      assert.deepEqual((await find('-masked:*')).map(({ text, masked }) => [text, masked]), [['select name', 0]])
    }))

    it('orders newest first and pages through everything once', () => world(async ({ script, find, store }) => {
      const session = script.session({})
      // Many in one millisecond, and some from before it: a clock may go back.
      for (let number = 0; number < 300; number += 1) {
        if (number % 100 === 50) script.pass(-1_500)
        session.ran(`select w${number}`)
        if (number % 20 === 0) script.pass(1)
      }
      assert.equal((await find('w299')).length, 1)
      const seen: FoundOperation[] = []
      for (let after: string | undefined, more = true; more;) {
        const page = await store.search(parseSearch('select', NOW), { limit: 7, ...(after === undefined ? {} : { after }) })
        seen.push(...page.operations)
        after = page.next
        more = after !== undefined
      }
      assert.equal(seen.length, 300)
      assert.equal(new Set(seen.map(({ text }) => text)).size, 300)
      assert.deepEqual(seen.map(({ first }) => first.atMs), seen.map(({ first }) => first.atMs).toSorted((a, b) => b - a))
    }))

    it('bounds the time by when operations ran, also within a row', () => world(async ({ script, texts }) => {
      const session = script.session({})
      session.ran('select one')
      script.pass(50 * 60_000)
      session.ran('select one')
      session.ran('select two')
      assert.deepEqual(await texts('since:15m'), ['select two', 'select one'])
      assert.deepEqual(await texts('since:5m'), [])
      assert.deepEqual(await texts('until:15m'), ['select one'])
      assert.deepEqual(await texts('since:2026-06-15T11:45 until:2026-06-15'), ['select two', 'select one'])
      assert.deepEqual(await texts('until:2026-06-14'), [])
    }))

    it('shows an owner only what is of the same name, kind and issuer', () => world(async ({ script, texts }) => {
      script.session({ name: 'a' }).ran('select 1')
      script.session({ name: 'a', kind: 'person' }).ran('select 2')
      script.session({ name: 'a', issuer: 'other' }).ran('select 3')
      script.session({ name: 'b', actors: ['a'] }).ran('select 4')
      assert.deepEqual(await texts('', { owner: { name: 'a', kind: 'agent', issuer: 'corp', actors: [] } }), ['select 1'])
      assert.deepEqual(await texts('-identity:b', { owner: { name: 'a', kind: 'person', issuer: 'corp', actors: [] } }), ['select 2'])
    }))

    it('takes no name for an owner\'s that is only like it, in letters\' case or otherwise', () => world(async ({ script, texts }) => {
      const names = ['dana', 'Dana', 'ｄana', 'dana\u3164', 'x/dana', 'd'.repeat(300), 'D'.repeat(300)]
      for (const name of names) script.session({ name, kind: 'person' }).ran(`select '${names.indexOf(name)}'`)
      for (const name of names) assert.deepEqual(await texts('', { owner: { name, kind: 'person', issuer: 'corp', actors: [] } }), [`select '${names.indexOf(name)}'`], name)
    }))

    it('shows whoever acts for a person full pages of what the same did for them', () => world(async ({ script, find, store }) => {
      const owner = { name: 'dana', kind: 'person', issuer: 'corp' } as const
      for (let round = 0; round < 6; round += 1) {
        script.session({ ...owner, actors: ['bot'] }).ran(`select 'bot ${round}'`)
        for (const actors of [[], ['other'], ['bot', 'other'], ['Bot']]) script.session({ ...owner, actors }).ran(`select 'not it ${round}'`)
      }
      await find('')
      const pages: string[][] = []
      for (let page: { next?: string } = { next: String(Number.MAX_SAFE_INTEGER) }; page.next !== undefined;) {
        const { operations, ...rest } = await store.search(parseSearch('', NOW), { limit: 2, after: page.next, owner: { ...owner, actors: ['bot'] } })
        pages.push(operations.map(({ text }) => text))
        page = rest
      }
      assert.deepEqual(pages, [5, 3, 1].map((round) => [`select 'bot ${round}'`, `select 'bot ${round - 1}'`]))
    }))

    it('shows the holder of a token for some targets what was done on those', () => world(async ({ script, texts }) => {
      for (const target of ['shop', 'crm', 'Shop', 'shop\u00e9']) script.session({ name: 'a', target }).ran(`select '${target}'`)
      const owner = { name: 'a', kind: 'agent', issuer: 'corp', actors: [] } as const
      assert.deepEqual(await texts('', { owner: { ...owner, targets: ['crm', 'Shop'] } }), ["select 'Shop'", "select 'crm'"])
    }))

    it('goes on where it stopped, with each operation once, wherever it is cut off', async () => {
      const directory = folder()
      const log = await open(directory)
      const script = new LedgerScript(log, NOW - 3_600_000)
      const location = await place.fresh()
      const session = script.session({})
      const left: number[] = []
      for (let round = 0; round < 60; round += 1) {
        session.ran(`select ${round % 20}`, { rows: 1 })
        left.push(session.decided(`update t set n = ${round}`))
        if (round % 3 === 2) session.finished(left.shift() ?? 0, { rows: 5 })
      }
      await script.written()
      // Steps of all sizes, each by a new indexer over what the one before left in the store.
      for (let until = 1; until < log.size + 7; until += 1 + (until % 7)) {
        const store = await openIndexStore(location, 'log')
        const indexer = await Indexer.open(store, directory)
        while (await indexer.step(Math.min(until, log.size)));
        await indexer.close()
        await store.close()
      }
      const store = await openIndexStore(location, 'log')
      const all = (await store.search(parseSearch('', NOW), { limit: 200 })).operations
      assert.equal(all.reduce((sum, { count }) => sum + count, 0), 120)
      assert.equal(all.reduce((sum, { completed }) => sum + completed, 0), 80)
      assert.equal(all.reduce((sum, { rows }) => sum + rows, 0), 60 + 100)
      await store.close()
      await log.close()
    })

    it('notices that the ledger is another one, or shorter, and begins anew', async () => {
      const location = await place.fresh()
      const count = async (directory: string, log: LedgerLog) => {
        const store = await openIndexStore(location, 'log')
        const indexer = await Indexer.open(store, directory)
        while (await indexer.step(log.size));
        const { operations } = await store.search(parseSearch('', NOW), { limit: 200 })
        await indexer.close()
        await store.close()
        await log.close()
        return operations.map(({ text }) => text)
      }
      for (const texts of [['a', 'b', 'c'], ['a', 'b', 'x', 'y'], ['z']]) {
        const directory = folder()
        const log = await open(directory)
        const script = new LedgerScript(log, NOW)
        const session = script.session({ id: `0mf2q9x7a-${texts.length}` })
        for (const text of texts) session.ran(text)
        await script.written()
        assert.deepEqual(await count(directory, log), texts.toReversed())
      }
    })

    it('answers from its thread with all that is written when the question comes', async () => {
      const directory = folder()
      const log = await open(directory)
      const script = new LedgerScript(log, NOW - 1_000)
      const session = script.session({})
      const errors: Error[] = []
      const index = new LedgerIndex({
        location: await place.fresh(), log: randomBytes(8).toString('hex'), directory, onError: (error) => errors.push(error),
        ledger: { get size() { return log.size }, get durableSize() { return log.lastCheckpoint.size } },
      })
      for (let number = 1; number <= 3; number += 1) {
        session.ran(`select w${number}`)
        await script.written()
        const { operations, indexed, entries } = await index.search(parseSearch('select', NOW), { limit: 10 })
        assert.equal(operations.length, number)
        assert.deepEqual([indexed, entries], [log.size, log.size])
      }
      await index.close()
      await assert.rejects(index.search(parseSearch('select', NOW), { limit: 10 }), /not at hand/)
      await log.close()
      assert.deepEqual(errors, [])
    })
  })
}

describe('an index that is not to be had', () => {
  it('says so, and is at hand again once what was in its way is gone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-index-'))
    const { log } = await openLedger({ directory: join(folder, 'ledger'), origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined })
    const script = new LedgerScript(log, NOW)
    script.session({}).ran('select 1')
    await script.written()
    const errors: Error[] = []
    const path = join(folder, 'later', 'index.db')
    const index = new LedgerIndex({ location: { kind: 'sqlite', path }, log: 'log', directory: join(folder, 'ledger'), onError: (error) => errors.push(error), ledger: { get size() { return log.size }, durableSize: 0 } })
    const search = () => index.search(parseSearch('select', NOW), { limit: 10 })
    await assert.rejects(search(), IndexUnavailable)
    assert.ok(errors.length > 0)
    mkdirSync(join(folder, 'later'))
    await eventually('the index is there again', () => search().then(({ operations }) => operations.length === 1, () => false), 20_000)
    await index.close()
    await log.close()
    rmSync(folder, { recursive: true })
  })

  it('does not keep a session from being read: then the whole ledger is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-index-'))
    const { log } = await openLedger({ directory: folder, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined })
    const script = new LedgerScript(log, NOW)
    const [one, other] = [script.session({}), script.session({})]
    other.ran(`select '"session":"${one.id}"'`)
    one.ran('select 1')
    one.closed()
    await script.written()
    const store = await openIndexStore({ kind: 'sqlite', path: ':memory:' }, 'log')
    const indexer = await Indexer.open(store, folder)
    for (const until of [0, 3, 5, log.size]) {
      while (await indexer.step(until));
      const place = async (session: string) => (until === 0 ? Promise.reject(new IndexUnavailable('gone')) : { range: await store.range(session), indexed: indexer.entries })
      const events: string[] = []
      for await (const { event } of readSessionEvents(one.id, { directory: folder, ledger: { size: log.size, durableSize: 0 }, index: { place } })) events.push(event)
      assert.deepEqual(events, ['session.opened', 'operation.decided', 'operation.finished', 'session.closed'], `indexed up to ${until}`)
    }
    await indexer.close()
    await store.close()
    await log.close()
    rmSync(folder, { recursive: true })
  })
})
