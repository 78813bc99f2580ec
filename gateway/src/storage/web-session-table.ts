import { createHash } from 'node:crypto'
import type { Kysely, Selectable } from 'kysely'
import type { VerifiedClaims } from '../governance/session-tokens.ts'
import type { WebSessionRecord, WebSessionStore } from '../governance/web-sessions.ts'
import type { Schema } from './schema.ts'

export class WebSessionTable implements WebSessionStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async add({ id, hash, login, upstream, beganAtMs, usedAtMs, expiresAtMs }: WebSessionRecord): Promise<void> {
    await this.#db.insertInto('web_sessions').values({
      id, hash, person_key: personKey(login.issuer, String(login.claims['sub'])), login: JSON.stringify(login), upstream: JSON.stringify(upstream),
      began_at: beganAtMs, used_at: usedAtMs, expires_at: expiresAtMs,
    }).execute()
  }

  async find(hash: string): Promise<WebSessionRecord | undefined> {
    const row = await this.#db.selectFrom('web_sessions').selectAll('web_sessions').where('hash', '=', hash)
      // One query, so that no revocation falls between reading the session and asking for its revocation.
      .where((where) => where.not(where.exists(
        where.selectFrom('revocations').select('revocations.token_id').whereRef('revocations.token_id', '=', 'web_sessions.id'))))
      .executeTakeFirst()
    return row && toRecord(row)
  }

  async touch(id: string, usedAtMs: number): Promise<void> {
    await this.#db.updateTable('web_sessions').set({ used_at: usedAtMs }).where('id', '=', id).where('used_at', '<', usedAtMs).execute()
  }

  async remove(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const { numDeletedRows } = await this.#db.deleteFrom('web_sessions').where('id', 'in', [...ids]).executeTakeFirst()
    return Number(numDeletedRows)
  }

  async list(after: string, limit: number): Promise<readonly WebSessionRecord[]> {
    const rows = await this.#db.selectFrom('web_sessions').selectAll().where('id', '>', after).orderBy('id').limit(limit).execute()
    return rows.map(toRecord)
  }

  async listOf(issuer: string, subject: string): Promise<readonly WebSessionRecord[]> {
    const rows = await this.#db.selectFrom('web_sessions').selectAll().where('person_key', '=', personKey(issuer, subject))
      .orderBy('began_at', 'desc').orderBy('id', 'desc').execute()
    return rows.map(toRecord)
  }

  async sweep(nowMs: number, idleMs: number): Promise<void> {
    await this.#db.deleteFrom('web_sessions').where((or) => or.or([or('expires_at', '<', nowMs), or('used_at', '<', nowMs - idleMs)])).execute()
  }
}

function toRecord(row: Selectable<Schema['web_sessions']>): WebSessionRecord {
  return {
    id: row.id, hash: row.hash, login: JSON.parse(row.login) as VerifiedClaims, upstream: JSON.parse(row.upstream) as Record<string, string>,
    beganAtMs: row.began_at, usedAtMs: row.used_at, expiresAtMs: row.expires_at,
  }
}

function personKey(issuer: string, subject: string): string {
  return createHash('sha256').update(JSON.stringify([issuer, subject])).digest('hex')
}
