import type { Kysely } from 'kysely'
import type { Migration, MigrationProvider } from 'kysely/migration'

/** A migration that has been released is never edited: a change is a new one. */
const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('policy_versions')
      .addColumn('version', 'integer', (column) => column.primaryKey())
      .addColumn('text', 'text', (column) => column.notNull())
      .addColumn('applied_by', 'text', (column) => column.notNull())
      .addColumn('applied_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createTable('session_tokens')
      .addColumn('token_id', 'text', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('parent_id', 'text', (column) => column.notNull())
      .addColumn('actor_parent_id', 'text')
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('actor', 'text')
      .addColumn('targets', 'text', (column) => column.notNull())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('session_tokens_parent').on('session_tokens').column('parent_id').execute()
    await db.schema.createIndex('session_tokens_actor_parent').on('session_tokens').column('actor_parent_id').execute()
    await db.schema.createIndex('session_tokens_expiry').on('session_tokens').column('expires_at').execute()
    await db.schema.createTable('revocations')
      .addColumn('token_id', 'text', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createTable('sessions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull().defaultTo('open'))
      .addColumn('identity_name', 'text', (column) => column.notNull())
      .addColumn('identity_kind', 'text', (column) => column.notNull())
      .addColumn('identity_issuer', 'text', (column) => column.notNull())
      .addColumn('actors', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('protocol', 'text', (column) => column.notNull())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('client_address', 'text', (column) => column.notNull())
      .addColumn('application', 'text', (column) => column.notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('closed_at', 'bigint')
      .addColumn('reason', 'text')
      .addColumn('operations', 'bigint', (column) => column.notNull().defaultTo(0))
      .addColumn('refused', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.createIndex('sessions_opened').on('sessions').columns(['opened_at', 'id']).execute()
    await db.schema.createIndex('sessions_state').on('sessions').columns(['gateway', 'state']).execute()
    await db.schema.createTable('vault_secrets')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('changed_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createTable('settings')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute()
  },
}

/** Data keys of recordings, what is held, and which gateway destroys what is over. */
const recordings: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('recording_keys')
      .addColumn('session', 'text', (column) => column.primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('master_key', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('destroyed_at', 'bigint')
      .addColumn('destroyed_reason', 'text')
      .addColumn('destroyed_segments', 'bigint')
      .addColumn('swept', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await db.schema.createTable('holds')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('actors_pattern', 'text', (column) => column.notNull())
      .addColumn('placed_by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('placed_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('holds_key', ['kind', 'subject'])
      .execute()
    await db.schema.createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('sessions_closed').on('sessions').columns(['target', 'closed_at']).execute()
  },
}

/** In order of their names. */
export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '0001-first': first, '0002-recordings': recordings }),
}
