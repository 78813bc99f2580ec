import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { startPostgres, type PostgresServer } from '../../../../test/support/postgres.ts'
import { PreviewSetup } from '../../../../test/support/preview-setup.ts'
import { harmfulOf } from './rehearsal-risks.ts'

interface Danger {
  readonly what: string
  readonly make: string
  readonly undo: string
  readonly sql: string
  readonly says: RegExp
  readonly asSuperuser?: boolean
}

const TRIGGER = (body: string): string => `create function danger() returns trigger language plpgsql as $f$ begin ${body}; return null; end $f$;
  create trigger danger after insert on plain for each row execute function danger()`
const UNDO_TRIGGER = 'drop trigger danger on plain; drop function danger()'
const INSERT = 'insert into plain values (1)'
const BY_TRIGGER = /a trigger on public\.plain may do what a rollback does not undo/

const DANGERS: readonly Danger[] = [
  { what: 'a program', make: TRIGGER("copy plain to program 'true'"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a sequence that is set', make: TRIGGER("perform setval('orders_id_seq', 1)"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a file of the server', make: TRIGGER("perform PG_Catalog.\"lo_import\"('/etc/passwd')"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'other sessions', make: TRIGGER('perform pg_terminate_backend(1)'), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a message that no rollback stops', make: TRIGGER("perform pg_logical_emit_message(false, 'a', 'b')"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a lock of the session', make: TRIGGER('perform pg_advisory_lock(1)'), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a name by its characters\' numbers', make: TRIGGER("perform U&\"pg_advisory\\005flock\"(1)"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  { what: 'a text that is put together', make: TRIGGER("execute 'sel' || 'ect 1'"), undo: UNDO_TRIGGER, sql: INSERT, says: BY_TRIGGER },
  {
    what: 'compiled code of somebody', asSuperuser: true, sql: INSERT, says: BY_TRIGGER,
    make: "create function danger() returns trigger language internal as 'suppress_redundant_updates_trigger'; create trigger danger before insert on plain for each row execute function danger()",
    undo: UNDO_TRIGGER,
  },
  {
    what: 'a default that runs a text', sql: INSERT, says: /functions of the database that a rollback may not undo run for defaults/,
    make: "create function danger() returns integer language plpgsql volatile as $f$ begin execute 'select 1'; return 1; end $f$; alter table plain add d integer; alter table plain alter d set default danger()",
    undo: 'alter table plain drop d; drop function danger()',
  },
  {
    what: 'a check that sets a sequence', sql: INSERT, says: /functions of the database that a rollback may not undo run for defaults/,
    make: "create function danger(integer) returns boolean language sql as $f$ select setval('orders_id_seq', 5) > 0 $f$; alter table plain add constraint c check (danger(id)) not valid",
    undo: 'alter table plain drop constraint c; drop function danger(integer)',
  },
  {
    what: 'a foreign table', asSuperuser: true, sql: 'delete from elsewhere', says: /public\.elsewhere is a foreign table/,
    make: "create extension file_fdw; create server files foreign data wrapper file_fdw; create foreign table elsewhere (id integer) server files options (program 'touch /nowhere'); grant all on elsewhere to sallyport",
    undo: 'drop extension file_fdw cascade',
  },
  {
    what: 'triggers beside a foreign table', asSuperuser: true, sql: INSERT, says: /which also has foreign tables/,
    make: `create extension file_fdw; create server files foreign data wrapper file_fdw; create foreign table elsewhere (id integer) server files options (filename '/nowhere'); ${TRIGGER('null')}`,
    undo: `${UNDO_TRIGGER}; drop extension file_fdw cascade`,
  },
  {
    what: 'a partition that is a foreign table', asSuperuser: true, sql: 'delete from divided where id = 1', says: /public\.far is a foreign table/,
    make: "create extension file_fdw; create server files foreign data wrapper file_fdw; create foreign table far partition of divided for values in (2) server files options (filename '/nowhere'); grant all on far to sallyport",
    undo: 'drop extension file_fdw cascade',
  },
  {
    what: 'a rule behind a reference', sql: 'delete from plain', says: /rules on public\.behind would run/,
    make: 'alter table plain add primary key (id); create table behind (id integer references plain on delete cascade); create rule r as on delete to behind do also notify gone',
    undo: 'drop table behind; alter table plain drop constraint plain_pkey',
  },
]

describe('what reaches outside a transaction is never rehearsed:', () => {
  let server: PostgresServer
  let setup: PreviewSetup
  before(async () => {
    server = await startPostgres()
    setup = await PreviewSetup.create(server, 'create table plain (id integer); create table divided (id integer) partition by list (id); create table near partition of divided for values in (1)')
  })
  after(async () => {
    setup.close()
    await server.stop()
  })

  for (const { what, make, undo, sql, says, asSuperuser = false } of DANGERS) {
    test(what, async () => {
      if (sql === INSERT) assert.equal((await setup.preview(sql, { how: 'rehearse' })).method, 'rehearsed')
      await setup.changed(make, asSuperuser)
      const preview = await setup.preview(sql, { how: 'rehearse' })
      await setup.changed(undo, asSuperuser)
      assert.equal(preview.method, /foreign table, whose/.test(preview.notes.join()) ? 'none' : 'counted')
      assert.match(preview.notes.join(' '), says)
    })
  }
})

test('a function that names a harmful one is harmful, by however many steps', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(), (steps, seed) => {
    const chain = Array.from({ length: steps }, (_, n) => ({ oid: `${n}`, name: `Step_${n}`, readable: true, source: n + 1 === steps ? 'begin COPY t to stdout; end' : `begin perform step_${n + 1}(); end` }))
    const clean = { oid: 'clean', name: 'clean', readable: true, source: 'begin insert into log values (step_, 1); return new; end' }
    const shuffled = [...chain, clean].sort((a, b) => ((Number(a.oid) * 7919 + seed) % 31) - ((Number(b.oid) * 7919 + seed) % 31))
    const harmful = harmfulOf(shuffled)
    assert.equal(harmful.size, steps)
    assert.ok(!harmful.has('clean'))
  }))
})
