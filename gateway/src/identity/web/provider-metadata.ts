import type { AuthorizationServer } from 'oauth4webapi'
import { fetchDiscovery } from '../discovery-document.ts'
import { ISSUER_KEYS_DEFAULTS } from '../issuer-keys.ts'
import { ProviderUnavailable } from './provider-unavailable.ts'

export interface ProviderMetadataOptions {
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Age at which the document is fetched again. */
  readonly freshMs: number
  /** At least this long after a fetch that failed. */
  readonly failureCooldownMs: number
  readonly now: () => number
}

/** Most issuers remembered; a policy that names more only fetches more often. */
const MAX_REMEMBERED = 100

interface Remembered {
  readonly server: Promise<AuthorizationServer>
  readonly untilMs: number
}

/** Discovery documents (OpenID Connect Discovery 1.0 §4), each fetched once in a while however many log in. */
export class ProviderMetadata {
  readonly #options: ProviderMetadataOptions
  readonly #remembered = new Map<string, Remembered>()

  constructor(options: Partial<ProviderMetadataOptions> = {}) {
    this.#options = { ...ISSUER_KEYS_DEFAULTS, ...options }
  }

  /** @throws ProviderUnavailable */
  of(name: string, issuer: string): Promise<AuthorizationServer> {
    const { now, freshMs, failureCooldownMs } = this.#options
    const remembered = this.#remembered.get(issuer)
    if (remembered !== undefined && now() < remembered.untilMs) return remembered.server
    const server = this.#fetch(name, issuer)
    this.#remembered.delete(issuer)
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value ?? '')
    this.#remembered.set(issuer, { server, untilMs: now() + freshMs })
    server.catch(() => this.#remembered.set(issuer, { server, untilMs: now() + failureCooldownMs }))
    return server
  }

  async #fetch(name: string, issuer: string): Promise<AuthorizationServer> {
    try {
      const { members: document, address } = await fetchDiscovery(issuer, this.#options)
      const endpoint = (member: string) => address(member).href
      const { authorization_response_iss_parameter_supported: tellsIssuer, code_challenge_methods_supported: challenges } = document
      if (Array.isArray(challenges) && !challenges.includes('S256')) throw new Error('it does not know PKCE with S256')
      const strings = (member: string) => {
        const list = document[member]
        return Array.isArray(list) ? { [member]: list.filter((one) => typeof one === 'string') } : {}
      }
      return {
        issuer,
        authorization_endpoint: endpoint('authorization_endpoint'),
        token_endpoint: endpoint('token_endpoint'),
        ...(document['device_authorization_endpoint'] === undefined ? {} : { device_authorization_endpoint: endpoint('device_authorization_endpoint') }),
        ...(document['end_session_endpoint'] === undefined ? {} : { end_session_endpoint: endpoint('end_session_endpoint') }),
        ...(tellsIssuer === true ? { authorization_response_iss_parameter_supported: true } : {}),
        ...strings('id_token_signing_alg_values_supported'), ...strings('token_endpoint_auth_methods_supported'),
      }
    } catch (error) {
      throw new ProviderUnavailable(name, error instanceof Error ? error.message : 'it failed')
    }
  }
}
