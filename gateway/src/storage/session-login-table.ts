import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { LoginOwner, SessionLogin, SessionLoginStore } from '../governance/logins/session-login-store.ts'
import type { Schema } from './schema.ts'

const INSTALLATION = 'installation'
/** A row must stay somebody's until its process says for the first time that it runs. */
const FIRST_MS = 90_000

export class SessionLoginTable implements SessionLoginStore {
  readonly #db: Kysely<Schema>
  /** The same over restarts. */
  readonly #gateway: string
  /** Another one at each start. */
  readonly #process = randomUUID()
  readonly #leases: Pick<SessionLoginStore, 'lease'>
  #installation: Promise<string> | undefined

  constructor(db: Kysely<Schema>, gateway: string, leases: Pick<SessionLoginStore, 'lease'>) {
    this.#db = db
    this.#gateway = gateway
    this.#leases = leases
  }

  async installation(): Promise<string> {
    this.#installation ??= this.#readInstallation()
    try {
      return await this.#installation
    } catch (error) {
      this.#installation = undefined
      throw error
    }
  }

  async add({ user, target, place, role, session, use, validUntilMs }: SessionLogin): Promise<void> {
    await this.#db.insertInto('session_logins').values({
      user_name: user, target, place, role, session, use, valid_until: validUntilMs,
      gateway: this.#gateway, process: this.#process, alive_until: Date.now() + FIRST_MS,
    }).execute()
  }

  async remove(user: string): Promise<void> {
    await this.#db.deleteFrom('session_logins').where('user_name', '=', user).execute()
  }

  async list(): Promise<readonly (SessionLogin & { readonly owner: LoginOwner })[]> {
    const rows = await this.#db.selectFrom('session_logins').selectAll().orderBy('user_name').execute()
    return rows.map((row) => ({
      user: row.user_name, target: row.target, place: row.place, role: row.role, session: row.session,
      use: row.use as SessionLogin['use'], validUntilMs: row.valid_until, owner: this.#ownerOf(row),
    }))
  }

  async renew(forMs: number): Promise<void> {
    await this.#db.updateTable('session_logins').set({ alive_until: Date.now() + forMs }).where('process', '=', this.#process).execute()
  }

  lease(work: string, forMs: number): Promise<boolean> {
    return this.#leases.lease(work, forMs)
  }

  #ownerOf(row: Schema['session_logins']): LoginOwner {
    if (row.process === this.#process) return 'process'
    // The ledger's lock lets one process be this gateway at a time, so that one is gone.
    if (row.gateway === this.#gateway) return 'before'
    return row.alive_until < Date.now() ? 'lost' : 'another'
  }

  /** Gateways that start together agree on the one that came first. */
  async #readInstallation(): Promise<string> {
    await this.#db.insertInto('settings').values({ name: INSTALLATION, value: randomUUID() }).onConflict((conflict) => conflict.column('name').doNothing()).execute()
    const { value } = await this.#db.selectFrom('settings').select('value').where('name', '=', INSTALLATION).executeTakeFirstOrThrow()
    return value
  }
}
