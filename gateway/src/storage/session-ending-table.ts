import type { Kysely } from 'kysely'
import type { SessionEnding, SessionEndingStore } from '../governance/session-endings.ts'
import type { Schema } from './schema.ts'

/** Asks for the end of sessions that another gateway has. Kept with the session, so that nothing depends on a signal. */
export class SessionEndingTable implements SessionEndingStore {
  readonly #db: Kysely<Schema>
  readonly #gateway: string

  /** @param gateway whose own sessions are looked for */
  constructor(db: Kysely<Schema>, gateway: string) {
    this.#db = db
    this.#gateway = gateway
  }

  async ask(id: string, reason: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db.updateTable('sessions').set({ ending: reason.replaceAll('\0', '').slice(0, 1_000) })
      .where('id', '=', id).where('state', '=', 'open').executeTakeFirst()
    return numUpdatedRows > 0n
  }

  async isOpen(id: string): Promise<boolean> {
    const row = await this.#db.selectFrom('sessions').select('id').where('id', '=', id).where('state', '=', 'open').executeTakeFirst()
    return row !== undefined
  }

  async asked(id?: string): Promise<readonly SessionEnding[]> {
    let select = this.#db.selectFrom('sessions').select(['id', 'ending']).where('gateway', '=', this.#gateway).where('state', '=', 'open').where('ending', 'is not', null)
    if (id !== undefined) select = select.where('id', '=', id)
    return (await select.execute()).map((row) => ({ id: row.id, reason: row.ending ?? '' }))
  }
}
