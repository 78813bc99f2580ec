import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { UsedAssertions } from '../governance/saml-login.ts'
import type { Schema } from './schema.ts'

/** SAML assertions that logged somebody in: none does so twice. */
export const usedAssertions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.createTable('used_assertions')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('until', 'bigint', (column) => column.notNull())
      .execute()
    await db.schema.createIndex('used_assertions_until').on('used_assertions').column('until').execute()
  },
}

export class UsedAssertionTable implements UsedAssertions {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  /** One statement: of two who come at once, also at two gateways, the key lets one in. */
  async use(key: string, untilMs: number): Promise<boolean> {
    const row = await this.#db.insertInto('used_assertions').values({ key, until: untilMs })
      .onConflict((conflict) => conflict.column('key').doNothing()).returning('key').executeTakeFirst()
    return row !== undefined
  }

  async sweep(nowMs: number): Promise<void> {
    await this.#db.deleteFrom('used_assertions').where('until', '<', nowMs).execute()
  }
}
