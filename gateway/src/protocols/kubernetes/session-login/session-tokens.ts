import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SessionLogin } from '../../../governance/logins/session-login-store.ts'
import type { Session } from '../../../governance/session.ts'
import { LoginSweeper } from '../../login-sweeper.ts'
import type { AdapterServices } from '../../protocol-adapter.ts'
import { type KubernetesTarget, kubernetesTarget, type PerSession } from '../target.ts'
import type { Upstream } from '../upstream.ts'
import { type BoundSecret, makeBoundSecret, NoSessionToken, removeBoundSecret, requestToken } from './service-account-token.ts'
import { SessionToken } from './session-token.ts'

/** RFC 4648 base32 in lower case: what names of objects are made of. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const NAME_LETTERS = 26
const LEASE_MS = 55_000

interface Leaving {
  readonly login: SessionLogin
  readonly reason: string
}

/** Tokens for one session each: each is bound to an empty Secret, and ends when that is deleted; what a crash left is swept. */
export class SessionTokens {
  readonly #services: AdapterServices
  readonly #own: (target: KubernetesTarget) => Promise<Upstream>
  readonly #sweeper: LoginSweeper
  /** By name of the Secret; true while it is being deleted. */
  readonly #open = new Map<string, boolean>()
  /** They could not be deleted: the next sweep tries again. */
  readonly #remaining = new Map<string, Leaving & { readonly target: KubernetesTarget }>()

  /** @param own the way to a target with the gateway's own credential */
  constructor(services: AdapterServices, own: (target: KubernetesTarget) => Promise<Upstream>) {
    this.#services = services
    this.#own = own
    this.#sweeper = new LoginSweeper(services.logins, () => [this], services.log)
  }

  get isUsed(): boolean {
    return this.#open.size > 0
  }

  /**
   * @returns the token, and what makes an end of it
   * @throws NoSessionToken; TargetUnreachable; Error when it cannot be kept or recorded
   */
  async make(session: Session, target: KubernetesTarget, account: PerSession): Promise<{ readonly token: SessionToken; readonly end: () => void }> {
    const { logins } = this.#services
    const login: SessionLogin = {
      user: `sallyport-${Array.from(randomBytes(NAME_LETTERS), (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')}`,
      target: session.target.name, place: placeOf(target), role: `${account.namespace}/${account.name}`,
      session: session.id, use: 'session', validUntilMs: Date.now() + account.validForMs,
    }
    await logins.begin(login)
    this.#open.set(login.user, false)
    let isEnded = false
    const end = (reason: string): void => {
      if (!isEnded) void this.#remove(target, { login, reason })
      isEnded = true
    }
    let bound: BoundSecret | undefined
    try {
      const made = (bound = await makeBoundSecret(await this.#own(target), account, login.user, session.id))
      const request = async () => requestToken(await this.#own(target), account, account.validForMs, made)
      const first = await request()
      logins.made({ ...login, validUntilMs: first.expiresAtMs })
      return { token: new SessionToken(first, request), end: () => end('its session ended') }
    } catch (error) {
      // Where nobody answered it may have been made.
      if (bound === undefined && error instanceof NoSessionToken) await this.#forget(login.user)
      else end('it could not be used')
      throw error
    }
  }

  /** Deletes what was left behind, here or by gateways that are gone. Never throws. */
  async sweep(): Promise<void> {
    const { logins, log, targets } = this.#services
    try {
      for (const { target, ...leaving } of this.#remaining.values()) await this.#remove(target, leaving)
      const here = new Map(targets().filter(({ protocol }) => protocol === 'kubernetes').map(kubernetesTarget).map((target) => [placeOf(target), target]))
      if (here.size === 0) return
      const kept = await logins.list()
      for (const [place, target] of here) {
        const all = kept.filter((login) => login.place === place)
        const forAll = all.some(({ owner }) => owner === 'lost') && (await logins.lease(`logins ${place}`, LEASE_MS))
        const abandoned = all.filter(({ owner }) => owner === 'before' || (forAll && owner === 'lost'))
        for (const { owner: _owner, ...login } of abandoned) await this.#remove(target, { login, reason: 'it was left behind' })
      }
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.message : 'unknown' }, 'what tokens of sessions are bound to could not be looked after; it is tried again every minute')
    }
  }

  /** Waits for what is being deleted, but not longer than `withinMs`: the next start sees to the rest. */
  async close(withinMs: number): Promise<void> {
    this.#sweeper.close()
    const deadline = performance.now() + withinMs
    while ([...this.#open.values()].includes(true) && performance.now() < deadline) await sleep(10)
  }

  async #forget(user: string): Promise<void> {
    this.#open.delete(user)
    await this.#services.logins.forget(user).catch(() => undefined)
  }

  async #remove(target: KubernetesTarget, { login, reason }: Leaving): Promise<void> {
    const { logins, log } = this.#services
    const { user, session, role } = login
    if (this.#open.get(user) === true) return
    this.#open.set(user, true)
    const recorded = { user, target: login.target, session }
    try {
      const wasThere = await removeBoundSecret(await this.#own(target), { namespace: role.split('/')[0] ?? '' }, user)
      await logins.removed(recorded, wasThere ? reason : `${reason}; it was gone already`, 0)
      this.#open.delete(user)
      this.#remaining.delete(user)
    } catch (error) {
      const text = error instanceof Error ? error.message : 'an internal error'
      this.#open.set(user, false)
      if (this.#remaining.has(user)) return
      this.#remaining.set(user, { target, login, reason })
      log.warn({ target: login.target, login: user, error: text }, 'what the token of a session is bound to could not be deleted; it is tried again every minute')
      logins.remained(recorded, text)
    }
  }
}

function placeOf({ host, port }: KubernetesTarget): string {
  return `${host}:${port}`
}
