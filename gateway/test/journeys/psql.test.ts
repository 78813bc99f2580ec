import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Endpoint, type Journey, journeyWays, startJourney } from '../support/endpoints.ts'
import { eventually } from '../support/eventually.ts'
import { type ClientResult, libpqEnvironment, startClient } from '../support/run-client.ts'

let journey: Journey
before(async () => {
  journey = await startJourney()
})
after(() => journey.stop())

const psql = (endpoint: Endpoint, script: string, ...flags: string[]): Promise<ClientResult> =>
  startClient('psql', ['-X', '-q', ...flags], script, { env: libpqEnvironment(endpoint) }).result

for (const way of journeyWays()) {
  describe(`psql, ${way}`, () => {
    let endpoint: Endpoint
    before(async () => {
      endpoint = await journey.endpoint(way)
    })

    test('runs over TLS with the certificate checked, and reads rows', async () => {
      const { status, output, errors } = await psql(
        endpoint,
        'select city, count(*) from customers group by city order by city;\n\\conninfo\n',
        '-At',
      )
      assert.equal(errors, '')
      assert.equal(status, 0)
      assert.match(output, /^Accra\|60\nKyoto\|60\nLisbon\|60\nOslo\|60\nQuito\|60\n/)
      assert.match(output, /SSL connection \(protocol: TLSv1\.3/)
    })

    test('refuses a certificate that it does not know', async () => {
      const env = { ...libpqEnvironment(endpoint), PGSSLROOTCERT: '/etc/ssl/certs/ca-certificates.crt' }
      const { status, errors } = await startClient('psql', ['-X', '-c', 'select 1'], '', { env }).result
      assert.equal(status, 2)
      assert.match(errors, /certificate verify failed/)
    })

    test('is told by the server that a wrong password is wrong', async () => {
      const { status, errors } = await psql({ ...endpoint, password: 'wrong' }, 'select 1;')
      assert.equal(status, 2)
      assert.match(errors, /FATAL/)
    })

    test('describes tables', async () => {
      const { output, errors } = await psql(endpoint, '\\d customers\n\\dt\n\\df\n\\dn+\n')
      assert.equal(errors, '')
      assert.match(output, /"customers_pkey" PRIMARY KEY, btree \(id\)/)
      assert.match(output, /TABLE "orders" CONSTRAINT/)
      assert.match(output, /public \| payments +\| table/)
    })

    test('shows an error with its SQLSTATE, position, detail and hint, and goes on', async () => {
      const { status, output, errors } = await psql(
        endpoint,
        `\\set VERBOSITY verbose
        select 1 as one,
          nosuch from customers;
        insert into customers (id, name, email) values (1, 'x', 'y');
        select length(1);
        do $$ begin raise exception 'own' using errcode = 'P7777', hint = 'a hint', detail = 'a detail'; end $$;
        select 'still here';\n`,
        '-At',
      )
      assert.equal(status, 0)
      assert.match(errors, /ERROR: {2}42703: column "nosuch" does not exist\nLINE 2: +nosuch from customers;\n +\^/)
      assert.match(
        errors,
        /ERROR: {2}23505: duplicate key .*\nDETAIL: {2}Key \(id\)=\(1\) already exists\.\nSCHEMA NAME: {2}public\nTABLE NAME: {2}customers\nCONSTRAINT NAME: {2}customers_pkey/,
      )
      assert.match(errors, /ERROR: {2}42883: .*\nLINE 1: .*\n +\^\nHINT:/)
      assert.match(
        errors,
        /ERROR: {2}P7777: own\nDETAIL: {2}a detail\nHINT: {2}a hint\nCONTEXT: {2}PL\/pgSQL function inline_code_block line 1 at RAISE/,
      )
      assert.equal(output, 'still here\n')
    })

    test('keeps the transaction state after errors', async () => {
      const { output, errors } = await psql(
        endpoint,
        `begin;
        insert into orders (id, customer_id, status, total) values (900001, 1, 'new', 1);
        savepoint s; select 1/0; select 1; rollback to s;
        select count(*) from orders where id = 900001; rollback;
        select count(*) from orders where id = 900001;
        begin; select 1/0; commit; select 'after';\n`,
        '-At',
      )
      assert.equal(output, '1\n0\nafter\n')
      assert.match(errors, /division by zero\n[^]*current transaction is aborted/)
      assert.equal((await journey.server.query('select 1 from orders where id = 900001', [], 'shop')).length, 0)
    })

    test('sends several statements in one message, and gets every result', async () => {
      const { output } = await psql(
        endpoint,
        `select 1\\; select 2\\; create temp table t as select generate_series(1, 3) n\\; select sum(n) from t;\n`,
        '-At',
      )
      assert.equal(output, '1\n2\n6\n')
      // The simple protocol makes one transaction of them.
      const failed = await psql(
        endpoint,
        `create table half (n int)\\; select 1/0;\nselect to_regclass('half') is null;\n`,
        '-At',
      )
      assert.equal(failed.output, 't\n')
    })

    test('copies in and out', async () => {
      const lines = Array.from({ length: 5000 }, (_, n) => `${n}\tline ${n} ü\\t\t\\N`).join('\n')
      const { output, errors } = await psql(
        endpoint,
        `create temp table c (n int, words text, nothing text);
copy c from stdin;
${lines}
\\.
copy (select * from c order by n) to stdout;
select count(*), count(nothing), md5(string_agg(words, ',' order by n)) from c;
copy c from stdin;
not a number\tx\ty
\\.
select 'after';\n`,
        '-At',
      )
      assert.match(
        errors,
        /invalid input syntax for type integer: "not a number"\nCONTEXT: {2}COPY c, line 1, column n/,
      )
      const out = output.split('\n')
      assert.equal(out.slice(0, 5000).join('\n'), lines)
      assert.match(out[5000] ?? '', /^5000\|0\|/)
      assert.equal(out[5001], 'after')
    })

    test('reads 1,000,000 rows', { timeout: 300_000 }, async () => {
      const { status, output } = await psql(
        endpoint,
        `copy (select n, md5(n::text) from generate_series(1, 1000000) n) to stdout;\n`,
      )
      assert.equal(status, 0)
      assert.equal(output.length, 39_888_896)
      const digest = createHash('sha256').update(output).digest('hex')
      const rows = await psql(
        endpoint,
        `\\set FETCH_COUNT 50000\nselect n, md5(n::text) from generate_series(1, 1000000) n;\n`,
        '-At',
        '-F',
        '\t',
      )
      assert.equal(createHash('sha256').update(rows.output).digest('hex'), digest)
      assert.match(output.slice(-41), /^1000000\t8155bc545f84d9652f1012ef2bdfb6eb\n$/)
    })

    test('ends a statement on the target with Ctrl-C, and goes on', async () => {
      const running = startClient(
        'psql',
        ['-X', '-q', '-At'],
        `select pg_sleep(600) as ${way}_sleep;\nselect 'after';\n`,
        { env: libpqEnvironment(endpoint) },
      )
      await eventually('the statement runs', async () => !(await journey.isIdle(`%${way}_sleep%`)))
      running.interrupt()
      await eventually('the statement ended on the target', () => journey.isIdle(`%${way}_sleep%`))
      const { output, errors } = await running.result
      assert.match(errors, /canceling statement due to user request/)
      // psql reading a script stops at an interrupt.
      assert.equal(output, '')
    })

    test('hears notices and notifications', async () => {
      const { output, errors } = await psql(
        endpoint,
        `listen news;
        notify news, 'first'; select 1;
        do $$ begin raise notice 'noticed'; raise warning 'warned'; end $$;\n`,
        '-At',
      )
      assert.match(
        output,
        /Asynchronous notification "news" with payload "first" received from server process with PID \d+\./,
      )
      assert.match(errors, /NOTICE: {2}noticed\nWARNING: {2}warned\n/)
    })

    test('uses prepared statements, cursors and settings of the session', async () => {
      const { output, errors } = await psql(
        endpoint,
        `prepare p (int) as select name from customers where id = $1;
        execute p(7); execute p(8); deallocate p; execute p(9);
        begin; declare c cursor for select generate_series(1, 10); fetch 2 from c; move 5 in c; fetch 1 from c; close c; commit;
        set application_name = 'named'; show application_name; set timezone = 'Asia/Kolkata'; show timezone;
        set client_encoding = 'LATIN1'; select convert_to(E'\\u00fc', 'LATIN1');\n`,
        '-At',
      )
      assert.equal(output, 'Customer 7\nCustomer 8\n1\n2\n8\nnamed\nAsia/Kolkata\n\\xfc\n')
      assert.match(errors, /prepared statement "p" does not exist/)
    })

    test('carries one very long statement and one very long value', async () => {
      const list = Array.from({ length: 20_000 }, (_, n) => n).join(',')
      const { output } = await psql(
        endpoint,
        `select count(*) from customers where id in (${list});\nselect length(repeat('ü', 10000000));\nselect md5('${'y'.repeat(500_000)}');\n`,
        '-At',
      )
      assert.equal(output, `300\n10000000\n${createHash('md5').update('y'.repeat(500_000)).digest('hex')}\n`)
    })
  })
}
