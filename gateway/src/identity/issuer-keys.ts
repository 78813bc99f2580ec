import type { JWTVerifyGetKey } from 'jose'
import type { IssuerKeyState } from '../governance/issuer-key-state.ts'
import { fetchDiscovery } from './discovery-document.ts'
import { fetchJson } from './fetch-json.ts'
import { IssuerUnavailable } from './issuer-unavailable.ts'
import { verificationKeys } from './verification-keys.ts'

export interface IssuerKeysOptions {
  /** For each of discovery document and key set. */
  readonly timeoutMs: number
  /** Of the key set; the discovery document may have as many. */
  readonly maxBytes: number
  /** Age at which keys are fetched again, while the old ones go on being used. */
  readonly freshMs: number
  /** Age at which keys that could not be fetched again are no longer believed. */
  readonly usableMs: number
  /** At least this long between two fetches, whatever key ids are asked for. */
  readonly cooldownMs: number
  /** At least this long after a fetch that failed. */
  readonly failureCooldownMs: number
  readonly now: () => number
}

export const ISSUER_KEYS_DEFAULTS: IssuerKeysOptions = {
  timeoutMs: 5_000,
  maxBytes: 256 * 1_024,
  freshMs: 10 * 60_000,
  usableMs: 24 * 3_600_000,
  cooldownMs: 30_000,
  failureCooldownMs: 5_000,
  now: Date.now,
}

/**
 * One issuer's verification keys, found by OpenID Connect Discovery 1.0 §4. An issuer that is down does not stop tokens
 * signed with keys that are known.
 */
export class IssuerKeys {
  readonly #name: string
  readonly #issuer: string
  readonly #options: IssuerKeysOptions
  #keys: JWTVerifyGetKey | undefined
  #fetchedAtMs = 0
  #triedAtMs = Number.NEGATIVE_INFINITY
  #failure: IssuerUnavailable | undefined
  #fetching: Promise<void> | undefined

  constructor(name: string, issuer: string, options: IssuerKeysOptions) {
    this.#name = name
    this.#issuer = issuer
    this.#options = options
  }

  /** Undefined when nobody wanted them yet. */
  get state(): IssuerKeyState | undefined {
    if (this.#triedAtMs === Number.NEGATIVE_INFINITY) return undefined
    return { fetchedAtMs: this.#keys === undefined ? undefined : this.#fetchedAtMs, failure: this.#failure?.message }
  }

  /** @throws IssuerUnavailable when there are none, nor can be had */
  async current(): Promise<JWTVerifyGetKey> {
    const age = this.#options.now() - this.#fetchedAtMs
    if (this.#keys === undefined || age > this.#options.usableMs) await this.#refresh()
    // The failure of a fetch in the background is kept in #failure; the keys at hand go on serving.
    else if (age > this.#options.freshMs && this.#mayTry()) this.#refresh().catch(() => undefined)
    const stillUsable = this.#options.now() - this.#fetchedAtMs <= this.#options.usableMs
    if (this.#keys === undefined || !stillUsable) throw this.#failure ?? this.#unavailable('it was not asked yet')
    return this.#keys
  }

  /**
   * Fetches the keys again because a token names one that is not known: this is how a rotation is noticed.
   * @throws IssuerUnavailable when they cannot be had
   */
  async afterUnknownKey(): Promise<JWTVerifyGetKey> {
    await this.#refresh()
    return this.current()
  }

  #mayTry(): boolean {
    const wait = this.#failure === undefined ? this.#options.cooldownMs : this.#options.failureCooldownMs
    return this.#options.now() - this.#triedAtMs >= wait
  }

  /** Does nothing within the cooldown, and joins a fetch that is under way. */
  async #refresh(): Promise<void> {
    if (this.#fetching === undefined) {
      if (!this.#mayTry()) {
        if (this.#failure !== undefined) throw this.#failure
        return
      }
      this.#triedAtMs = this.#options.now()
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined
      })
    }
    await this.#fetching
  }

  async #fetch(): Promise<void> {
    try {
      const discovery = await fetchDiscovery(this.#issuer, this.#options)
      this.#keys = verificationKeys(await fetchJson(discovery.address('jwks_uri'), this.#options))
      this.#fetchedAtMs = this.#options.now()
      this.#failure = undefined
    } catch (error) {
      this.#failure = this.#unavailable(error instanceof Error ? error.message : 'it failed')
      throw this.#failure
    }
  }

  #unavailable(why: string): IssuerUnavailable {
    return new IssuerUnavailable(this.#name, why)
  }
}
