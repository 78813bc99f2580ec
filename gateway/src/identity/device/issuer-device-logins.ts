import { setTimeout as sleep } from 'node:timers/promises'
import type { DeviceAuthorization } from '@sallyport/contract'
import type { DeviceLogin, DeviceLoginRequest, DeviceLogins } from '../../governance/device-logins.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import type { PolicySource } from '../../governance/policy/policy.ts'
import type { IssuerKeysOptions } from '../issuer-keys.ts'
import { ProviderMetadata } from '../web/provider-metadata.ts'
import { DeviceClient, type DeviceEntry } from './device-client.ts'

export interface DeviceLoginLimits {
  /** Logins that wait at once: from everywhere, and from one address. */
  readonly waiting: number
  readonly waitingFromOne: number
  /** Codes asked for within a minute from one address. */
  readonly startsFromOne: number
  /** However long the issuer would wait. */
  readonly longestMs: number
}

export const DEVICE_LOGIN_LIMITS: DeviceLoginLimits = { waiting: 100, waitingFromOne: 10, startsFromOne: 30, longestMs: 10 * 60_000 }

export interface IssuerDeviceLoginsOptions {
  readonly policies: PolicySource
  readonly limits?: Partial<DeviceLoginLimits>
  readonly issuerKeys?: Partial<IssuerKeysOptions>
}

const MINUTE_MS = 60_000
/** RFC 8628 §3.5: by so much more with each slow_down. */
const SLOWER_MS = 5_000
const SLOWEST_MS = 60_000
/** Addresses of which it is remembered when they asked. */
const MAX_ADDRESSES = 10_000

/** Device logins at the issuers of the policy. What comes of one is verified as any identity token is, where it is used. */
export class IssuerDeviceLogins implements DeviceLogins {
  readonly #policies: PolicySource
  readonly #limits: DeviceLoginLimits
  readonly #metadata: ProviderMetadata
  readonly #waiting = new Map<string, number>()
  /** When codes were asked for in the last minute, by address; the oldest first. */
  readonly #starts = new Map<string, number[]>()
  #all = 0

  constructor(options: IssuerDeviceLoginsOptions) {
    this.#policies = options.policies
    this.#limits = { ...DEVICE_LOGIN_LIMITS, ...options.limits }
    this.#metadata = new ProviderMetadata(options.issuerKeys)
  }

  issuers(): readonly string[] {
    return this.#entries().map(({ name }) => name)
  }

  async start({ issuer, clientAddress, signal }: DeviceLoginRequest): Promise<DeviceLogin> {
    const entry = this.#entries().find(({ name }) => name === issuer)
    if (entry === undefined) throw new AuthenticationError('nobody logs in with a code at an issuer of that name', 'Log in with a session token, or with "sallyport login".')
    const leave = this.#enter(clientAddress)
    const ended = AbortSignal.any([signal, AbortSignal.timeout(this.#limits.longestMs)])
    const client = new DeviceClient(entry, this.#metadata)
    let begun: DeviceAuthorization
    try {
      begun = await client.begin(ended)
    } catch (error) {
      leave()
      throw error
    }
    const expiresAtMs = Date.now() + Math.min(begun.expiresInMs, this.#limits.longestMs)
    const done = this.#wait(client, begun, expiresAtMs, ended).finally(leave)
    // Whoever shows the code may have gone before anything comes of it.
    done.catch(() => undefined)
    const { url, completeUrl, userCode } = begun.page
    return { uri: url, ...(completeUrl !== undefined && { uriComplete: completeUrl }), userCode, expiresAtMs, done }
  }

  async #wait(client: DeviceClient, { deviceCode, intervalMs }: DeviceAuthorization, expiresAtMs: number, ended: AbortSignal): Promise<string> {
    let waitMs = intervalMs
    while (Date.now() + waitMs < expiresAtMs) {
      await sleep(waitMs, undefined, { signal: ended }).catch(() => undefined)
      if (ended.aborted) break
      const answer = await client.poll(deviceCode, ended)
      if (typeof answer === 'object') return answer.token
      if (answer === 'denied') throw new AuthenticationError('the login was refused in the browser', 'Connect again if that was by mistake.')
      if (answer === 'expired') break
      if (answer === 'slow-down') waitMs += SLOWER_MS
      // RFC 8628 §3.5: back off from an issuer that does not answer.
      if (answer === 'away') waitMs = Math.min(waitMs * 2, Math.max(SLOWEST_MS, intervalMs))
    }
    throw new AuthenticationError('nobody logged in with the code in time', 'Connect again for a new code.')
  }

  /** Takes a place. @returns what gives it back @throws AuthenticationError */
  #enter(address: string): () => void {
    const nowMs = performance.now()
    this.#forget(nowMs)
    const starts = this.#starts.get(address) ?? []
    const waiting = this.#waiting.get(address) ?? 0
    const { waiting: most, waitingFromOne, startsFromOne } = this.#limits
    if (this.#all >= most || this.#starts.size >= MAX_ADDRESSES) throw new AuthenticationError('too many logins with a code wait already', 'Try again in a few minutes, or log in with a session token.')
    if (waiting >= waitingFromOne || starts.length >= startsFromOne) {
      throw new AuthenticationError('too many logins with a code come from this address', 'Finish those that wait, or try again in a minute.')
    }
    this.#starts.set(address, [...starts, nowMs])
    this.#waiting.set(address, waiting + 1)
    this.#all += 1
    return () => {
      this.#all -= 1
      const left = (this.#waiting.get(address) ?? 1) - 1
      if (left > 0) this.#waiting.set(address, left)
      else this.#waiting.delete(address)
    }
  }

  /** Nothing is remembered longer than a minute, so that nobody fills the memory with addresses for long. */
  #forget(nowMs: number): void {
    for (const [address, starts] of this.#starts) {
      const recent = starts.filter((atMs) => nowMs - atMs < MINUTE_MS)
      if (recent.length === 0) this.#starts.delete(address)
      else if (recent.length < starts.length) this.#starts.set(address, recent)
    }
  }

  #entries(): readonly DeviceEntry[] {
    return this.#policies.current.document.issuers.filter((entry): entry is DeviceEntry => entry.cli !== undefined)
  }
}
