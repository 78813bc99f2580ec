import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startPostgres } from '../../test/support/postgres.ts'
import type { PostgresServer } from '../../test/support/postgres.ts'
import { functionHarm } from './function-harm.ts'
import { STABLE_FUNCTIONS, VOLATILE_FUNCTIONS } from './system-functions.ts'
import { SYSTEM_COLUMNS, SYSTEM_OPERATORS, SYSTEM_RELATIONS, SYSTEM_TYPES } from './system-names.ts'

/** What a statement can call: nothing that takes or gives what only the server's own code can handle. */
const CALLABLE = `from pg_proc where pronamespace = 'pg_catalog'::regnamespace
  and not ('internal'::regtype = any (proargtypes::oid[])) and not ('cstring'::regtype = any (proargtypes::oid[]))
  and prorettype::regtype::text not in ('internal', 'trigger', 'event_trigger', 'language_handler', 'fdw_handler',
    'index_am_handler', 'table_am_handler', 'tsm_handler', 'cstring') group by proname having`
const SYSTEM_SCHEMAS = `('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`

describe('names of the server', () => {
  let server: PostgresServer
  before(async () => { server = await startPostgres() })
  after(() => server.stop())

  const names = async (sql: string) => (await server.query(sql)).map((row) => String(row['name'])).sort()

  const lists = [
    ['stable functions', STABLE_FUNCTIONS, `select proname as name ${CALLABLE} not bool_or(provolatile = 'v')`],
    ['volatile functions', VOLATILE_FUNCTIONS, `select proname as name ${CALLABLE} bool_or(provolatile = 'v')`],
    ['relations', SYSTEM_RELATIONS, `select distinct relname as name from pg_class
      where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v')`],
    ['columns', SYSTEM_COLUMNS, `select distinct attname as name from pg_attribute a join pg_class c on c.oid = attrelid
      where relnamespace in ${SYSTEM_SCHEMAS} and relkind in ('r', 'v') and not attisdropped
      union select unnest(proargnames[:]) from pg_proc where pronamespace in ${SYSTEM_SCHEMAS} and proargmodes && '{o,t,b}'`],
    ['types', SYSTEM_TYPES, `select distinct typname as name from pg_type
      where typnamespace = 'pg_catalog'::regnamespace and typtype <> 'c' and typcategory <> 'A' and typname not like '\\_%'`],
    ['operators', SYSTEM_OPERATORS, `select distinct oprname as name from pg_operator where oprnamespace = 'pg_catalog'::regnamespace`],
  ] as const
  for (const [what, list, sql] of lists) {
    it(`are those of a real one: ${what}`, async () => {
      assert.deepEqual([...list].sort(), (await names(sql)).filter((name) => name !== ''))
    })
  }

  it('are harmful by default: each volatile function is one unless it is known to be none', () => {
    for (const name of ['nextval', 'pg_terminate_backend', 'lo_import', 'pg_read_file', 'pg_sleep', 'pg_notify', 'pg_advisory_lock']) {
      assert.equal(functionHarm(undefined, name, undefined), 'changes')
    }
    assert.equal(functionHarm(undefined, 'query_to_xml', undefined), 'unknown')
    assert.equal(functionHarm('pg_catalog', 'table_to_xml', undefined), 'unknown')
    assert.equal(functionHarm(undefined, 'made_up', undefined), 'unknown')
    assert.equal(functionHarm(undefined, 'now', undefined), 'none')
    assert.equal(functionHarm(undefined, 'constructor', undefined), 'unknown')
  })
})
