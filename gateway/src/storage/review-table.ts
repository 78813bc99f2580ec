import { type Kysely, sql, type SqlBool } from 'kysely'
import type { Grant } from '../governance/review/grant.ts'
import type { ReviewListQuery, ReviewStore } from '../governance/review/review-store.ts'
import type { Answer, Requester, Review, ReviewState } from '../governance/review/review.ts'
import {
  type AnswerRow, answerRow, grantOf, type GrantRow, grantRow, nameDigest, personKey, requesterKey, reviewOf, type ReviewRow, reviewRow, subjectKey,
} from './review-row.ts'
import type { Schema } from './schema.ts'

const MAX_LISTED = 10_000
const MAX_EXPIRED = 500
const SWEPT_A_STATEMENT = 1_000
const LIVE: readonly ReviewState[] = ['open', 'approved']
const STANDING: readonly ReviewState[] = [...LIVE, 'denied']

export class ReviewTable implements ReviewStore {
  readonly #db: Kysely<Schema>
  readonly #kind: 'sqlite' | 'postgres'

  constructor(db: Kysely<Schema>, kind: 'sqlite' | 'postgres') {
    this.#db = db
    this.#kind = kind
  }

  /** `review.answers` are none yet: they come by {@link answer}. */
  async add(review: Review): Promise<void> {
    await this.#db.insertInto('reviews').values(reviewRow(review)).execute()
  }

  async get(id: string): Promise<Review | undefined> {
    const row = await this.#db.selectFrom('reviews').selectAll().where('id', '=', id).executeTakeFirst()
    return row && (await this.#withAnswers([row]))[0]
  }

  async findStanding(digest: string, requester: Requester, target: string): Promise<Review | undefined> {
    const row = await this.#db.selectFrom('reviews').selectAll()
      .where('digest', '=', digest).where('state', 'in', STANDING).where('requester_key', '=', requesterKey(requester)).where('target', '=', target)
      .orderBy('created_at', 'desc').orderBy('id', 'desc').limit(1).executeTakeFirst()
    return row && (await this.#withAnswers([row]))[0]
  }

  async list({ limit, after, states, requester }: ReviewListQuery): Promise<readonly Review[]> {
    if (states?.length === 0) return []
    let select = this.#db.selectFrom('reviews').selectAll()
      .orderBy('created_at', 'desc').orderBy('id', 'desc').limit(Math.min(limit, MAX_LISTED))
    if (states !== undefined) select = select.where('state', 'in', states)
    if (requester !== undefined) {
      select = requester.actors.length === 0
        ? select.where('person_key', '=', personKey(requester))
        : select.where('requester_key', '=', requesterKey(requester))
    }
    if (after !== undefined) {
      const last = await this.#db.selectFrom('reviews').select('created_at').where('id', '=', after).executeTakeFirst()
      if (last === undefined) return []
      select = select.where('created_at', '<=', last.created_at)
        .where((or) => or.or([or('created_at', '<', last.created_at), or('id', '<', after)]))
    }
    return this.#withAnswers(await select.execute())
  }

  async listOpen(): Promise<readonly Review[]> {
    const rows = await this.#db.selectFrom('reviews').selectAll().where('state', '=', 'open')
      .orderBy('created_at').orderBy('id').limit(MAX_LISTED).execute()
    return this.#withAnswers(rows)
  }

  async countOpen(requester?: Requester): Promise<number> {
    let select = this.#db.selectFrom('reviews').select((count) => count.fn.countAll().as('open')).where('state', '=', 'open')
    if (requester !== undefined) select = select.where('requester_key', '=', requesterKey(requester))
    return Number((await select.executeTakeFirstOrThrow()).open)
  }

  async answer(id: string, answer: Answer): Promise<Review | 'not-found' | 'not-open' | 'answered-already'> {
    return this.#db.transaction().execute(async (change) => {
      // SQLite has one writer. On PostgreSQL all who answer or move this review wait for each other here.
      const select = change.selectFrom('reviews').selectAll().where('id', '=', id)
      const row = await (this.#kind === 'postgres' ? select.forUpdate() : select).executeTakeFirst()
      if (row === undefined) return 'not-found'
      if (row.state !== 'open' || row.expires_at <= answer.atMs) return 'not-open'
      const before = await change.selectFrom('review_answers').selectAll().where('review', '=', id).orderBy('n').execute()
      const names = nameDigest(answer.by.name)
      const subject = subjectKey(answer.by)
      if (before.some((one) => one.name_key === names || one.subject_key === subject)) return 'answered-already'
      const added = answerRow(id, before.length, answer)
      await change.insertInto('review_answers').values(added).execute()
      return reviewOf(row, [...before, added])
    })
  }

  async move(id: string, from: ReviewState, to: ReviewState, { expiresAtMs, nowMs }: { readonly expiresAtMs?: number; readonly nowMs: number }): Promise<boolean> {
    let update = this.#db.updateTable('reviews').set({ state: to, ...(expiresAtMs !== undefined && { expires_at: expiresAtMs }) })
      .where('id', '=', id).where('state', '=', from)
    if (to === 'used') update = update.where('expires_at', '>', nowMs)
    return (await update.executeTakeFirst()).numUpdatedRows === 1n
  }

  async expire(nowMs: number): Promise<readonly Review[]> {
    const rows = await this.#db.updateTable('reviews').set({ state: 'expired' })
      .where('id', 'in', (from) => {
        const over = from.selectFrom('reviews as over').select('over.id').where('over.state', 'in', LIVE).where('over.expires_at', '<=', nowMs).limit(MAX_EXPIRED)
        // What another gateway has locked it moves itself, or it is answered at this moment and looked at again.
        return this.#kind === 'postgres' ? over.forUpdate().skipLocked() : over
      })
      .where('state', 'in', LIVE).where('expires_at', '<=', nowMs).returningAll().execute()
    return this.#withAnswers(rows)
  }

  async sweep(beforeMs: number): Promise<void> {
    for (const table of ['reviews', 'grants'] as const) {
      for (;;) {
        const { numDeletedRows } = await this.#db.deleteFrom(table).where('id', 'in', (from) => (table === 'grants'
          ? from.selectFrom('grants as old').select('old.id').where('old.until_at', '<', beforeMs).limit(SWEPT_A_STATEMENT)
          : from.selectFrom('reviews as old').select('old.id').where('old.created_at', '<', beforeMs).where('old.state', 'not in', LIVE).limit(SWEPT_A_STATEMENT)
        )).executeTakeFirst()
        if (numDeletedRows < BigInt(SWEPT_A_STATEMENT)) break
      }
    }
  }

  async addGrant(grant: Grant): Promise<void> {
    await this.#db.insertInto('grants').values(grantRow(grant)).execute()
  }

  async getGrant(id: string): Promise<Grant | undefined> {
    const row: GrantRow | undefined = await this.#db.selectFrom('grants').selectAll().where('id', '=', id).executeTakeFirst()
    return row && grantOf(row)
  }

  async listGrants(nowMs: number, of?: { readonly requester: Requester; readonly target: string }): Promise<readonly Grant[]> {
    let select = this.#db.selectFrom('grants').selectAll().where('until_at', '>', nowMs).where('from_at', '<=', nowMs)
    if (of !== undefined) select = select.where('requester_key', '=', requesterKey(of.requester)).where('target', '=', of.target)
    const rows = await select.orderBy('from_at', 'desc').orderBy('id', 'desc').limit(MAX_LISTED).execute()
    return rows.map(grantOf)
  }

  async endGrant(id: string, atMs: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#db.updateTable('grants').set({ until_at: atMs })
      .where('id', '=', id).where('until_at', '>', atMs).executeTakeFirst()
    return numUpdatedRows === 1n
  }

  async #withAnswers(rows: readonly ReviewRow[]): Promise<Review[]> {
    if (rows.length === 0) return []
    const ids = rows.map(({ id }) => id)
    // One parameter, however many there are: a list in the text would be another statement for each length.
    const asked = this.#kind === 'postgres'
      ? sql<SqlBool>`review = any(${ids}::text[])`
      : sql<SqlBool>`review in (select value from json_each(${JSON.stringify(ids)}))`
    const answers = Map.groupBy(
      await this.#db.selectFrom('review_answers').selectAll().where(asked).orderBy('review').orderBy('n').execute(),
      (answer: AnswerRow) => answer.review,
    )
    return rows.map((row) => reviewOf(row, answers.get(row.id) ?? []))
  }
}
