import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectUpstream } from '../../src/protocols/postgres/upstream.ts'
import { Administrator, ADMINISTRATOR_SETTINGS } from '../../src/protocols/postgres/session-login/administrator.ts'
import { newLoginName } from '../../src/protocols/postgres/session-login/login-name.ts'
import { removeLogins } from '../../src/protocols/postgres/session-login/remove-logins.ts'
import { eventually } from '../support/eventually.ts'
import type { TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ADMINISTRATOR, type LoginTarget, openSession, READER, startLoginTarget } from '../support/session-logins.ts'
import { leaksIn } from '../support/shop.ts'

const POLICY = `
masks:
  - { name: card, columns: [payments.card_number], method: keep-last, keep: 4 }
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: changes-of-orders, when: '"update" in operation.actions', then: review, reviewers: [dba], hold: 0s }
  - { name: everything, then: allow }
`

describe('with a login of its own', () => {
  let target: LoginTarget
  let gateway: TestGateway
  before(async () => {
    target = await startLoginTarget()
    gateway = await target.gateway({ policy: POLICY })
  })
  after(async () => {
    await gateway.stop()
    await target.stop()
  })

  test('a session sees masked values as little as any, also where a schema of the role shadows the one of the masks', async () => {
    const reader = `"${READER.replaceAll('"', '""')}"`
    await target.server.query(`create schema ${reader} authorization ${reader}; create table ${reader}.customers as select * from public.customers; grant all on ${reader}.customers to ${reader}`, [], 'shop')
    const client = await openSession(gateway)
    try {
      await eventually('the catalog has the other table', async () => {
        const seen = await client.query('select * from customers').catch(() => undefined)
        return seen !== undefined && seen.rows.length === 300 && leaksIn(JSON.stringify(seen.rows)).length === 0
      })
      for (const text of ['select * from public.customers', 'select * from customers', 'select card_number from payments']) {
        assert.deepEqual(leaksIn(JSON.stringify((await client.query(text)).rows)), [], text)
      }
      await assert.rejects(client.query(`select 1 from customers where ssn like '9%'`), /refused/)
      await client.query('set role none')
      for (const text of ['select * from customers', 'select card_number from payments']) assert.deepEqual(leaksIn(JSON.stringify((await client.query(text)).rows)), [], text)
    } finally {
      await client.end()
    }
  })

  test('a session can still cancel what it runs', async () => {
    const client = await openSession(gateway)
    const other = await openSession(gateway)
    try {
      const pid = Number((await client.query('select pg_backend_pid() as pid')).rows[0].pid)
      const running = client.query('select pg_sleep(600)')
      await sleep(100)
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
      const request = Buffer.alloc(16)
      for (const [at, value] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(value, 4 * at)
      net.connect(gateway.port, gateway.host).on('error', () => undefined).end(request)
      await assert.rejects(running, /canceling statement due to user request/)
      // Whoever shares the named role has no more to say about another's session.
      await assert.rejects(other.query('select pg_terminate_backend($1)', [pid]), /permission denied/)
    } finally {
      await client.end()
      await other.end()
    }
  })

  test('a preview has the rights of the session, and leaves no login either', async () => {
    const client = await openSession(gateway)
    try {
      await assert.rejects(client.query(`update orders set status = 'sent' where id < 10`), /waits for a review|review/)
      const previews = (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'login.made' && event.use === 'preview' ? [event] : []))
      assert.equal(previews.length, 1)
      assert.equal(previews[0]?.role, READER)
      const asked = (await readEvents(gateway.ledgerDirectory)).find(({ event }) => event === 'review.requested')
      assert.equal(asked?.event === 'review.requested' && asked.preview?.rows, 9)
      await eventually('only that of the session is left', async () => (await target.roles()).length === 1)
      assert.notEqual((await target.roles())[0], previews[0]?.user)
    } finally {
      await client.end()
    }
  })

  test('a role that does not carry the comment of this installation is never removed, whoever asks', async () => {
    const [foreign, gone] = [newLoginName(), newLoginName()]
    await target.server.query(`create role ${foreign}; comment on role ${foreign} is 'Sallyport installation other, session x'`)
    const entry = { host: '127.0.0.1', port: target.server.port, database: 'shop', credential: { user: ADMINISTRATOR, password: 'env:NONE' }, tls: { mode: 'disable' as const } }
    const administrator = new Administrator(() => connectUpstream(entry, target.password, ADMINISTRATOR_SETTINGS, 10_000))
    try {
      const removals = await removeLogins(administrator, [foreign, gone].map((user) => ({ user, role: READER })), 'this')
      assert.deepEqual(removals.map(({ user, result }) => [user, result]), [[foreign, 'remains'], [gone, 'gone already']])
      await assert.rejects(removeLogins(administrator, [{ user: 'postgres', role: READER }], 'this'), /not the name of a login/)
      assert.ok((await target.roles()).includes(foreign))
    } finally {
      administrator.close()
      await target.server.query(`drop role ${foreign}`)
    }
  })
})
