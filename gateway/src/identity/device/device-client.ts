import { readDeviceAnswer, type DeviceAuthorization } from '@sallyport/contract'
import * as oauth from 'oauth4webapi'
import { AuthenticationError } from '../../governance/identity.ts'
import type { IssuerEntry } from '../../governance/policy/policy-document.ts'
import { boundedFetch } from '../bounded-fetch.ts'
import { permittedUrl } from '../discovery-document.ts'
import type { ProviderMetadata } from '../web/provider-metadata.ts'
import { ProviderUnavailable } from '../web/provider-unavailable.ts'

export type DeviceEntry = IssuerEntry & Required<Pick<IssuerEntry, 'cli'>>

/** What the issuer says to a question whether the person has answered yet: RFC 8628 §3.5. */
export type Poll = { readonly token: string } | 'pending' | 'slow-down' | 'denied' | 'expired' | 'away'

/** The gateway as the public client `cli` of one issuer. */
export class DeviceClient {
  readonly #entry: DeviceEntry
  readonly #metadata: ProviderMetadata

  constructor(entry: DeviceEntry, metadata: ProviderMetadata) {
    this.#entry = entry
    this.#metadata = metadata
  }

  /** RFC 8628 §3.1. @throws ProviderUnavailable */
  async begin(signal: AbortSignal): Promise<DeviceAuthorization> {
    const { name, issuer, cli } = this.#entry
    const server = await this.#server()
    if (server.device_authorization_endpoint === undefined) throw new ProviderUnavailable(name, 'it has no device authorization endpoint (RFC 8628)')
    // The login is for one session: nothing is to outlast it, so no refresh token is asked for.
    const scope = cli.scopes.filter((one) => one !== 'offline_access').join(' ')
    const answer = await this.#ask(() => oauth.deviceAuthorizationRequest(server, this.#client, oauth.None(), new URLSearchParams({ scope, ...this.#resource }), { ...OPTIONS, signal }))
    if (!answer.ok) throw new ProviderUnavailable(name, `it gives no code (status ${answer.status})`)
    const home = new URL(issuer)
    return readDeviceAnswer(await this.#json(answer), {
      issuer: home, verificationHosts: cli.verificationHosts,
      permitted: (text) => this.#permitted(text, home), unusable: (why) => new ProviderUnavailable(name, why),
    })
  }

  /** RFC 8628 §3.4: asks once whether the person has answered. @throws AuthenticationError, ProviderUnavailable */
  async poll(deviceCode: string, signal: AbortSignal): Promise<Poll> {
    const { name, audience, cli } = this.#entry
    const server = await this.#server()
    let answer: Response
    try {
      answer = await oauth.deviceCodeGrantRequest(server, this.#client, oauth.None(), deviceCode, { ...OPTIONS, signal, additionalParameters: this.#resource })
    } catch {
      return 'away'
    }
    if (answer.status >= 500) return 'away'
    const content = await this.#json(answer)
    if (!answer.ok) {
      const poll = POLLS.get(String(content['error']))
      if (poll === undefined) throw new ProviderUnavailable(name, 'it refuses to give tokens')
      return poll
    }
    // An ID token is for its client: it is taken only where the policy names that client as the audience.
    const token = content[audience === cli.clientId ? 'id_token' : 'access_token']
    if (typeof token !== 'string' || token === '') throw new AuthenticationError('the issuer gave no token for this gateway', 'Have the operator check "cli" of the issuer in the policy.')
    return { token }
  }

  get #client(): oauth.Client {
    return { client_id: this.#entry.cli.clientId }
  }

  get #resource(): Record<string, string> {
    const { resource } = this.#entry.cli
    return resource === undefined ? {} : { resource }
  }

  #server(): Promise<oauth.AuthorizationServer> {
    return this.#metadata.of(this.#entry.name, this.#entry.issuer)
  }

  #permitted(text: string, home: URL): URL {
    try {
      return permittedUrl(text.length <= 2_000 ? text : '', 'an address of it', home)
    } catch (error) {
      throw new ProviderUnavailable(this.#entry.name, error instanceof Error ? error.message : 'an address of it is malformed')
    }
  }

  async #ask(request: () => Promise<Response>): Promise<Response> {
    try {
      return await request()
    } catch {
      throw new ProviderUnavailable(this.#entry.name, 'it does not answer')
    }
  }

  /** @throws ProviderUnavailable */
  async #json(answer: Response): Promise<Record<string, unknown>> {
    const content: unknown = await answer.json().catch(() => undefined)
    if (typeof content !== 'object' || content === null) throw new ProviderUnavailable(this.#entry.name, 'its answer is not JSON')
    return content as Record<string, unknown>
  }
}

const OPTIONS = {
  [oauth.customFetch]: boundedFetch,
  // The discovery document's addresses were checked: http is on loopback only.
  [oauth.allowInsecureRequests]: true,
} as const

const POLLS = new Map<string, Poll>([
  ['authorization_pending', 'pending'], ['slow_down', 'slow-down'], ['access_denied', 'denied'], ['expired_token', 'expired'],
])
