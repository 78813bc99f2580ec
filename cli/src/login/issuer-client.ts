import type { LoginIssuer } from '@sallyport/contract'
import type * as OpenId from 'openid-client'
import { Failure } from '../failure.ts'
import { oneLine, shorten } from '../terminal/plain-text.ts'
import { boundedFetch, NoAnswer, permittedUrl } from './bounded-fetch.ts'
import { type IssuedTokens, pickToken } from './pick-token.ts'
import { type DeviceAuthorization, readDeviceAnswer } from './verification-page.ts'

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

/** What the issuer says to a question whether the person has answered yet: RFC 8628 §3.5. */
export type Poll = IssuedTokens | 'pending' | 'slow-down' | 'denied' | 'expired' | 'away'

/** An issuer refused what was asked of it. The message is fit for a terminal and holds no secret. */
export class IssuerRefused extends Error {
  override readonly name = 'IssuerRefused'
  /** RFC 6749 §5.2. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** One issuer as a public client of it. Errors are NoAnswer, or IssuerRefused. */
export class IssuerClient {
  readonly #settings: LoginIssuer
  readonly #openId: typeof OpenId
  readonly #configuration: OpenId.Configuration

  private constructor(settings: LoginIssuer, openId: typeof OpenId, configuration: OpenId.Configuration) {
    this.#settings = settings
    this.#openId = openId
    this.#configuration = configuration
  }

  /** Reads the issuer's discovery document. */
  static async discover(settings: LoginIssuer): Promise<IssuerClient> {
    const issuer = URL.parse(settings.issuer)
    if (issuer === null) throw new NoAnswer('an address of it is malformed', false)
    permittedUrl(settings.issuer, issuer)
    // Only the login commands and a refresh need it; all others start without.
    const openId = await import('openid-client')
    const configuration = await inWords(openId, [], () => openId.discovery(issuer, settings.clientId, undefined, openId.None(), {
      [openId.customFetch]: boundedFetch(issuer),
      execute: issuer.protocol === 'http:' ? [openId.allowInsecureRequests] : [],
    }))
    // OpenID Connect Discovery 1.0 §4.3: identical. openid-client makes exceptions for some products.
    if (configuration.serverMetadata().issuer !== settings.issuer) throw new NoAnswer('its discovery document is of another issuer', false)
    return new IssuerClient(settings, openId, configuration)
  }

  async startDeviceLogin(): Promise<DeviceAuthorization> {
    if (this.#configuration.serverMetadata().device_authorization_endpoint === undefined) {
      throw new NoAnswer('it has no device authorization endpoint (RFC 8628)', false)
    }
    const { issuer, scopes, verificationHosts } = this.#settings
    const answer = await inWords(this.#openId, [], () =>
      this.#openId.initiateDeviceAuthorization(this.#configuration, { scope: scopes.join(' '), ...this.#resource() }))
    return readDeviceAnswer(answer, new URL(issuer), verificationHosts)
  }

  /** Asks once whether the person has answered. */
  async poll(deviceCode: string): Promise<Poll> {
    try {
      const answer = await inWords(this.#openId, [deviceCode], () =>
        this.#openId.genericGrantRequest(this.#configuration, DEVICE_GRANT, { device_code: deviceCode, ...this.#resource() }))
      return pickToken(answer, this.#settings)
    } catch (error) {
      if (error instanceof NoAnswer && error.away) return 'away'
      const poll = error instanceof IssuerRefused ? POLLS.get(error.code) : undefined
      if (poll === undefined) throw error
      return poll
    }
  }

  /** RFC 6749 §6. */
  async refresh(refreshToken: string): Promise<IssuedTokens> {
    const answer = await inWords(this.#openId, [refreshToken], () =>
      this.#openId.refreshTokenGrant(this.#configuration, refreshToken, this.#resource()))
    return pickToken(answer, this.#settings)
  }

  /** RFC 7009. @returns false when the issuer has no such endpoint */
  async revoke(token: string, hint: 'refresh_token' | 'access_token'): Promise<boolean> {
    if (this.#configuration.serverMetadata().revocation_endpoint === undefined) return false
    await inWords(this.#openId, [token], () => this.#openId.tokenRevocation(this.#configuration, token, { token_type_hint: hint }))
    return true
  }

  #resource(): Record<string, string> {
    return this.#settings.resource === undefined ? {} : { resource: this.#settings.resource }
  }
}

const POLLS = new Map<string, Poll>([
  ['authorization_pending', 'pending'], ['slow_down', 'slow-down'], ['access_denied', 'denied'], ['expired_token', 'expired'],
])

/** Errors of openid-client carry requests and answers: only our words go on, and of the issuer's its description. */
async function inWords<T>(openId: typeof OpenId, secrets: readonly string[], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const cause = causesOf(error).find((one) => one instanceof NoAnswer)
    if (cause !== undefined) throw cause
    if (error instanceof openId.ResponseBodyError) {
      if (error.status >= 500) throw new NoAnswer(`it fails (status ${error.status})`, true)
      const said = [error.error, error.error_description ?? ''].map((text) => withoutSecrets(text, secrets))
      throw new IssuerRefused(error.error, shorten(oneLine(said.filter((text) => text !== '').join(': ')), 300))
    }
    const status = causesOf(error).find((one) => one instanceof Response)?.status
    if (status !== undefined && status >= 500) throw new NoAnswer(`it fails (status ${status})`, true)
    throw new NoAnswer('its answer is none of an OpenID provider', false)
  }
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = []
  for (let one = error; one !== undefined && causes.length < 8; one = one instanceof Error ? one.cause : undefined) causes.push(one)
  return causes
}

/** Some issuers quote what they were sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '…').replaceAll(encodeURIComponent(secret), '…'), text)
}

/** What a command says of an issuer that gave no sense. */
export function issuerFailure(error: unknown, issuer: LoginIssuer): Failure {
  const name = `the issuer ${oneLine(issuer.name)} (${oneLine(issuer.issuer)})`
  if (error instanceof Failure) return error
  if (error instanceof IssuerRefused) return new Failure(`${name} refuses: ${error.message}`, 'Tell an operator if it lasts; "cli" of the issuer in the policy names the client.')
  if (error instanceof NoAnswer) {
    return new Failure(`${name} cannot be used: ${error.message}`, error.away ? 'Try again in a moment.' : 'Tell an operator.')
  }
  return new Failure(`${name} cannot be used`, 'Tell an operator if it lasts.')
}
