import type { IssuedToken } from './service-account-token.ts'

/** Of its life, when it is renewed. */
const RENEW_AFTER = 0.8
/** A token is not used in its last moments: requests take their time. */
const MARGIN_MS = 5_000
const RETRY_MS = 5_000

/** The token of one session: another one whenever it is used up. */
export class SessionToken {
  readonly #request: () => Promise<IssuedToken>
  #current: IssuedToken
  #renewAtMs: number
  #renewing: Promise<void> | undefined

  /** @param request asks for the next one */
  constructor(first: IssuedToken, request: () => Promise<IssuedToken>) {
    this.#request = request
    this.#current = first
    this.#renewAtMs = renewalOf(first)
  }

  /** @throws NoSessionToken, TargetUnreachable when it has ended and no other can be had */
  async value(): Promise<string> {
    if (Date.now() >= this.#renewAtMs) {
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
      await this.#renewing
    }
    return this.#current.token
  }

  async #renew(): Promise<void> {
    try {
      this.#current = await this.#request()
      this.#renewAtMs = renewalOf(this.#current)
    } catch (error) {
      if (Date.now() >= this.#current.expiresAtMs - MARGIN_MS) throw error
      this.#renewAtMs = Math.min(Date.now() + RETRY_MS, this.#current.expiresAtMs - MARGIN_MS)
    }
  }
}

function renewalOf({ expiresAtMs }: IssuedToken): number {
  const now = Date.now()
  return now + (expiresAtMs - now) * RENEW_AFTER
}
