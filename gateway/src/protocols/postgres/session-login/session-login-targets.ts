import { LoginSweeper } from '../../login-sweeper.ts'
import type { AdapterServices } from '../../protocol-adapter.ts'
import { perSessionOf, postgresTarget, TLS_USE, type PostgresTarget } from '../target.ts'
import { connectUpstream, TargetError, type Upstream } from '../upstream.ts'
import { Administrator, ADMINISTRATOR_SETTINGS } from './administrator.ts'
import { TargetLogins } from './target-logins.ts'

const CLOSE_WITHIN_MS = 8_000
/** Stands in the record where otherwise the reference to a secret does: nobody keeps this one. */
export const OWN_SECRET = 'made for the session'

/** Every target on which sessions get a login of their own. */
export class SessionLoginTargets {
  readonly #services: AdapterServices
  readonly #timeoutMs: number
  readonly #targets = new Map<string, TargetLogins>()
  readonly #sweeper: LoginSweeper

  constructor(services: AdapterServices, timeoutMs: number) {
    this.#services = services
    this.#timeoutMs = timeoutMs
    this.#sweeper = new LoginSweeper(services.logins, () => this.#all(), services.log)
  }

  /** Absent when its sessions use the target's own credential. */
  of(target: PostgresTarget, name: string): TargetLogins | undefined {
    const perSession = perSessionOf(target)
    if (perSession === undefined) return undefined
    const key = JSON.stringify([name, target])
    const known = this.#targets.get(key)
    if (known !== undefined) return known
    const { logins, log } = this.#services
    const made = new TargetLogins({
      logins, log, target: name, place: `${target.host}:${target.port}/${target.database}`, ...perSession,
      makes: new Administrator(() => this.#administer(target, name)),
      removes: new Administrator(() => this.#administer(target, name)),
      connectAs: (user, password, settings) => this.#connectAs(target, { user, password, role: perSession.role }, settings),
    })
    this.#targets.set(key, made)
    return made
  }

  /** Waits for what is under way, within limits. */
  async close(): Promise<void> {
    this.#sweeper.close()
    await Promise.all(Array.from(this.#targets.values(), (target) => target.close(CLOSE_WITHIN_MS)))
  }

  /** Those of the policy in force, and those of before as long as something that they made is there. */
  #all(): readonly TargetLogins[] {
    const inForce = new Set(this.#services.targets().filter(({ protocol }) => protocol === 'postgres').map((entry) => this.of(postgresTarget(entry), entry.name)))
    for (const [key, target] of this.#targets) {
      if (inForce.has(target) || target.isUsed) continue
      this.#targets.delete(key)
      void target.close(0)
    }
    return [...this.#targets.values()]
  }

  async #administer(target: PostgresTarget, name: string): Promise<Upstream> {
    const { gatekeeper, resolveSecret } = this.#services
    const { user, password: credential } = target.credential
    const upstream = await connectUpstream(target, await resolveSecret(credential), ADMINISTRATOR_SETTINGS, this.#timeoutMs)
    gatekeeper.credentialUsed(undefined, { target: name, user, credential, method: upstream.method, tls: TLS_USE[target.tls.mode] })
    return upstream
  }

  async #connectAs(target: PostgresTarget, { user, password, role }: { user: string; password: string; role: string }, settings: ReadonlyMap<string, string>): Promise<Upstream> {
    try {
      return await connectUpstream({ ...target, credential: { ...target.credential, user } }, password, settings, this.#timeoutMs)
    } catch (error) {
      if (error instanceof TargetError && REFUSED.has(error.code)) {
        throw new TargetError(error.code, error.message, `Tell an operator: members of "${role}" must be let in at the target, by a line for "+${role}" in its pg_hba.conf and by CONNECT on the database.`)
      }
      throw error
    }
  }
}

/** The class of invalid authorizations, and a missing privilege. */
const REFUSED = new Set(['28000', '28P01', '42501'])
