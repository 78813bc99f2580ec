import type { Kysely } from 'kysely'
import type { SessionTokenRecord, SessionTokenStore, StoredSessionToken, VerifiedClaims } from '../governance/session-tokens.ts'
import type { Schema } from './schema.ts'

/** Both databases take more parameters than this. */
const ASKED_AT_ONCE = 500

export class SessionTokenTable implements SessionTokenStore {
  readonly #db: Kysely<Schema>

  constructor(db: Kysely<Schema>) {
    this.#db = db
  }

  async add(record: SessionTokenRecord): Promise<void> {
    await this.#db.insertInto('session_tokens').values({
      token_id: record.tokenId, hash: record.hash, parent_id: record.parentId,
      actor_parent_id: record.actorParentId ?? null,
      subject: JSON.stringify(record.subject),
      actor: record.actor === undefined ? null : JSON.stringify(record.actor),
      targets: JSON.stringify(record.targets), purpose: record.purpose,
      issued_at: record.issuedAtMs, expires_at: record.expiresAtMs,
      single_use: record.singleUse === true ? 1 : 0,
    }).execute()
  }

  find(hash: string): Promise<StoredSessionToken | undefined> {
    return this.#find('hash', hash)
  }

  findById(tokenId: string): Promise<StoredSessionToken | undefined> {
    return this.#find('session_tokens.token_id', tokenId)
  }

  async #find(column: 'hash' | 'session_tokens.token_id', value: string): Promise<StoredSessionToken | undefined> {
    const row = await this.#db.selectFrom('session_tokens').selectAll('session_tokens')
      // One query, so that no revocation falls between reading the token and asking for its revocation.
      .select((query) => query.selectFrom('revocations').select(query.fn.countAll().as('count'))
        .where((or) => or.or([
          or('revocations.token_id', '=', or.ref('session_tokens.token_id')),
          or('revocations.token_id', '=', or.ref('session_tokens.parent_id')),
          or('revocations.token_id', '=', or.ref('session_tokens.actor_parent_id')),
        ])).as('revocations'))
      .where(column, '=', value).executeTakeFirst()
    if (row === undefined) return undefined
    return {
      tokenId: row.token_id, hash: row.hash, parentId: row.parent_id,
      ...(row.actor_parent_id === null ? {} : { actorParentId: row.actor_parent_id }),
      subject: JSON.parse(row.subject) as VerifiedClaims,
      ...(row.actor === null ? {} : { actor: JSON.parse(row.actor) as VerifiedClaims }),
      targets: JSON.parse(row.targets) as string[], purpose: row.purpose,
      issuedAtMs: row.issued_at, expiresAtMs: row.expires_at,
      ...(row.single_use === 1 && { singleUse: true, used: row.used_at !== null }),
      revoked: Number(row.revocations) > 0,
    }
  }

  async revoke(tokenId: string, untilMs: number): Promise<readonly string[]> {
    await this.#db.insertInto('revocations').values({ token_id: tokenId, until: untilMs })
      .onConflict((conflict) => conflict.column('token_id').doUpdateSet({ until: untilMs })).execute()
    const children = await this.#db.selectFrom('session_tokens').select('token_id')
      .where((or) => or.or([or('parent_id', '=', tokenId), or('actor_parent_id', '=', tokenId)])).execute()
    return [tokenId, ...children.map((child) => child.token_id)]
  }

  async isRevoked(tokenId: string): Promise<boolean> {
    const row = await this.#db.selectFrom('revocations').select('token_id').where('token_id', '=', tokenId).executeTakeFirst()
    return row !== undefined
  }

  async revokedAmong(tokenIds: readonly string[]): Promise<readonly string[]> {
    const revoked: string[] = []
    for (let from = 0; from < tokenIds.length; from += ASKED_AT_ONCE) {
      const rows = await this.#db.selectFrom('revocations').select('token_id').where('token_id', 'in', tokenIds.slice(from, from + ASKED_AT_ONCE)).execute()
      revoked.push(...rows.map((row) => row.token_id))
    }
    return revoked
  }

  async spend(tokenId: string, nowMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db.updateTable('session_tokens').set({ used_at: nowMs })
      .where('token_id', '=', tokenId).where('single_use', '=', 1).where('used_at', 'is', null).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async sweep(nowMs: number): Promise<void> {
    await this.#db.deleteFrom('session_tokens').where('expires_at', '<', nowMs).execute()
    await this.#db.deleteFrom('revocations').where('until', '<', nowMs).execute()
  }
}
