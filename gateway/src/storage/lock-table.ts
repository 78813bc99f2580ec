import type { Kysely } from 'kysely'
import type { Lock, LockStore } from '../governance/locks/lock.ts'
import { lockKey } from '../governance/locks/lock-index.ts'
import type { Schema } from './schema.ts'

const MAX_LISTED = 10_000

export class LockTable implements LockStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async list(): Promise<readonly Lock[]> {
    const rows = await this.#db.selectFrom('locks').selectAll().orderBy('placed_at', 'desc').orderBy('key').limit(MAX_LISTED).execute()
    return rows.map(toLock)
  }

  async place(lock: Lock): Promise<Lock> {
    const { kind, name, by, reason, atMs } = lock
    const key = lockKey(kind, name)
    await this.#db.insertInto('locks').values({ key, kind, name, placed_by: by, reason, placed_at: atMs })
      .onConflict((conflict) => conflict.column('key').doNothing()).execute()
    const row = await this.#db.selectFrom('locks').selectAll().where('key', '=', key).executeTakeFirst()
    // Lifted elsewhere in that moment: it held, and whoever reads on sees that it does no more.
    return row === undefined ? lock : toLock(row)
  }

  async lift(kind: Lock['kind'], name: string): Promise<boolean> {
    const { numDeletedRows } = await this.#db.deleteFrom('locks').where('key', '=', lockKey(kind, name)).executeTakeFirst()
    return numDeletedRows > 0n
  }
}

function toLock({ kind, name, placed_by: by, reason, placed_at: atMs }: Schema['locks']): Lock {
  return { kind: kind as Lock['kind'], name, by, reason, atMs }
}
