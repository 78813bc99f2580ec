import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type pg from 'pg'
import type { TestGateway } from './gateway.ts'
import { eventually } from './eventually.ts'
import { readEvents } from './ledger-records.ts'
import { ADMINISTRATOR, type LoginTarget, openSession, READER, startLoginTarget } from './session-logins.ts'

const NOBODY_LEFT_MS = 20_000

/** Logins for sessions on a target of one version of PostgreSQL. */
export function testSessionLogin(version: string, options: Parameters<typeof startLoginTarget>[0], skip: string | false): void {
  describe(`a login for one session on PostgreSQL ${version}`, { skip }, () => {
    let target: LoginTarget
    let gateway: TestGateway
    const nobodyIsLeft = () => eventually('no login is left', async () => (await target.roles()).length === 0, NOBODY_LEFT_MS)
    const inSession = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
      const client = await openSession(gateway)
      try {
        await work(client)
      } finally {
        await client.end()
      }
    }

    before(async () => {
      target = await startLoginTarget(options)
      gateway = await target.gateway()
    })
    after(async () => {
      await gateway.stop()
      await target.stop()
    })

    test('is what the target sees, with the rights, settings and ownership of the named role', () => inSession(async (client) => {
      const { rows: [who] } = await client.query(`select session_user, current_user, current_setting('statement_timeout') as timeout, current_setting('search_path') as path`)
      assert.deepEqual({ ...who, session_user: '' }, { session_user: '', current_user: READER, timeout: '77s', path: `"$user", public, "odd, name"` })
      assert.match(String(who?.['session_user']), /^sallyport_[a-z2-7]{26}$/)
      assert.deepEqual(await target.roles(), [who?.['session_user']])
      const [role] = await target.server.query(`select rolconnlimit, rolcreaterole, rolcreatedb, rolsuper, rolvaliduntil - now() between '11:59' and '12:01' as valid,
        shobj_description(oid, 'pg_authid') as comment from pg_roles where rolname ~ '^sallyport_'`)
      const events = await readEvents(gateway.ledgerDirectory)
      const opened = events.findLast(({ event }) => event === 'session.opened')
      assert.ok(opened?.event === 'session.opened')
      assert.match(String(role?.['comment']), new RegExp(`^Sallyport installation [0-9a-f-]{36}, session ${opened.session}$`))
      assert.deepEqual({ ...role, comment: '' }, { rolconnlimit: 1, rolcreaterole: false, rolcreatedb: false, rolsuper: false, valid: true, comment: '' })
      const made = events.findLast(({ event }) => event === 'login.made')
      assert.ok(made?.event === 'login.made')
      assert.deepEqual([made.session, made.user, made.role, made.use], [opened.session, who?.['session_user'], READER, 'session'])
      const used = events.findLast(({ event }) => event === 'credential.used')
      assert.deepEqual(used?.event === 'credential.used' && [used.user, used.credential], [made.user, 'made for the session'])
      await client.query('create table made_by_session (a int); drop table made_by_session; create table kept (a int)')
      assert.deepEqual(await target.server.query(`select relowner = (select oid from pg_roles where rolname = $1) as same from pg_class where relname = 'kept'`, [READER], 'shop'), [{ same: true }])
    }))

    test('is gone after the session, and its end is on record', async () => {
      await nobodyIsLeft()
      await eventually('the end is on record', async () => (await readEvents(gateway.ledgerDirectory)).some(({ event }) => event === 'login.removed'))
      const removed = (await readEvents(gateway.ledgerDirectory)).find((event) => event.event === 'login.removed')
      assert.deepEqual([removed?.reason, removed?.connections], ['its session ended', 0])
    })

    test('gives no more than the named role has, and stays what it is whatever the session tries', async () => {
      await inSession(async (client) => {
        const own = String((await client.query('select session_user')).rows[0].session_user)
        for (const text of [
          'select * from pg_authid', 'select * from pg_shadow', `alter role ${own} valid until 'infinity'`, `alter role ${own} connection limit 50`, `alter role ${own} createrole`,
          `alter role ${own} rename to kept_for_later`, `grant ${own} to ${own}`, 'create role helper', `grant pg_read_all_data to ${own}`,
          `comment on role ${own} is 'mine'`, `set session authorization '${ADMINISTRATOR}'`, 'create event trigger t on ddl_command_start execute function now()',
        ]) await assert.rejects(client.query(text), /permission denied|must have admin option|must have CREATEROLE|must be superuser|session user cannot be renamed/, text)
        for (const text of ['reset role', 'set session authorization default', 'discard all', 'reset all']) {
          await client.query(text)
          assert.equal((await client.query('select current_user')).rows[0].current_user, READER, text)
        }
      })
      await nobodyIsLeft()
    })

    test('goes with all that a session hung on it: objects, grants, settings, defaults, large objects, prepared transactions', async () => {
      await inSession(async (client) => {
        const own = String((await client.query('select session_user')).rows[0].session_user)
        await client.query('set role none')
        await client.query(`create table public.hung (a int); create view public.hung_view as select * from public.hung; create function public.hung_function() returns int language sql return 1;
          create type public.hung_type as (a int); create temp table hung_temp (a int); select lo_create(0);
          alter role ${own} password 'chosen'; alter role ${own} set work_mem = '8MB';
          alter default privileges grant select on tables to ${own}; grant select on public.hung to ${own}`)
        await client.query(`begin; create table public.prepared (a int); prepare transaction 'it''s mine'`)
        await client.query('reset role')
        await client.query(`create table public.of_role (a int); grant select on public.of_role to ${own}; create policy p on public.of_role to ${own} using (true);
          alter default privileges grant select on tables to ${own}`)
      })
      await nobodyIsLeft()
      assert.deepEqual(await target.server.query('select gid from pg_prepared_xacts'), [])
      const owners = await target.server.query(`select distinct rolname from pg_class join pg_roles on pg_roles.oid = relowner where relname ~ '^(hung|of_role)'`, [], 'shop')
      assert.deepEqual(owners, [{ rolname: READER }])
      await target.server.query('drop table public.hung cascade; drop table public.of_role cascade; drop function hung_function; drop type hung_type', [], 'shop')
    })

    test('lets nobody else in with its name while the session lasts, nor afterwards', () => inSession(async (client) => {
      await client.query('set role none')
      const own = String((await client.query('select session_user')).rows[0].session_user)
      await client.query(`alter role ${own} password 'chosen'`)
      await assert.rejects(openSession({ ...gateway, host: '127.0.0.1', port: target.server.port }, { user: own, password: 'chosen' }), /too many connections for role/)
    }))

    test('ends what the session left running', async () => {
      const client = await openSession(gateway)
      const running = client.query('select pg_sleep(600)').catch(() => undefined)
      await eventually('it runs', async () => (await target.server.query(`select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and usename ~ '^sallyport_'`)).length === 1)
      ;(client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
      await running
      await nobodyIsLeft()
    })

    test('that cannot be removed yet can no longer be used, is on record, and goes later', async () => {
      let own = ''
      await inSession(async (client) => {
        own = String((await client.query('select session_user')).rows[0].session_user)
        // Of the named role, so nobody can tell whose it is; its lock is in the way of DROP ROLE.
        await client.query(`begin; create table public.in_the_way (a int); grant select on public.in_the_way to ${own}; prepare transaction 'in the way'`)
      })
      await eventually('that it remained is on record', async () => (await readEvents(gateway.ledgerDirectory)).some((event) => event.event === 'login.remained' && event.user === own))
      const [role] = await target.server.query('select rolcanlogin, rolconnlimit from pg_roles where rolname = $1', [own])
      assert.deepEqual(role, { rolcanlogin: false, rolconnlimit: 0 })
      await target.server.query(`rollback prepared 'in the way'`, [], 'shop')
      await eventually('a later sweep removes it', async () => (await target.roles()).length === 0, 90_000)
    })

    test('leaves no password in the log of the target', () => {
      const log = target.server.log()
      assert.match(log, /create role "sallyport_/)
      const passwords = [...log.matchAll(/password '([^']*)'/g)].map(([, password = '']) => password).filter((password) => password !== 'chosen' && !password.includes(target.server.password))
      assert.ok(passwords.length > 3)
      for (const password of passwords) assert.match(password, /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$/)
    })
  })
}
