import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionLogin } from '../../../governance/logins/session-login-store.ts'
import type { SessionLogins } from '../../../governance/logins/session-logins.ts'
import type { Log } from '../../protocol-adapter.ts'
import { TargetError, type Upstream } from '../upstream.ts'
import type { Administrator } from './administrator.ts'
import { newLoginName } from './login-name.ts'
import { LoginNotMade, makeLogin } from './make-login.ts'
import { removeLogins, type Removal } from './remove-logins.ts'
import { scramVerifier } from './scram-verifier.ts'
import { abandonedLogins, findLogins, type Abandoned } from './sweep-logins.ts'

const PASSWORD_BYTES = 32
/** Of one round trip: a statement's text stays short, and what goes wrong with one holds up few. */
const MAX_REMOVED_AT_ONCE = 50
const LEASE_MS = 55_000
/** What was in the way of a removal is most often gone soon. */
const RETRY_MS = 5_000

export interface TargetLoginsOptions {
  readonly logins: SessionLogins
  readonly log: Log
  /** Name of the target, for the record. */
  readonly target: string
  readonly place: string
  /** Whose rights sessions get. */
  readonly role: string
  readonly validForMs: number
  /** One to make logins, one to remove them: nobody who comes waits for those who go. */
  readonly makes: Administrator
  readonly removes: Administrator
  /** Logs in at the target. @throws TargetError */
  readonly connectAs: (user: string, password: string, settings: ReadonlyMap<string, string>) => Promise<Upstream>
}

/** Who a login is for. */
export type LoginPurpose = Pick<SessionLogin, 'session' | 'use'>

type Leaving = Abandoned & { readonly reason: string }

/** Logins for one session each, on one target: made, removed when their connection is gone, and swept after a crash. */
export class TargetLogins {
  readonly #options: TargetLoginsOptions
  /** Every one from its beginning until it is known to be gone. */
  readonly #open = new Map<string, SessionLogin>()
  #leaving: Leaving[] = []
  /** Waiting to be removed, or just being removed: never twice at once. */
  readonly #queued = new Set<string>()
  #removing: Promise<void> | undefined
  /** They could not be removed: the next sweep tries again. */
  readonly #remaining = new Map<string, Leaving>()
  #sweeping: Promise<void> | undefined
  #closed = false

  constructor(options: TargetLoginsOptions) {
    this.#options = options
  }

  /** Whether there is anything that the other gateways must know to be somebody's. */
  get isUsed(): boolean {
    return this.#open.size > 0
  }

  /**
   * Makes a login and logs in with it. It is removed once the connection is gone.
   * @param settings go before those of the role
   * @throws TargetError
   */
  async connect({ session, use }: LoginPurpose, settings: ReadonlyMap<string, string>): Promise<{ readonly upstream: Upstream; readonly user: string }> {
    const { logins, target, place, role, validForMs, makes, connectAs } = this.#options
    const login: SessionLogin = { user: newLoginName(), target, place, role, session, use, validUntilMs: Date.now() + validForMs }
    const { user } = login
    const password = randomBytes(PASSWORD_BYTES).toString('base64url')
    const verifier = await scramVerifier(password)
    await logins.begin(login)
    this.#open.set(user, login)
    try {
      const own = await makeLogin(makes, { ...login, verifier }, await logins.installation())
      logins.made(login)
      const upstream = await connectAs(user, password, new Map([...own, ...settings]))
      if (upstream.connection.isOpen) upstream.connection.gone.add(() => this.#retire(login, 'its session ended'))
      else this.#retire(login, 'its session ended')
      return { upstream, user }
    } catch (error) {
      if (error instanceof LoginNotMade) await this.#forget(user)
      else this.#retire(login, 'it could not be used')
      throw error
    }
  }

  /** Removes what was left behind, here or by other gateways that are gone. Never throws. */
  sweep(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined))
    return this.#sweeping
  }

  /** Waits until what is open was removed, but not longer than `withinMs`: the next start sees to the rest. */
  async close(withinMs: number): Promise<void> {
    const { log, target, makes, removes } = this.#options
    this.#closed = true
    const deadline = performance.now() + withinMs
    const isBusy = (): boolean => this.#sweeping !== undefined || [...this.#open.keys()].some((user) => !this.#remaining.has(user))
    while (isBusy() && performance.now() < deadline) await sleep(10)
    if (this.#open.size > 0) log.warn({ target, logins: this.#open.size }, 'logins for sessions are left at a target; the next start of the gateway removes them')
    makes.close()
    removes.close()
  }

  async #forget(user: string): Promise<void> {
    this.#open.delete(user)
    // Nothing was made, so what stays on record is found to be gone by a sweep.
    await this.#options.logins.forget(user).catch(() => undefined)
  }

  #retire(login: Abandoned, reason: string): void {
    if (this.#queued.has(login.user)) return
    this.#queued.add(login.user)
    this.#leaving.push({ ...login, reason })
    this.#removing ??= this.#removeAll().finally(() => (this.#removing = undefined))
  }

  /** In rounds: while one is under way the next ones gather. */
  async #removeAll(): Promise<void> {
    while (this.#leaving.length > 0) {
      const leaving = this.#leaving.slice(0, MAX_REMOVED_AT_ONCE)
      this.#leaving = this.#leaving.slice(MAX_REMOVED_AT_ONCE)
      await this.#remove(leaving)
    }
  }

  async #remove(leaving: readonly Leaving[]): Promise<void> {
    const { logins, removes, role } = this.#options
    let removals: readonly Removal[]
    try {
      removals = await removeLogins(removes, leaving.map((login) => ({ role, ...login })), await logins.installation())
    } catch (error) {
      // Somewhere in between: the next work begins on a new connection.
      removes.close()
      const text = error instanceof TargetError ? error.message : 'an internal error'
      if (!(error instanceof TargetError)) this.#options.log.error({ error }, 'removing logins for sessions failed by an internal error')
      removals = leaving.map(({ user }) => ({ user, result: 'remains', error: text }))
    }
    const byUser = new Map(leaving.map((login) => [login.user, login]))
    for (const removal of removals) {
      const login = byUser.get(removal.user)
      this.#queued.delete(removal.user)
      if (login !== undefined) await this.#settle(login, removal)
    }
  }

  async #settle(login: Leaving, removal: Removal): Promise<void> {
    const { logins, log, target } = this.#options
    const { user, session, role, reason } = login
    const recorded = { user, target, ...(session !== undefined && { session }) }
    try {
      if (removal.result === 'remains') {
        if (this.#remaining.has(user)) return
        log.warn({ target, login: user, error: removal.error }, 'a login for a session could not be removed; it is tried again every minute')
        logins.remained(recorded, removal.error)
        this.#remaining.set(user, login)
        setTimeout(() => !this.#closed && this.#remaining.has(user) && this.#retire(login, reason), RETRY_MS).unref()
        return
      }
      // One that nothing was known of was removed by another gateway meanwhile, which says so.
      if (removal.result === 'removed') await logins.removed(recorded, reason, removal.connections)
      else if (role !== undefined) await logins.removed(recorded, `${reason}; it was gone already`, 0)
      this.#open.delete(user)
      this.#remaining.delete(user)
    } catch (error) {
      log.warn({ target, login: user, error: error instanceof Error ? error.message : 'unknown' }, 'that a login for a session was removed could not be kept')
      this.#remaining.set(user, login)
    }
  }

  async #sweep(): Promise<void> {
    const { logins, removes, place, target, log } = this.#options
    try {
      for (const login of this.#remaining.values()) this.#retire(login, login.reason)
      await this.#removing
      const installation = await logins.installation()
      const forAll = await logins.lease(`logins ${place}`, LEASE_MS)
      const found = await findLogins(removes, installation)
      const abandoned = abandonedLogins(found, await logins.list(), place, forAll)
      if (abandoned.length === 0) return
      log.warn({ target, logins: abandoned.length }, 'logins for sessions were left behind, and are removed')
      for (const login of abandoned) this.#retire(login, 'it was left behind')
      await this.#removing
    } catch (error) {
      removes.close()
      log.warn({ target, error: error instanceof Error ? error.message : 'unknown' }, 'a target could not be searched for logins that were left behind; it is tried again every minute')
    }
  }
}
