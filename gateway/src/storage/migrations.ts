import type { Kysely } from 'kysely'
import type { Migration, MigrationProvider } from 'kysely/migration'
import { usedAssertions } from './used-assertion-table.ts'
import { agents } from './agent-migration.ts'

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
    await db.schema.createIndex('recording_keys_unfinished').on('recording_keys').columns(['swept', 'destroyed_at']).execute()
    await db.schema.createIndex('sessions_closed').on('sessions').columns(['target', 'closed_at', 'id']).execute()
  },
}

/** Reviews, their answers, and what they grant. */
const reviews: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('reviews')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('requester_key', 'text', (column) => column.notNull())
      .addColumn('person_key', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('reviews_usable').on('reviews').columns(['digest', 'state']).execute()
    await db.schema.createIndex('reviews_requester').on('reviews').columns(['requester_key', 'state']).execute()
    await db.schema.createIndex('reviews_person').on('reviews').columns(['person_key', 'created_at', 'id']).execute()
    await db.schema.createIndex('reviews_created').on('reviews').columns(['created_at', 'id']).execute()
    await db.schema.createIndex('reviews_state').on('reviews').columns(['state', 'created_at', 'id']).execute()
    await db.schema.createIndex('reviews_expiry').on('reviews').columns(['state', 'expires_at']).execute()
    await db.schema.createTable('review_answers')
      .addColumn('review', 'text', (column) => column.notNull().references('reviews.id').onDelete('cascade'))
      .addColumn('n', 'integer', (column) => column.notNull())
      .addColumn('name_key', 'text', (column) => column.notNull())
      .addColumn('subject_key', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('review_answers_key', ['review', 'n'])
      .execute()
    await db.schema.createIndex('review_answers_name').unique().on('review_answers').columns(['review', 'name_key']).execute()
    await db.schema.createIndex('review_answers_subject').unique().on('review_answers').columns(['review', 'subject_key']).execute()
    await db.schema.createTable('grants')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('requester_key', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('from_at', 'bigint', (column) => column.notNull())
      .addColumn('until_at', 'bigint', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('grants_requester').on('grants').columns(['requester_key', 'target', 'until_at']).execute()
    await db.schema.createIndex('grants_until').on('grants').column('until_at').execute()
  },
}

/** Sessions of people at the console, and logins under way. */
const webSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('web_sessions')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('hash', 'text', (column) => column.notNull().unique())
      .addColumn('person_key', 'text', (column) => column.notNull())
      .addColumn('login', 'text', (column) => column.notNull())
      .addColumn('upstream', 'text', (column) => column.notNull())
      .addColumn('began_at', 'bigint', (column) => column.notNull())
      .addColumn('used_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('web_sessions_person').on('web_sessions').column('person_key').execute()
    await db.schema.createTable('login_transactions')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('sealed', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('login_transactions_expiry').on('login_transactions').column('expires_at').execute()
  },
}

/** Locks, ends of sessions that are asked for across gateways, and tokens that open one session. */
const locks: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('locks')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('placed_by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('placed_at', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.alterTable('sessions').addColumn('ending', 'text').execute()
    await db.schema.alterTable('session_tokens').addColumn('single_use', 'integer', (column) => column.notNull().defaultTo(0)).execute()
    await db.schema.alterTable('session_tokens').addColumn('used_at', 'bigint').execute()
  },
}

/** Logins at targets that were made for one session each. */
const sessionLogins: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('session_logins')
      .addColumn('user_name', 'text', (column) => column.primaryKey())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('place', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('session', 'text', (column) => column.notNull())
      .addColumn('use', 'text', (column) => column.notNull())
      .addColumn('valid_until', 'bigint', (column) => column.notNull())
      .addColumn('gateway', 'text', (column) => column.notNull())
      .addColumn('process', 'text', (column) => column.notNull())
      .addColumn('alive_until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('session_logins_process').on('session_logins').column('process').execute()
  },
}

/** Gateways that share the database, and when each was last heard of. */
const gateways: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('gateways')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('policy_version', 'integer', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('seen_at', 'bigint', (column) => column.notNull())
      .addColumn('stopped_at', 'bigint')
      .execute()
  },
}

/** Pages of one's own sessions, among a million of others. */
const sessionsByIdentity: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createIndex('sessions_identity').on('sessions').columns(['identity_name', 'identity_kind', 'identity_issuer', 'opened_at', 'id']).execute()
  },
}

/** In order of their names. */
export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '0001-first': first, '0002-recordings': recordings, '0003-reviews': reviews, '0004-locks': locks, '0004-used-assertions': usedAssertions, '0004-web-sessions': webSessions, '0005-agents': agents, '0006-session-logins': sessionLogins, '0007-gateways': gateways, '0008-sessions-by-identity': sessionsByIdentity }),
}
