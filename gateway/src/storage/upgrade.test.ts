import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Dialect, Kysely, PostgresDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { migrations } from './migrations.ts'
import { NodeSqliteDialect } from './node-sqlite.ts'
import { openStorage, type StorageLocation } from './open-storage.ts'
import type { Schema } from './schema.ts'

let server: PostgresServer
let folder: string
let databases = 0
before(async () => {
  server = await startPostgres()
  folder = mkdtempSync(join(tmpdir(), 'sallyport-upgrade-'))
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const names = Object.keys(await migrations.getMigrations()).toSorted()

/** What was there before, as the first version had it. */
async function fill(db: Kysely<Schema>): Promise<void> {
  await db.insertInto('policy_versions').values({ version: 1, text: 'version: 1\n', applied_by: 'dana', applied_at: 1 }).execute()
  await db.insertInto('vault_secrets').values({ name: 'shop', sealed: 'sealed', changed_at: 1 }).execute()
  await db.insertInto('session_tokens').values({ token_id: 't', hash: 'h', parent_id: 'p', actor_parent_id: null, subject: '{}', actor: null, targets: '["shop"]', purpose: 'w', issued_at: 1, expires_at: Date.now() + 60_000 }).execute()
  for (const [id, state, actors] of [['left', 'open', '[]'], ['other', 'open', '["bot","proxy"]'], ['done', 'closed', '["bot"]']] as const) {
    await db.insertInto('sessions').values({
      id, gateway: id === 'other' ? 'two' : 'one', state, identity_name: 'dana', identity_kind: 'person', identity_issuer: 'corp', actors, target: 'shop', protocol: 'postgres',
      purpose: 'w', client_address: '127.0.0.1', application: 'psql', opened_at: 1, closed_at: state === 'open' ? null : 2, reason: state === 'open' ? null : 'left', operations: 3, refused: 1,
    }).execute()
  }
}

for (const kind of ['sqlite', 'postgres'] as const) {
  describe(`a state database of an earlier version, on ${kind}`, () => {
    for (const last of names) {
      test(`is brought up to date from ${last}, with all that it holds`, async () => {
        databases += 1
        const location = await place(kind, `upgrade_${databases}`)
        const db = new Kysely<Schema>({ dialect: dialectOf(location) })
        const { error } = await new Migrator({ db, provider: migrations }).migrateTo(last)
        assert.equal(error, undefined)
        await fill(db)
        await db.destroy()
        const storage = await openStorage(location, { gateway: 'one' })
        try {
          const states = await Promise.all(['left', 'other', 'done'].map(async (id) => (await storage.sessions.get(id))?.state))
          assert.deepEqual(states, ['aborted', 'open', 'closed'], 'only what this gateway left open is over')
          assert.deepEqual([(await storage.policyVersions.newest())?.text, await storage.vault.list()], ['version: 1\n', ['shop']])
          assert.deepEqual([...(await storage.vault.changes())], [['shop', 1]])
          // Both roles of the session that was over, and of the one that was left open.
          assert.equal((await storage.sessions.list({ limit: 10 })).length, 3)
          assert.deepEqual(await storage.retention.unfinished(10), [])
          if (location.kind === 'sqlite') assert.equal(statSync(location.path).mode & 0o077, 0, 'nobody else reads it')
        } finally {
          await storage.close()
        }
      })
    }
  })
}

async function place(kind: 'sqlite' | 'postgres', name: string): Promise<StorageLocation> {
  if (kind === 'sqlite') return { kind, path: join(folder, `${name}.db`) }
  await server.query(`create database ${name}`)
  return { kind, client: server.client(name) }
}

function dialectOf(location: StorageLocation): Dialect {
  return location.kind === 'sqlite' ? new NodeSqliteDialect(location.path) : new PostgresDialect({ pool: new pg.Pool({ ...location.client, max: 1 }) })
}
