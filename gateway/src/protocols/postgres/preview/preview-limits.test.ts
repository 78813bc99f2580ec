import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { eventually } from '../../../../test/support/eventually.ts'
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres.ts'
import { type Asked, PreviewSetup } from '../../../../test/support/preview-setup.ts'
import type { Preview } from '../../../governance/review/preview.ts'
import { UNKNOWN } from '../../../sql/statement-analyser.ts'
import { TargetError, type Upstream } from '../upstream.ts'

const OVERALL_MS = 3_000
const MARGIN_MS = 300

const SCHEMA = `
create table wide (id integer primary key, amount integer not null default 0);
insert into wide select n from generate_series(1, 50) n;
create table slow (id integer primary key); insert into slow values (1);
create function dawdle() returns trigger language plpgsql as $$ begin
  for n in 1..200 loop perform count(*) from generate_series(1, 200000); end loop; return new; end $$;
create trigger dawdle before update on slow for each row execute function dawdle();
`

/** The rehearsed statement itself, for a while already. */
const RUNNING = "select from pg_stat_activity where query ilike 'update slow%' and state = 'active' and query_start < clock_timestamp() - interval '100 ms'"
const isRunning = (rows: readonly unknown[]): boolean => rows.length === 1

describe('a preview', () => {
  let server: PostgresServer
  let setup: PreviewSetup
  before(async () => {
    server = await startPostgres()
    setup = await PreviewSetup.create(server, SCHEMA)
  })
  after(async () => {
    setup.close()
    await server.stop()
  })

  async function timed(sql: string, asked: Asked): Promise<{ preview: Preview; tookMs: number }> {
    const started = performance.now()
    const preview = await setup.preview(sql, asked)
    return { preview, tookMs: performance.now() - started }
  }

  /** Backends of the gateway's login in a transaction, the catalog keeper's aside. */
  const inTransaction = async (): Promise<number> =>
    Number((await server.query("select count(*) as n from pg_stat_activity where usename = 'sallyport' and (state like '%transaction%' or state = 'active')", [], 'shop'))[0]?.['n'])

  async function withLock<T>(sql: string, use: () => Promise<T>): Promise<T> {
    const client = new pg.Client(server.client('shop'))
    await client.connect()
    try {
      await client.query(`begin; ${sql}`)
      return await use()
    } finally {
      await client.end()
    }
  }

  test('tries nothing of what is not a single statement that changes rows', async () => {
    const connect = (): Promise<Upstream> => assert.fail('a connection was made')
    for (const sql of ['select 1', 'truncate wide', 'delete from wide; delete from wide', 'update wide set amount = 1 where current of c', 'drop table wide', 'explain analyze delete from wide', 'call x()', 'prepare p as delete from wide', '', 'delete frm', "do $$ begin delete from wide; end $$"]) {
      const preview = await setup.preview(sql, { connect, how: 'rehearse' })
      assert.equal(preview.method, 'none', sql)
      assert.equal(preview.notes.length, 1, sql)
    }
    const unknown = await setup.preview('delete from wide', { connect, analysis: UNKNOWN })
    assert.deepEqual([unknown.method, unknown.notes], ['none', ['The statement could not be analysed, so nothing of it is tried.']])
  })

  test('says so when the target cannot be reached, or never answers', async () => {
    const refused = await setup.preview('delete from wide', { connect: () => Promise.reject(new TargetError('08001', 'no')) })
    assert.match(refused.notes.join(), /could not be reached/)
    const silent = net.createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const never = await timed('delete from wide', { connect: () => new Promise(() => undefined) })
    assert.match(never.preview.notes.join(), /not be finished in time/)
    assert.ok(never.tookMs < OVERALL_MS + MARGIN_MS, `${never.tookMs} ms`)
    silent.close()
  })

  test('destroys a connection that comes after its time', async () => {
    let late: Upstream | undefined
    const connect = async (): Promise<Upstream> => {
      await sleep(300)
      return (late = await setup.connect())
    }
    const preview = await setup.preview('delete from wide', { connect, timeouts: { overallMs: 100, statementMs: 100, lockMs: 50 } })
    assert.equal(preview.method, 'none')
    await eventually('the connection is closed', () => late?.connection.isOpen === false)
  })

  test('leaves a note when a lock is held on the rows, within the time for one lock', async () => {
    await withLock('update wide set amount = 1 where id = 1', async () => {
      const { preview, tookMs } = await timed('update wide set amount = 2 where id < 3', { how: 'rehearse', inTransaction: true })
      assert.deepEqual([preview.method, preview.rows], ['counted', 2])
      assert.match(preview.notes.join(' '), /given up: somebody holds locks .*55P03/)
      assert.match(preview.notes.join(' '), /inside a transaction: .*not seen here/)
      assert.match(preview.notes.join(' '), /others who want the same rows wait until then/)
      assert.ok(tookMs < 1_000, `${tookMs} ms`)
    })
  })

  test('leaves a note when a lock is held on the table', async () => {
    await withLock('lock table wide in access exclusive mode', async () => {
      for (const how of ['count', 'rehearse'] as const) {
        const { preview, tookMs } = await timed('delete from wide', { how })
        assert.equal(preview.method, 'none')
        assert.match(preview.notes.join(' '), /55P03/)
        assert.ok(tookMs < OVERALL_MS + MARGIN_MS, `${tookMs} ms`)
      }
    })
  })

  test('is given up when it takes too long, and nothing goes on at the target', async () => {
    const { preview, tookMs } = await timed('update slow set id = 2', { how: 'rehearse' })
    assert.deepEqual([preview.method, preview.rows, preview.atMost], ['counted', 1, true])
    assert.match(preview.notes.join(' '), /given up: it took longer .*57014/)
    assert.ok(tookMs < OVERALL_MS + MARGIN_MS, `${tookMs} ms`)
    await eventually('nothing goes on', async () => (await inTransaction()) === 0)
  })

  test('ends in time when the target stands still', async () => {
    let upstream: Upstream | undefined
    const connect = async (): Promise<Upstream> => {
      upstream = await setup.connect()
      process.kill(upstream.processId, 'SIGSTOP')
      return upstream
    }
    const { preview, tookMs } = await timed('delete from wide', { how: 'rehearse', connect })
    process.kill(upstream?.processId ?? 0, 'SIGCONT')
    assert.deepEqual([preview.method, preview.notes], ['none', ['The preview could not be finished in time.']])
    assert.ok(tookMs < OVERALL_MS + MARGIN_MS, `${tookMs} ms`)
    assert.equal(upstream?.connection.isOpen, false)
    await eventually('nothing goes on', async () => (await inTransaction()) === 0)
  })

  test('is rolled back by the target when its connection ends in the midst', async () => {
    const before = await server.query('select xmin, * from slow', [], 'shop')
    let upstream: Upstream | undefined
    const connect = async (): Promise<Upstream> => (upstream = await setup.connect())
    const under = setup.preview('update slow set id = 7', { how: 'rehearse', connect, cancel: undefined })
    await eventually('the statement runs', async () => isRunning(await server.query(RUNNING, [], 'shop')))
    const killed = performance.now()
    upstream?.connection.destroy()
    const preview = await under
    assert.equal(preview.method, 'none')
    assert.match(preview.notes.join(' '), /the target closed the connection/)
    await eventually('nothing goes on', async () => (await inTransaction()) === 0)
    const freeMs = performance.now() - killed
    assert.ok(freeMs < 1_000, `the target went on for ${freeMs} ms`)
    assert.deepEqual(await server.query('select xmin, * from slow', [], 'shop'), before)
  })

  test('is not made where a temporary table of some session has the same name', async () => {
    await withLock('create temp table wide (id integer); commit', async () => {
      const preview = await setup.preview('delete from wide')
      assert.equal(preview.method, 'none')
      assert.match(preview.notes.join(' '), /temporary table/)
    })
  })

  test('is not made where it is not known which of several tables is meant', async () => {
    await setup.changed('create schema second; create table second.wide (id integer)')
    const unknown = await setup.preview('delete from wide', { withoutSearchPath: true })
    assert.equal(unknown.method, 'none')
    assert.match(unknown.notes.join(' '), /Several tables have a name/)
    assert.equal((await setup.preview('delete from public.wide', { withoutSearchPath: true })).rows, 50)
    assert.equal((await setup.preview('delete from wide')).rows, 50)
    await setup.changed('drop schema second cascade')
  })

  test('cuts what is long, and shows a part of many columns', async () => {
    const columns = Array.from({ length: 40 }, (_, n) => `c${n} text default repeat('é', 1000)`)
    await setup.changed(`create table broad (id integer, ${columns.join()}); insert into broad (id) select generate_series(1, 9)`)
    const { sample } = await setup.preview('delete from broad')
    assert.equal(sample.length, 5)
    assert.equal(Object.keys(sample[0]?.before ?? {}).length, 30)
    assert.equal(sample[0]?.before?.['c1']?.length, 256)
  })

  test('shows no rows of a table that the catalog of masks does not hold yet', async () => {
    const { analyser, protectedColumns } = setup.view
    const catalog = { masking: true, analyser, protectedColumns, knows: () => false }
    for (const how of ['count', 'rehearse'] as const) {
      const preview = await setup.preview('update customers set name = name where id = 1', { how, catalog })
      assert.deepEqual([preview.rows, preview.sample], [1, []])
    }
  })
})
