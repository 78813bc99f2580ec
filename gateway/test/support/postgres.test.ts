import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import pg from 'pg'
import { startPostgres } from './postgres.ts'
import { createShop, leaksIn } from './shop.ts'

test('a server starts, answers by SCRAM, holds the shop, and leaves nothing behind', async () => {
  const server = await startPostgres()
  try {
    assert.match(String((await server.query('show server_version'))[0]?.['server_version']), /^18/)
    const wrong = new pg.Client({ ...server.client(), password: 'wrong' })
    await assert.rejects(wrong.connect(), { code: '28P01' })
    const shop = await createShop(server)
    const before = await shop.fingerprint()
    assert.equal(await shop.fingerprint(), before)
    const rows = await server.query(
      'select * from customers c join orders o on o.customer_id = c.id join payments p on p.order_id = o.id',
      [],
      'shop',
    )
    assert.equal(rows.length, shop.payments)
    for (const row of rows) assert.deepEqual(leaksIn(JSON.stringify(row)), ['email', 'ssn', 'cardNumber'])
    for (const change of [
      `update orders set total = 1 where id = 7`,
      'alter table orders add x int',
      'select nextval($$customers_id_seq$$)',
      'create function f() returns int language sql as $$select 1$$',
      'create role other',
      `comment on table orders is 'x'`,
      'select lo_create(0)',
      'grant select on orders to public',
    ]) {
      const then = await shop.fingerprint()
      await server.query(change, [], 'shop')
      assert.notEqual(await shop.fingerprint(), then, change)
    }
  } finally {
    await server.stop()
  }
  assert.equal(existsSync(`/proc/${server.pid}`), false)
})

for (const auth of ['md5', 'password', 'trust'] as const) {
  test(`a server can ask for ${auth} and demand TLS`, async () => {
    const server = await startPostgres({ auth, tls: 'required', settings: { log_statement: 'all' } })
    try {
      assert.equal((await server.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()'))[0]?.['ssl'], true)
      const { ssl: _, ...cleartext } = server.client()
      await assert.rejects(new pg.Client(cleartext).connect(), { code: '28000' })
      assert.match(server.log(), /statement: select ssl from/)
    } finally {
      await server.stop()
    }
  })
}
