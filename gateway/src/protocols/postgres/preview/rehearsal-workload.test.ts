import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres.ts'
import { PreviewSetup } from '../../../../test/support/preview-setup.ts'
import { PREVIEW_TIMEOUTS } from './preview-options.ts'

const SCHEMA = `
create table counter (id integer primary key, amount integer not null default 0);
insert into counter select n from generate_series(1, 20) n;
create table still (id integer primary key, content text); insert into still select n, md5(n::text) from generate_series(1, 2000) n;
create table crawling (id integer primary key, amount integer not null default 0); insert into crawling values (1);
create function crawl() returns trigger language plpgsql as $$ begin
  if new.amount > 1000000 then for n in 1..100 loop perform count(*) from generate_series(1, 200000); end loop; end if; return new; end $$;
create trigger crawl before update on crawling for each row execute function crawl();
`

const WRITERS = 3
const RUN_MS = 6_000
/** Besides what a rehearsal holds a lock for: a machine that many share. */
const MARGIN_MS = 700

describe('others who write the same rows while rehearsals run', () => {
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

  /** Adds one to rows in turn until told to stop. @returns waits in milliseconds */
  async function write(table: string, rows: number, until: () => boolean): Promise<number[]> {
    const client = new pg.Client(server.client('shop'))
    await client.connect()
    const waits: number[] = []
    try {
      for (let n = 0; !until(); n++) {
        const started = performance.now()
        await client.query(`update ${table} set amount = amount + 1 where id = $1`, [1 + (n % rows)])
        waits.push(performance.now() - started)
        // A client that does something else too; the machine is shared.
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    } finally {
      await client.end()
    }
    return waits
  }

  async function checksum(table: string): Promise<string> {
    const [row] = await server.query(`select md5(string_agg(ctid::text || xmin::text || t::text, ',' order by ctid)) as sum from ${table} t`, [], 'shop')
    return String(row?.['sum'])
  }

  async function meanwhile(table: string, rows: number, sql: readonly string[]) {
    const started = performance.now()
    const isOver = (): boolean => performance.now() - started > RUN_MS
    const writing = Array.from({ length: WRITERS }, () => write(table, rows, isOver))
    const methods: string[] = []
    while (!isOver()) {
      for (const each of sql) methods.push((await setup.preview(each, { how: 'rehearse' })).method)
    }
    const waits = (await Promise.all(writing)).flat().sort((a, b) => a - b)
    const [sum] = await server.query(`select sum(amount) as sum from ${table}`, [], 'shop')
    return { methods, waits, sum: Number(sum?.['sum']), longest: waits.at(-1) ?? 0 }
  }

  function told(what: string, { methods, waits, longest }: Awaited<ReturnType<typeof meanwhile>>): string {
    const at = (share: number) => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(1)
    const rehearsed = methods.filter((method) => method === 'rehearsed').length
    return `${what}: ${methods.length} previews (${rehearsed} rehearsed), ${waits.length} updates by ${WRITERS} others; their waits: median ${at(0.5)} ms, 99% ${at(0.99)} ms, longest ${longest.toFixed(0)} ms`
  }

  test('lose nothing, see nothing of them, and wait no longer than a short statement takes', async (t) => {
    const before = await checksum('still')
    const found = await meanwhile('counter', 20, [
      'update counter set amount = amount + 1000000', 'delete from counter', "update still set content = 'x'", 'insert into counter select n from generate_series(100, 200) n'])
    t.diagnostic(told('short statements', found))
    assert.ok(found.methods.filter((method) => method === 'rehearsed').length > 10)
    assert.equal(found.sum, found.waits.length)
    assert.equal(await checksum('still'), before)
    assert.deepEqual(await server.query('select count(*)::int as n from counter', [], 'shop'), [{ n: 20 }])
    assert.ok(found.longest < PREVIEW_TIMEOUTS.lockMs + MARGIN_MS, `${found.longest} ms`)
  })

  test('wait no longer than the limit when what is rehearsed never ends by itself', async (t) => {
    const found = await meanwhile('crawling', 1, ['update crawling set amount = 2000000'])
    t.diagnostic(told('statements that take too long', found))
    assert.equal(found.sum, found.waits.length)
    assert.ok(found.longest > 1_000, 'no rehearsal held a lock')
    assert.ok(found.longest < PREVIEW_TIMEOUTS.statementMs + MARGIN_MS, `${found.longest} ms`)
  })
})
