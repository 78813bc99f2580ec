import type { Kysely } from 'kysely'
import type { SealedKeyStore } from '../vault/vault-store.ts'
import type { Schema } from './schema.ts'

/** The data keys of recordings, already sealed. Destroying one is for `retention-table.ts`, which knows the holds. */
export class RecordingKeyTable implements SealedKeyStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async add(session: string, sealed: string, masterKey: string): Promise<void> {
    await this.#db.insertInto('recording_keys').values({
      session, sealed, master_key: masterKey, created_at: Date.now(),
      destroyed_at: null, destroyed_reason: null, destroyed_segments: null,
    }).execute()
  }

  async get(session: string): Promise<{ readonly sealed: string; readonly destroyedAtMs: number | null } | undefined> {
    const row = await this.#db.selectFrom('recording_keys').select(['sealed', 'destroyed_at']).where('session', '=', session).executeTakeFirst()
    return row && { sealed: row.sealed, destroyedAtMs: row.destroyed_at }
  }

  async sealedUnderOthers(masterKey: string, after: string, limit: number): Promise<readonly { readonly session: string; readonly sealed: string }[]> {
    return this.#db.selectFrom('recording_keys').select(['session', 'sealed'])
      .where('master_key', '!=', masterKey).where('destroyed_at', 'is', null).where('session', '>', after)
      .orderBy('session').limit(limit).execute()
  }

  async replace(session: string, before: string, sealed: string, masterKey: string): Promise<void> {
    await this.#db.updateTable('recording_keys').set({ sealed, master_key: masterKey })
      .where('session', '=', session).where('sealed', '=', before).execute()
  }
}
