import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** Small facts that a gateway keeps for itself between starts. Never a secret. */
export class SettingTable {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async get(name: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst()
    return row?.value
  }

  async put(name: string, value: string): Promise<void> {
    await this.#db.insertInto('settings').values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute()
  }
}
