import type { Kysely } from 'kysely'
import type { VaultStore } from '../vault/vault-store.ts'
import type { Schema } from './schema.ts'

/** The vault's records, already sealed. */
export class VaultTable implements VaultStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async get(name: string): Promise<string | undefined> {
    const row = await this.#db.selectFrom('vault_secrets').select('sealed').where('name', '=', name).executeTakeFirst()
    return row?.sealed
  }

  async put(name: string, sealed: string): Promise<void> {
    const changed = { sealed, changed_at: Date.now() }
    await this.#db.insertInto('vault_secrets').values({ name, ...changed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changed)).execute()
  }

  async add(name: string, sealed: string): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.#db.insertInto('vault_secrets').values({ name, sealed, changed_at: Date.now() })
      .onConflict((conflict) => conflict.column('name').doNothing()).executeTakeFirst()
    return Number(numInsertedOrUpdatedRows) > 0
  }

  async replace(name: string, before: string, sealed: string): Promise<void> {
    await this.#db.updateTable('vault_secrets').set({ sealed, changed_at: Date.now() }).where('name', '=', name).where('sealed', '=', before).execute()
  }

  async list(): Promise<readonly string[]> {
    const rows = await this.#db.selectFrom('vault_secrets').select('name').execute()
    // Sorted here: databases differ in collation.
    return rows.map((row) => row.name).sort()
  }

  async changes(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db.selectFrom('vault_secrets').select(['name', 'changed_at']).execute()
    return new Map(rows.map(({ name, changed_at }) => [name, changed_at]))
  }

  async delete(name: string): Promise<void> {
    await this.#db.deleteFrom('vault_secrets').where('name', '=', name).execute()
  }
}
