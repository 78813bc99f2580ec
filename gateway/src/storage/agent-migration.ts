import { type Kysely, sql, SqliteAdapter } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Who used what, summed up as sessions end: an inventory of agents must not read through millions of them. The database
 * keeps it, so that no way to end a session goes past it. Nothing is summed up at a session's beginning: logins of one
 * agent would wait for each other.
 */
export const agents: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('sessions').addColumn('actor', 'text', (column) => column.notNull().defaultTo('')).execute()
    await nameActors(db)
    await db.schema.createTable('identity_use')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('sessions', 'bigint', (column) => column.notNull())
      .addColumn('operations', 'bigint', (column) => column.notNull())
      .addColumn('refused', 'bigint', (column) => column.notNull())
      .addColumn('last_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('identity_use_key', ['role', 'name', 'issuer', 'target'])
      .execute()
    await sql.raw(addUse('sessions', "state <> 'open'")).execute(db)
    await sql`create index sessions_live on sessions (identity_name, actor) where state = 'open'`.execute(db)
    const statements = db.getExecutor().adapter instanceof SqliteAdapter ? SQLITE : POSTGRES
    for (const statement of statements) await sql.raw(statement).execute(db)
    await createCampaigns(db)
  },
}

interface Actors {
  id: string
  actors: string
  actor: string
}

const BATCH = 1_000

/** Read here rather than by the database: JSON may hold what PostgreSQL's text cannot. */
async function nameActors(db: Kysely<{ sessions: Actors }>): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    const rows: { id: string; actors: string }[] = await db.selectFrom('sessions').select(['id', 'actors'])
      .where('actors', '<>', '[]').where('id', '>', after).orderBy('id').limit(BATCH).execute()
    for (const { id, actors } of rows) {
      await db.updateTable('sessions').set({ actor: currentActor(JSON.parse(actors) as string[]) }).where('id', '=', id).execute()
    }
    after = rows.at(-1)?.id
  }
}

/** Who acts now is the first, and the only one whose name was recognised; empty when nobody does. PostgreSQL's text has no NUL. */
export function currentActor(actors: readonly string[]): string {
  return (actors[0] ?? '').replaceAll('\0', '')
}

/**
 * A session is its subject's, and its actor's too. In order, so that transactions lock the rows in one order.
 * @param from table with rows of sessions @param which of them
 */
function addUse(from: string, which: string): string {
  const rest = 'target, operations, refused, case when coalesce(closed_at, 0) > opened_at then closed_at else opened_at end'
  return `
    insert into identity_use (role, name, issuer, target, sessions, operations, refused, last_at)
    select role, name, issuer, target, count(*), sum(operations), sum(refused), max(at) from (
      select identity_kind as role, identity_name as name, identity_issuer as issuer, ${rest} as at from ${from} where ${which}
      union all
      select 'actor', actor, '', ${rest} from ${from} where ${which} and actor <> ''
    ) as used where true
    group by role, name, issuer, target order by role, name, issuer, target
    on conflict (role, name, issuer, target) do update set
      sessions = identity_use.sessions + excluded.sessions, operations = identity_use.operations + excluded.operations,
      refused = identity_use.refused + excluded.refused,
      last_at = case when excluded.last_at > identity_use.last_at then excluded.last_at else identity_use.last_at end`
}

const SQLITE = [
  `create trigger session_ended after update of state on sessions when old.state = 'open' and new.state <> 'open'
   begin ${addUse('sessions', 'id = new.id')}; end`,
]

const POSTGRES = [
  `create function sallyport_session_ended() returns trigger language plpgsql as $$
   begin ${addUse('changed', "state <> 'open' and id in (select id from before where state = 'open')")}; return null; end $$`,
  `create trigger session_ended after update on sessions referencing old table as before new table as changed
   for each statement execute function sallyport_session_ended()`,
]

async function createCampaigns(db: Kysely<unknown>): Promise<void> {
  await db.schema.createTable('campaigns')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'bigint', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('campaigns_opened').on('campaigns').columns(['opened_at', 'id']).execute()
  await db.schema.createTable('campaign_items')
    .addColumn('campaign', 'text', (column) => column.notNull().references('campaigns.id').onDelete('cascade'))
    .addColumn('agent', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('facts', 'text', (column) => column.notNull())
    .addColumn('verdict', 'text')
    .addColumn('decision', 'text')
    .addPrimaryKeyConstraint('campaign_items_key', ['campaign', 'agent'])
    .execute()
}
