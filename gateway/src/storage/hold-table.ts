import { type Kysely, sql } from 'kysely'
import type { Hold, HoldStore } from '../governance/recording/retention-store.ts'
import type { Schema } from './schema.ts'

/** Any number that no other lock in this database uses. */
const HOLDS_LOCK = 7_400_001

/**
 * Placing a hold and destroying a key exclude each other: once a hold is placed, nothing that it covers is destroyed.
 * SQLite has one writer at a time anyway.
 */
export async function lockHolds(change: Kysely<Schema>, kind: 'sqlite' | 'postgres'): Promise<void> {
  if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(HOLDS_LOCK)})`.execute(change)
}

export class HoldTable implements HoldStore {
  readonly #db: Kysely<Schema>
  readonly #kind: 'sqlite' | 'postgres'

  constructor(db: Kysely<Schema>, kind: 'sqlite' | 'postgres') {
    this.#db = db
    this.#kind = kind
  }

  async get(kind: Hold['kind'], subject: string): Promise<Hold | undefined> {
    const row = await this.#db.selectFrom('holds').selectAll().where('kind', '=', kind).where('subject', '=', subject).executeTakeFirst()
    return row && hold(row)
  }

  async place({ kind, subject, by, reason, placedAtMs }: Hold): Promise<void> {
    await this.#db.transaction().execute(async (change) => {
      await lockHolds(change, this.#kind)
      await change.insertInto('holds').values({
        kind, subject, actors_pattern: kind === 'identity' ? actorsPattern(subject) : '', placed_by: by, reason, placed_at: placedAtMs,
      }).onConflict((conflict) => conflict.columns(['kind', 'subject']).doNothing()).execute()
    })
  }

  async release(kind: Hold['kind'], subject: string): Promise<void> {
    await this.#db.deleteFrom('holds').where('kind', '=', kind).where('subject', '=', subject).execute()
  }

  async list(): Promise<readonly Hold[]> {
    const rows = await this.#db.selectFrom('holds').selectAll().orderBy('placed_at', 'desc').orderBy('subject').limit(MAX_LISTED).execute()
    return rows.map(hold)
  }
}

const MAX_LISTED = 10_000

/** Matches a JSON array of names that has this one. It may match a little more: a hold that holds too much harms nobody. */
function actorsPattern(name: string): string {
  return `%${JSON.stringify(name).replaceAll(/[!%_]/g, '!$&')}%`
}

function hold(row: Schema['holds']): Hold {
  return { kind: row.kind as Hold['kind'], subject: row.subject, by: row.placed_by, reason: row.reason, placedAtMs: row.placed_at }
}
