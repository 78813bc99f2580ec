import { type Kysely, sql } from 'kysely'
import type { SessionListQuery, SessionRecord, SessionStore } from '../governance/recording/session-store.ts'
import type { Session } from '../governance/session.ts'
import { currentActor } from './agent-migration.ts'
import type { Schema } from './schema.ts'

/** Ends that wait to be written. What does not fit is lost and reported; a restart marks such a session as aborted. */
const MAX_QUEUED_ENDS = 10_000
const WRITE_ATTEMPTS = 3
const RETRY_MS = 200

interface End {
  readonly id: string
  readonly closedAtMs: number
  readonly reason: string
  readonly operations: number
  readonly refused: number
}

export class SessionTable implements SessionStore {
  readonly #db: Kysely<Schema>
  readonly #gateway: string
  readonly #onError: (error: Error, message: string) => void
  readonly #ends: End[] = []
  #writing: Promise<void> | undefined

  constructor(db: Kysely<Schema>, gateway: string, onError: (error: Error, message: string) => void) {
    this.#db = db
    this.#gateway = gateway
    this.#onError = onError
  }

  async opened(session: Session, application: string): Promise<void> {
    const { identity, purpose } = session.admission
    await this.#db.insertInto('sessions').values({
      id: session.id, gateway: this.#gateway,
      identity_name: identity.name, identity_kind: identity.kind, identity_issuer: identity.issuer,
      actors: JSON.stringify(identity.actors), actor: currentActor(identity.actors), target: session.target.name, protocol: session.protocol, purpose,
      client_address: session.clientAddress, application: withoutNul(application), opened_at: session.openedAtMs,
      closed_at: null, reason: null,
    }).execute()
  }

  closed(session: Session, reason: string): void {
    if (this.#ends.length >= MAX_QUEUED_ENDS) {
      this.#onError(new Error('the queue is full'), `the end of session ${session.id} is not kept in the list of sessions`)
      return
    }
    const { id, operations, refused } = session
    this.#ends.push({ id, closedAtMs: Date.now(), reason: withoutNul(reason), operations, refused })
    this.#writing ??= this.#writeEnds()
  }

  async flush(): Promise<void> {
    await this.#writing
  }

  /** How many are open at each target, at gateways that are known. */
  async openByTarget(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#db.selectFrom('sessions').select(['target', ({ fn }) => fn.countAll<number>().as('sessions')])
      .where('gateway', 'in', (query) => query.selectFrom('gateways').select('id')).where('state', '=', 'open').groupBy('target').execute()
    return new Map(rows.map(({ target, sessions }) => [target, sessions]))
  }

  async list(query: SessionListQuery): Promise<readonly SessionRecord[]> {
    let select = this.#db.selectFrom('sessions').selectAll().orderBy('opened_at', 'desc').orderBy('id', 'desc').limit(query.limit)
    const { owner, after } = query
    if (owner !== undefined) {
      select = select.where('identity_name', '=', owner.name).where('identity_kind', '=', owner.kind)
        .where('identity_issuer', '=', owner.issuer)
      if (owner.actors.length > 0) select = select.where('actors', '=', JSON.stringify(owner.actors))
      if (owner.targets !== undefined) select = select.where('target', 'in', owner.targets)
    }
    if (after !== undefined) {
      const last = await this.#db.selectFrom('sessions').select('opened_at').where('id', '=', after).executeTakeFirst()
      if (last === undefined) return []
      // Compared as a row, which the index answers however far down the page is.
      select = select.where(sql<boolean>`(opened_at, id) < (${last.opened_at}, ${after})`)
    }
    return (await select.execute()).map(record)
  }

  async get(id: string): Promise<SessionRecord | undefined> {
    const row = await this.#db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst()
    return row === undefined ? undefined : record(row)
  }

  /** For the start: what this gateway has open was left by a crash. */
  async abortLeftOpen(): Promise<void> {
    await this.#db.updateTable('sessions')
      .set({ state: 'aborted', closed_at: Date.now(), reason: 'the gateway ended without closing it' })
      .where('gateway', '=', this.#gateway).where('state', '=', 'open').execute()
  }

  async #writeEnds(): Promise<void> {
    for (let end = this.#ends[0]; end !== undefined; end = this.#ends[0]) {
      await this.#writeEnd(end)
      this.#ends.shift()
    }
    // In the same turn as the look at the empty queue, so that no end is queued with nobody to write it.
    this.#writing = undefined
  }

  async #writeEnd(end: End): Promise<void> {
    const { id, closedAtMs, reason, operations, refused } = end
    for (let attempt = 1; attempt <= WRITE_ATTEMPTS; attempt += 1) {
      try {
        await this.#db.updateTable('sessions')
          .set({ state: 'closed', closed_at: closedAtMs, reason, operations, refused })
          .where('id', '=', id).where('state', '=', 'open').execute()
        return
      } catch (error) {
        if (attempt === WRITE_ATTEMPTS) this.#onError(error as Error, `the end of session ${id} could not be written`)
        else await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      }
    }
  }
}

/** PostgreSQL's text has no NUL, and a client may put one anywhere. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '').slice(0, 1_000)
}

function record(row: { [Column in keyof Schema['sessions']]: unknown }): SessionRecord {
  return {
    id: String(row.id),
    gateway: String(row.gateway),
    state: row.state as SessionRecord['state'],
    identity: {
      name: String(row.identity_name), kind: row.identity_kind as 'agent' | 'person', issuer: String(row.identity_issuer),
    },
    actors: JSON.parse(String(row.actors)) as string[],
    target: String(row.target),
    protocol: String(row.protocol),
    purpose: String(row.purpose),
    clientAddress: String(row.client_address),
    application: String(row.application),
    openedAtMs: Number(row.opened_at),
    closedAtMs: row.closed_at === null ? null : Number(row.closed_at),
    reason: row.reason as string | null,
    operations: Number(row.operations),
    refused: Number(row.refused),
  }
}
