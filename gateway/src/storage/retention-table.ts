import { type ExpressionBuilder, type ExpressionWrapper, type Kysely, sql, type SqlBool } from 'kysely'
import type { Destruction, EndedSession, RetentionStore, UnfinishedDestruction } from '../governance/recording/retention-store.ts'
import { lockHolds } from './hold-table.ts'
import type { Schema } from './schema.ts'

/** A gateway tells that it runs every few seconds; of one that has not for so long, others see to the sessions. */
const AWAY_MS = 3_600_000
/** What `swept` says of a destroyed key. */
const UNTOLD = 0
const DONE = 1
const TOLD_BY_ANOTHER = 2

export class RetentionTable implements RetentionStore {
  readonly #db: Kysely<Schema>
  readonly #kind: 'sqlite' | 'postgres'
  /** Names this process among gateways. */
  readonly #holder: string
  readonly #gateway: string

  constructor(db: Kysely<Schema>, kind: 'sqlite' | 'postgres', holder: string, gateway: string) {
    this.#db = db
    this.#kind = kind
    this.#holder = holder
    this.#gateway = gateway
  }

  async ended(target: string, endedBeforeMs: number, after: EndedSession | undefined, limit: number): Promise<readonly EndedSession[]> {
    let select = this.#db.selectFrom('sessions')
      .leftJoin('recording_keys', 'recording_keys.session', 'sessions.id')
      .select(['sessions.id', 'sessions.closed_at', 'recording_keys.sealed', (query) => isHeld(query).as('held')])
      .where('sessions.target', '=', target).where('sessions.closed_at', '<', endedBeforeMs).where((query) => this.#isSeenTo(query))
      .orderBy('sessions.closed_at').orderBy('sessions.id').limit(limit)
    if (after !== undefined) {
      const { endedAtMs, session } = after
      select = select.where('sessions.closed_at', '>=', endedAtMs)
        .where((or) => or.or([or('sessions.closed_at', '>', endedAtMs), or('sessions.id', '>', session)]))
    }
    const rows = await select.execute()
    return rows.map(({ id, closed_at, sealed, held }) => ({
      session: id, endedAtMs: Number(closed_at), due: sealed !== null && sealed !== '' && !held,
    }))
  }

  async destroyKey(session: string, { atMs, segments, reason }: Destruction): Promise<boolean> {
    return this.#db.transaction().execute(async (change) => {
      await lockHolds(change, this.#kind)
      const result = await change.updateTable('recording_keys')
        .set({ sealed: '', destroyed_at: atMs, destroyed_reason: reason, destroyed_segments: segments })
        .where('session', '=', session).where('destroyed_at', 'is', null)
        .where((query) => query.exists(query.selectFrom('sessions').select('sessions.id')
          .where('sessions.id', '=', session).where('sessions.closed_at', 'is not', null)
          .where((inner) => inner.not(isHeld(inner)))))
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    })
  }

  async purge(): Promise<void> {
    // The log before the database still has the row as it was; on PostgreSQL the page has.
    await (this.#kind === 'sqlite' ? sql`pragma wal_checkpoint(truncate)` : sql`vacuum recording_keys`).execute(this.#db)
  }

  async unfinished(limit: number): Promise<readonly UnfinishedDestruction[]> {
    const rows = await this.#db.selectFrom('recording_keys').innerJoin('sessions', 'sessions.id', 'recording_keys.session')
      .select(['session', 'gateway', 'destroyed_at', 'destroyed_reason', 'destroyed_segments'])
      .where('swept', 'in', [UNTOLD, TOLD_BY_ANOTHER]).where('destroyed_at', 'is not', null)
      .where((query) => query.or([query('sessions.gateway', '=', this.#gateway), query.and([query('swept', '=', UNTOLD), this.#isSeenTo(query)])]))
      .orderBy('session').limit(limit).execute()
    return rows.map(({ session, gateway, destroyed_at, destroyed_reason, destroyed_segments }) => ({
      session, own: gateway === this.#gateway, atMs: Number(destroyed_at), reason: destroyed_reason ?? '', segments: Number(destroyed_segments),
    }))
  }

  async finish(session: string): Promise<void> {
    const own = (query: ExpressionBuilder<Schema, 'recording_keys'>) => query.exists(query.selectFrom('sessions').select('sessions.id').where('sessions.id', '=', session).where('sessions.gateway', '=', this.#gateway))
    await this.#db.updateTable('recording_keys').set({ swept: DONE }).where('session', '=', session).where(own).execute()
    await this.#db.updateTable('recording_keys').set({ swept: TOLD_BY_ANOTHER }).where('session', '=', session).where('swept', '=', UNTOLD).execute()
  }

  /** Takes or renews the right to do a work that one gateway does for all. @returns false while another has it */
  async lease(work: string, forMs: number): Promise<boolean> {
    const now = Date.now()
    const taken = { holder: this.#holder, until: now + forMs }
    const result = await this.#db.insertInto('leases').values({ name: work, ...taken })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(taken)
        .where((or) => or.or([or('leases.holder', '=', this.#holder), or('leases.until', '<', now)])))
      .executeTakeFirst()
    return result.numInsertedOrUpdatedRows === 1n
  }

  /** Whether the session of the query around was this gateway's, or one's that is away. */
  #isSeenTo(query: ExpressionBuilder<Schema, 'sessions'>): ExpressionWrapper<Schema, 'sessions', SqlBool> {
    return query.or([
      query('sessions.gateway', '=', this.#gateway),
      query('sessions.gateway', 'not in', query.selectFrom('gateways').select('gateways.id').where('gateways.seen_at', '>', Date.now() - AWAY_MS)),
    ])
  }
}

/** Whether a hold covers the session of the query around. */
function isHeld(query: ExpressionBuilder<Schema, 'sessions'>): ExpressionWrapper<Schema, 'sessions', SqlBool> {
  return query.exists(query.selectFrom('holds').select('holds.subject').where((or) => or.or([
    or.and([or('holds.kind', '=', 'session'), or('holds.subject', '=', or.ref('sessions.id'))]),
    or.and([or('holds.kind', '=', 'identity'), or.or([
      or('holds.subject', '=', or.ref('sessions.identity_name')),
      sql<SqlBool>`${or.ref('sessions.actors')} like ${or.ref('holds.actors_pattern')} escape '!'`,
    ])]),
  ])))
}
