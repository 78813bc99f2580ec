import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../../test/support/eventually.ts'
import { proveLedger, readEvents } from '../../../test/support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../../../test/support/postgres.ts'
import { type RecordingSetup, setUpRecording } from '../../../test/support/recording-setup.ts'
import { verifyRecordings } from '../../ledger/verify-recordings.ts'
import { openStorage, type StorageLocation } from '../../storage/open-storage.ts'
import type { Policy } from '../policy/policy.ts'
import type { Ledger } from './ledger.ts'
import { StreamError } from './read-stream.ts'
import { Retention, type RetentionOptions } from './retention.ts'
import type { Hold } from './retention-store.ts'

const DAY_MS = 86_400_000

let server: PostgresServer
let databases = 0
before(async () => {
  server = await startPostgres()
})
after(() => server.stop())

async function onPostgres(): Promise<StorageLocation> {
  const name = `recordings_${(databases += 1)}`
  await server.query(`create database ${name}`)
  return { kind: 'postgres', client: server.client(name) }
}

function policyWith(retentionMs: number | undefined): Policy {
  const target = { name: 'shop', protocol: 'postgres', labels: {}, ...(retentionMs !== undefined && { retentionMs }) }
  return { version: 1, document: { version: 1, issuers: [], agents: [], targets: [target], masks: [], rules: [], roles: { reviewer: [], operator: [], auditor: [], administrator: [] } }, grantable: () => [], forSession: () => assert.fail() }
}

/** A sweeper that looks from so many days later. */
function sweeper(setup: RecordingSetup, laterDays: number, options: Partial<RetentionOptions> & { readonly retentionMs?: number } = {}): Retention {
  return new Retention({
    policy: () => policyWith('retentionMs' in options ? options.retentionMs : 400 * DAY_MS),
    records: setup.storage.retention, segments: setup.store, ledger: setup.ledger,
    now: () => Date.now() + laterDays * DAY_MS, onDone: () => undefined, onError: () => undefined, ...options,
  })
}

function hold(kind: Hold['kind'], subject: string): Hold {
  return { kind, subject, by: 'dana', reason: 'litigation', placedAtMs: Date.now() }
}

for (const [name, locate] of [['SQLite', () => Promise.resolve(undefined)], ['PostgreSQL', onPostgres]] as const) {
  describe(`retention on ${name}`, () => {
    async function withSetup(work: (setup: RecordingSetup) => Promise<void>): Promise<void> {
      const storage = await locate()
      const setup = await setUpRecording(storage === undefined ? {} : { storage })
      try {
        await work(setup)
      } finally {
        await setup.close()
      }
    }
    const destroyedOf = async (setup: RecordingSetup) => (await readEvents(setup.ledgerDirectory)).filter((event) => event.event === 'recording.destroyed')

    test('destroys what is over, tells so, and the log still verifies and proves that it existed', async () => {
      await withSetup(async (setup) => {
        await setup.session('old')
        const sealedKey = (await setup.storage.recordingKeys.get('old'))?.sealed ?? ''
        assert.equal(await sweeper(setup, 399).sweep(), 0)
        assert.equal(String((await setup.read('old'))[0]?.bytes), 'an answer')
        assert.equal(await sweeper(setup, 401).sweep(), 1)
        await assert.rejects(setup.read('old'), (error) => error instanceof StreamError && error.problem === 'destroyed' && /was destroyed at 2\d{3}-/.test(error.message))
        assert.equal(existsSync(join(setup.segments, 'old')), false)
        assert.deepEqual((await destroyedOf(setup)).map((event) => 'reason' in event && 'segments' in event && [event.session, event.segments, event.reason]), [['old', 1, 'retention of 400d is over']])
        assert.ok((await readEvents(setup.ledgerDirectory)).some((event) => event.event === 'segment.sealed' && event.session === 'old'))
        if (name === 'SQLite') {
          const files = readdirSync(setup.folder).filter((file) => file.startsWith('state.db'))
          for (const file of files) {
            const bytes = readFileSync(join(setup.folder, file))
            for (let at = 0; at + 16 <= sealedKey.length; at += 8) {
              assert.ok(!bytes.includes(sealedKey.slice(at, at + 16)), `${file} still has a part of the key`)
            }
          }
        }
        assert.equal(await sweeper(setup, 402).sweep(), 0)
        await setup.ledger.checkpoint()
        assert.equal((await proveLedger(setup.ledgerDirectory)).ok, true)
      })
    })

    test('keeps what a target without retention, or a target that is no more, has', async () => {
      await withSetup(async (setup) => {
        await setup.session('old')
        const none = policyWith(DAY_MS)
        assert.equal(await sweeper(setup, 10_000, { policy: () => policyWith(undefined) }).sweep(), 0)
        assert.equal(await sweeper(setup, 10_000, { policy: () => ({ ...none, document: { ...none.document, targets: [] } }) }).sweep(), 0)
        assert.equal((await setup.read('old')).length, 1)
      })
    })

    test('counts from the end: a session that goes on is never over', async () => {
      await withSetup(async (setup) => {
        await setup.session('ended')
        await setup.storage.sessions.opened({
          id: 'open', openedAtMs: 0, protocol: 'postgres', clientAddress: '', target: { name: 'shop' },
          admission: { identity: { kind: 'agent', name: 'a', issuer: 'i', actors: [] }, purpose: '' },
        } as never, '')
        const recorder = await setup.open('open')
        recorder.received(1, Buffer.from('x'), 0, 1)
        assert.equal(await sweeper(setup, 10_000).sweep(), 1)
        await recorder.close()
        assert.equal((await setup.read('open')).length, 1)
      })
    })

    test('a hold by session, by identity or by whom it acts for keeps a recording until it is released', async () => {
      await withSetup(async (setup) => {
        await setup.session('by-session')
        await setup.session('by-identity', { by: 'night_ly' })
        await setup.session('on-behalf', { actors: ['dana@example.com', 'proxy"\\%'] })
        await setup.session('free', { by: 'nightXly', actors: ['xdana@example.com'] })
        const holds = [hold('session', 'by-session'), hold('identity', 'night_ly'), hold('identity', 'dana@example.com')]
        for (const one of holds) await setup.storage.holds.place(one)
        assert.deepEqual((await setup.storage.holds.list()).length, 3)
        assert.equal(await sweeper(setup, 500).sweep(), 1, 'only what nothing holds')
        await assert.rejects(setup.read('free'), /destroyed/)
        await setup.storage.holds.place(hold('identity', 'proxy"\\%'))
        await setup.storage.holds.release('identity', 'dana@example.com')
        assert.equal(await sweeper(setup, 500).sweep(), 0, 'another hold covers it')
        for (const { kind, subject } of await setup.storage.holds.list()) await setup.storage.holds.release(kind, subject)
        assert.equal(await sweeper(setup, 500).sweep(), 3)
      })
    })

    test('a hold that comes between looking and destroying still holds', async () => {
      await withSetup(async (setup) => {
        await setup.session('one')
        const { retention, holds } = setup.storage
        const [found] = await retention.ended('shop', Date.now() + 1, undefined, 10)
        assert.equal(found?.due, true)
        await holds.place(hold('session', 'one'))
        assert.equal(await retention.destroyKey('one', { atMs: 1, segments: 1, reason: 'r' }), false)
        assert.equal((await setup.read('one')).length, 1)
      })
    })

    test('cut off after any step, the next sweep does what is left', async () => {
      for (const step of ['event', 'segments', 'finish'] as const) {
        await withSetup(async (setup) => {
          await setup.session('one')
          const broken = new Error('cut off')
          const ledger: Ledger = step === 'event' ? { append: () => { throw broken }, onWritten: (done) => done(broken) } : setup.ledger
          const segments = step === 'segments' ? { list: (prefix: string) => setup.store.list(prefix), delete: () => Promise.reject(broken) } : setup.store
          const records = new Proxy(setup.storage.retention, {
            get: (table, key) => (key === 'finish' && step === 'finish' ? () => Promise.reject(broken) : (table[key as 'ended'] as () => unknown).bind(table)),
          })
          await assert.rejects(sweeper(setup, 500, { ledger, segments, records }).sweep(), /cut off/)
          await assert.rejects(setup.read('one'), /destroyed/)
          assert.equal(await sweeper(setup, 500).sweep(), 1)
          assert.equal(existsSync(join(setup.segments, 'one')), false)
          assert.ok((await destroyedOf(setup)).length >= 1)
          assert.equal(await sweeper(setup, 500).sweep(), 0)
        })
      }
    })

    test('each gateway sees to what it had; one that is away finds its keys destroyed, and does the rest itself', async () => {
      const location = await locate()
      const setup = await setUpRecording(location === undefined ? {} : { storage: location })
      const other = await openStorage(location ?? { kind: 'sqlite', path: join(setup.folder, 'state.db') }, { gateway: 'other' })
      const elsewhere = await setUpRecording()
      const atOther: Partial<RetentionOptions> = { records: other.retention, segments: elsewhere.store, ledger: elsewhere.ledger }
      const beat = (seenAtMs: number) => setup.storage.gateways.beat({ id: 'gateway', host: 'h', version: '1', policyVersion: 1, startedAtMs: seenAtMs, seenAtMs })
      try {
        await setup.session('one')
        await beat(Date.now())
        assert.equal(await sweeper(setup, 500, atOther).sweep(), 0, 'the gateway that had it runs')
        await beat(Date.now() - 2 * 3_600_000)
        assert.equal(await sweeper(setup, 500, atOther).sweep(), 1)
        assert.deepEqual((await destroyedOf(elsewhere)).length, 1, 'who destroyed the key says so')
        assert.equal(await sweeper(setup, 500, atOther).sweep(), 0, 'once')
        await assert.rejects(setup.read('one'), /destroyed/)
        assert.deepEqual([existsSync(join(setup.segments, 'one')), (await destroyedOf(setup)).length], [true, 0], 'its ledger does not tell yet why they are gone')
        assert.equal(await sweeper(setup, 500).sweep(), 1)
        assert.deepEqual([existsSync(join(setup.segments, 'one')), (await destroyedOf(setup)).length], [false, 1])
        assert.equal(await sweeper(setup, 500).sweep(), 0)
      } finally {
        await other.close()
        await elsewhere.close()
        await setup.close()
      }
    })

    test('in a folder that gateways share, segments stay until the ledger that tells of them tells why they are gone', async () => {
      const location = await locate()
      const setup = await setUpRecording(location === undefined ? {} : { storage: location })
      const other = await openStorage(location ?? { kind: 'sqlite', path: join(setup.folder, 'state.db') }, { gateway: 'other' })
      const elsewhere = await setUpRecording()
      try {
        await setup.session('one')
        assert.equal(await sweeper(setup, 500, { records: other.retention, ledger: elsewhere.ledger }).sweep(), 1)
        await setup.ledger.checkpoint()
        assert.equal((await verifyRecordings(setup.ledgerDirectory, setup.segments)).bad, undefined)
        assert.equal(await sweeper(setup, 500).sweep(), 1)
        assert.equal((await verifyRecordings(setup.ledgerDirectory, setup.segments)).bad, undefined)
        assert.equal(existsSync(join(setup.segments, 'one')), false)
      } finally {
        await other.close()
        await elsewhere.close()
        await setup.close()
      }
    })

    test('a clock that is set forward destroys nothing before an hour has passed', async () => {
      await withSetup(async (setup) => {
        await setup.session('one')
        let laterMs = 0
        const errors: string[] = []
        const options = { now: () => Date.now() + laterMs, onError: (error: Error) => void errors.push(error.message) }
        const retention = sweeper(setup, 0, options)
        retention.start()
        await retention.idle()
        laterMs = 500 * DAY_MS
        retention.start()
        await retention.idle()
        assert.match(errors.join(), /^the clock was set forward by 500d: if that is wrong, mend it within the hour/)
        assert.equal((await setup.read('one')).length, 1)
        retention.start()
        await retention.close()
        await assert.rejects(setup.read('one'), /destroyed/)
        assert.equal(errors.length, 1)
      })
    })

    test('goes through any number of sessions, page by page', async () => {
      await withSetup(async (setup) => {
        for (let n = 0; n < 450; n += 1) await setup.session(`s-${n}`)
        await setup.storage.holds.place(hold('session', 's-7'))
        assert.equal(await sweeper(setup, 500).sweep(), 449)
        assert.deepEqual(readdirSync(setup.segments), ['s-7'])
      })
    })

    test('starts by itself and stops when it is closed', async () => {
      await withSetup(async (setup) => {
        await setup.session('one')
        let done = 0
        const retention = sweeper(setup, 500, { onDone: (count) => (done += count) })
        retention.start()
        await eventually('it was destroyed', () => done === 1)
        await retention.close()
      })
    })
  })
}
