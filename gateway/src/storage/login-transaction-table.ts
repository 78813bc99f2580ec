import type { Kysely } from 'kysely'
import type { LoginTransactionRecord, LoginTransactionStore } from '../governance/web-sessions.ts'
import type { Schema } from './schema.ts'

export class LoginTransactionTable implements LoginTransactionStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async add({ hash, sealed, expiresAtMs }: LoginTransactionRecord): Promise<void> {
    await this.#db.insertInto('login_transactions').values({ hash, sealed, expires_at: expiresAtMs }).execute()
  }

  /** Reads and deletes in one statement, so that of two who come at once one gets nothing. */
  async take(hash: string): Promise<LoginTransactionRecord | undefined> {
    const row = await this.#db.deleteFrom('login_transactions').where('hash', '=', hash).returningAll().executeTakeFirst()
    return row && { hash: row.hash, sealed: row.sealed, expiresAtMs: row.expires_at }
  }

  async sweep(nowMs: number, most: number): Promise<void> {
    await this.#db.deleteFrom('login_transactions').where('expires_at', '<', nowMs).execute()
    const beyond = await this.#db.selectFrom('login_transactions').select('expires_at').orderBy('expires_at', 'desc').offset(most).limit(1).executeTakeFirst()
    if (beyond !== undefined) await this.#db.deleteFrom('login_transactions').where('expires_at', '<=', beyond.expires_at).execute()
  }
}
