import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { eventually } from '../support/eventually.ts'
import type { TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { ADMINISTRATOR, type LoginTarget, openSession, READER, startLoginTarget } from '../support/session-logins.ts'
import { startTwoGateways } from '../support/two-gateways.ts'
import { ALLOW_ALL } from '../support/policies.ts'

const NOBODY_LEFT_MS = 30_000

describe('logins for sessions', () => {
  let target: LoginTarget
  let gateway: TestGateway
  const nobodyIsLeft = () => eventually('no login is left', async () => (await target.roles()).length === 0, NOBODY_LEFT_MS)

  before(async () => {
    target = await startLoginTarget()
  })
  after(() => target.stop())

  describe('of one gateway', () => {
    beforeEach(async () => {
      gateway = await target.gateway()
    })
    afterEach(() => gateway.stop())

    test('are swept when the gateway starts again after it was killed with 20 sessions open, some at work', async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => openSession(gateway)))
      for (const client of clients.slice(0, 5)) void client.query('select pg_sleep(600)').catch(() => undefined)
      await Promise.all(clients.slice(5).map((client, index) => client.query(`set role none; create table left_${index} (a int); set role "${READER.replaceAll('"', '""')}"`)))
      assert.equal((await target.roles()).length, 20)
      await gateway.kill()
      assert.ok((await target.roles()).length === 20, 'nobody else removes them')
      gateway = await gateway.restart()
      await nobodyIsLeft()
      await eventually('each is on record', async () => (await readEvents(gateway.ledgerDirectory)).filter((event) => event.event === 'login.removed' && event.reason === 'it was left behind').length === 20)
      const owners = await target.server.query(`select distinct rolname from pg_class join pg_roles on pg_roles.oid = relowner where relname ~ '^left_'`, [], 'shop')
      assert.deepEqual(owners, [{ rolname: READER }])
    })

    test('leave nothing when 200 sessions are opened and closed at once', async () => {
      const token = await gateway.issuer.agentToken('support-bot')
      const cycle = async (): Promise<void> => {
        const client = await openSession(gateway, { password: token })
        await client.query('select 1')
        await client.end()
      }
      await Promise.all(Array.from({ length: 200 }, cycle))
      await nobodyIsLeft()
      const events = await readEvents(gateway.ledgerDirectory)
      const users = (name: 'login.made' | 'login.removed') => events.flatMap((event) => event.event === name && 'user' in event ? [event.user] : []).toSorted()
      assert.equal(users('login.made').length, 200)
      await eventually('each end is on record', async () => (await readEvents(gateway.ledgerDirectory)).filter(({ event }) => event === 'login.removed').length === 200)
    })

    test('are gone when the gateway has ended as it was asked to', async () => {
      await Promise.all(Array.from({ length: 10 }, () => openSession(gateway)))
      await gateway.stop()
      assert.deepEqual(await target.roles(), [])
    })

    test('are not removed when they are not ours, whatever they are called', async () => {
      const name = `sallyport_${'a'.repeat(26)}`
      await target.server.query(`create role ${name}; comment on role ${name} is 'Sallyport installation ${randomUUID()}, session x'; create role sallyport_reports login`)
      await gateway.kill()
      gateway = await gateway.restart()
      const client = await openSession(gateway)
      await client.end()
      await eventually('ours is gone', async () => (await target.roles()).length === 2)
      assert.deepEqual(await target.roles(), [name, 'sallyport_reports'])
      await target.server.query(`drop role ${name}; drop role sallyport_reports`)
    })
  })

  test('of a gateway that runs are left alone by another one that starts, and swept by it where one was lost', async () => {
    const { one, two, stop } = await startTwoGateways(target.server, {
      targets: [{ port: target.server.port, database: 'shop', user: `'${ADMINISTRATOR}'`, password: target.password, perSession: `{ role: '${READER.replaceAll("'", "''")}' }` }], policy: ALLOW_ALL, tls: false,
    })
    try {
      const client: pg.Client = await openSession(one)
      const [own] = await target.roles()
      // As if one had not said for long that it runs: a connection shows that the session lives.
      await target.server.query('update session_logins set alive_until = 0; update leases set until = 0', [], 'state')
      await two.kill()
      const again = await two.restart()
      await (await openSession(again)).end()
      await eventually('only that of the other gateway is left', async () => (await target.roles()).length === 1)
      assert.deepEqual(await target.roles(), [own])
      assert.equal((await client.query('select 1 as one')).rows[0].one, 1)
      await one.kill()
      await eventually('its connection is gone', async () => (await target.server.query(`select 1 from pg_stat_activity where usename = $1`, [own])).length === 0)
      await target.server.query('update session_logins set alive_until = 0; update leases set until = 0', [], 'state')
      await again.kill()
      const last = await again.restart()
      await nobodyIsLeft()
      await last.stop()
    } finally {
      await stop()
    }
  })

  describe('that cannot be made', () => {
    const refusal = async (perSession?: string): Promise<{ message: string; hint?: string; code?: string }> => {
      gateway = await target.gateway(perSession === undefined ? {} : { perSession })
      try {
        const client = await openSession(gateway)
        await client.end()
        return { message: 'it was made' }
      } catch (error) {
        const { message, hint, code } = error as { message: string; hint?: string; code?: string }
        assert.ok(!`${message} ${hint} ${gateway.log()}`.includes(target.password) && !gateway.log().includes('SCRAM-SHA-256$'), 'no secret is told')
        return { message, ...(hint !== undefined && { hint }), ...(code !== undefined && { code }) }
      } finally {
        await gateway.stop()
      }
    }
    const administrator = `"${ADMINISTRATOR.replaceAll('"', '""')}"`
    const without = async (take: string, give: string, perSession?: string) => {
      await target.server.query(take, [], 'shop')
      try {
        return await refusal(perSession)
      } finally {
        await target.server.query(give, [], 'shop')
        assert.deepEqual(await target.roles(), [])
      }
    }

    test('say that CREATEROLE is missing', async () => {
      const { message, hint, code } = await without(`alter role ${administrator} nocreaterole`, `alter role ${administrator} createrole`)
      assert.deepEqual([code, message], ['42501', 'the target makes no login for this session: permission denied to create role'])
      assert.match(hint ?? '', /CREATEROLE/)
    })

    test('say that the named role may not be given', async () => {
      const reader = `"${READER.replaceAll('"', '""')}"`
      const { hint, code } = await without(`revoke ${reader} from ${administrator}`, `grant ${reader} to ${administrator} with admin option, inherit false, set false`)
      assert.equal(code, '42501')
      assert.match(hint ?? '', /WITH ADMIN OPTION/)
    })

    test('say that the named role does not exist', async () => {
      const { message, hint } = await without('select 1', 'select 1', '{ role: nobody_there }')
      assert.match(`${message} ${hint}`, /"nobody_there" does not exist.*perSession/)
    })

    test('say that a replica makes none', async () => {
      const { hint, code } = await without(`alter role ${administrator} set default_transaction_read_only = on`, `alter role ${administrator} reset default_transaction_read_only`)
      assert.equal(code, '25006')
      assert.match(hint ?? '', /replica.*primary/)
    })

    test('or cannot be used say what lets members of the role in', async () => {
      const { hint, code } = await without('revoke connect on database shop from public; grant connect on database shop to sallyport; grant connect on database shop to ' + administrator, 'grant connect on database shop to public')
      assert.equal(code, '42501')
      assert.match(hint ?? '', /pg_hba\.conf/)
    })
  })
})

for (const auth of ['md5', 'password', 'trust'] as const) {
  test(`a login for one session works where the target wants ${auth} and keeps passwords as MD5`, async () => {
    const target = await startLoginTarget({ auth, settings: { password_encryption: 'md5' } })
    const gateway = await target.gateway()
    try {
      const client = await openSession(gateway)
      assert.match((await client.query('select session_user as name')).rows[0].name, /^sallyport_/)
      await client.end()
      await eventually('it is gone', async () => (await target.roles()).length === 0, NOBODY_LEFT_MS)
    } finally {
      await gateway.stop()
      await target.stop()
    }
  })
}
