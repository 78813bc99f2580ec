import * as oauth from 'oauth4webapi'
import { AuthenticationError } from '../../governance/identity.ts'
import type { IssuerKeyState } from '../../governance/issuer-key-state.ts'
import type { PolicySource } from '../../governance/policy/policy.ts'
import type { IssuerEntry } from '../../governance/policy/policy-document.ts'
import type { VerifiedClaims } from '../../governance/session-tokens.ts'
import { type BegunLogin, LoginUnavailable } from '../../governance/web-sessions.ts'
import type { IssuerKeysOptions } from '../issuer-keys.ts'
import { TokenVerifier } from '../verify-token.ts'
import type { LoginTransactions } from './login-transactions.ts'
import { ProviderMetadata } from './provider-metadata.ts'
import { redeemCode } from './token-request.ts'

export interface OidcLoginOptions {
  readonly policies: PolicySource
  readonly transactions: LoginTransactions
  /** Origin under which browsers reach the gateway. */
  readonly origin: () => string | undefined
  readonly secretOf: (reference: string) => Promise<string>
  readonly issuerKeys?: Partial<IssuerKeysOptions>
}

type ConsoleEntry = IssuerEntry & Required<Pick<IssuerEntry, 'console'>>

/** What an answer of the flow may hold besides `code`, `state`, `iss` and errors; the rest is of flows that are not spoken here. */
const OTHER_FLOWS = ['id_token', 'token', 'access_token', 'response']
/** Claims that say something of one login alone. */
const OF_ONE_LOGIN = new Set(['nonce', 'at_hash', 'c_hash', 's_hash'])

/** The authorization code flow of OpenID Connect Core 1.0 §3.1 with PKCE (RFC 7636), as RFC 9700 wants it. */
export class OidcLogin {
  readonly #options: OidcLoginOptions
  readonly #metadata: ProviderMetadata
  readonly #verifier: TokenVerifier
  /** ID tokens are for the console's client, not for the audience of access tokens. */
  readonly #asClient = new WeakMap<IssuerEntry, IssuerEntry>()

  constructor(options: OidcLoginOptions) {
    this.#options = options
    this.#metadata = new ProviderMetadata(options.issuerKeys)
    this.#verifier = new TokenVerifier(() => this.entries().map((entry) => this.#clientEntry(entry)), options.issuerKeys)
  }

  entries(): readonly ConsoleEntry[] {
    return this.#options.policies.current.document.issuers.filter((entry): entry is ConsoleEntry => entry.console !== undefined)
  }

  /** @param issuer its identifier @returns undefined when nobody logged in there yet */
  keyState(issuer: string): IssuerKeyState | undefined {
    return this.#verifier.keyState(issuer)
  }

  /** @param next a local path, checked @throws AuthenticationError, LoginUnavailable */
  async begin(provider: string, next: string): Promise<BegunLogin> {
    const entry = this.#entry(provider)
    const redirectUri = this.#redirectUri(provider)
    const server = await this.#metadata.of(entry.name, entry.issuer)
    const [nonce, verifier] = [oauth.generateRandomNonce(), oauth.generateRandomCodeVerifier()]
    const { id, browserCookie } = await this.#options.transactions.begin({ provider, next, secrets: { nonce, verifier } })
    const location = new URL(server.authorization_endpoint ?? '')
    const parameters = {
      client_id: entry.console.clientId, redirect_uri: redirectUri, response_type: 'code', scope: 'openid email profile', state: id, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value)
    return { location: location.href, browserCookie }
  }

  /** @throws AuthenticationError, LoginUnavailable */
  async finish(provider: string, parameters: URLSearchParams, browserCookie: string | undefined): Promise<{ readonly claims: VerifiedClaims; readonly next: string }> {
    const entry = this.#entry(provider)
    const redirectUri = this.#redirectUri(provider)
    const state = onlyOne(parameters)
    const server = await this.#metadata.of(entry.name, entry.issuer)
    const transaction = await this.#options.transactions.take(state, browserCookie)
    // RFC 9700 §4.4: an answer of one provider must not finish a login at another.
    if (transaction.provider !== provider) throw new AuthenticationError('the answer is of another provider than the login was begun with', AGAIN)
    const client = { client_id: entry.console.clientId }
    const valid = checkedAnswer(server, client, parameters, state)
    const { nonce = '', verifier = '' } = transaction.secrets
    const secret = await this.#secret(entry)
    const code = { provider, server, client, secret, parameters: valid, redirectUri, verifier, nonce }
    return { claims: await redeemCode(code, (idToken) => this.#verify(idToken, entry, nonce)), next: transaction.next }
  }

  /** Where the browser ends the session at the provider too: OpenID Connect RP-Initiated Logout 1.0 §2. Without a token: it would stand in the URL. */
  async logoutLocation(issuer: string): Promise<string | undefined> {
    const entry = this.entries().find(({ name }) => name === issuer)
    const origin = this.#options.origin()
    if (entry === undefined || origin === undefined) return undefined
    // A provider that is down keeps nobody from logging out here.
    const server = await this.#metadata.of(entry.name, entry.issuer).catch(() => undefined)
    if (server?.end_session_endpoint === undefined) return undefined
    const location = new URL(server.end_session_endpoint)
    location.searchParams.set('client_id', entry.console.clientId)
    location.searchParams.set('post_logout_redirect_uri', `${origin}/`)
    return location.href
  }

  async #verify(idToken: string, entry: ConsoleEntry, nonce: string): Promise<VerifiedClaims> {
    const { issuer, claims, type } = await this.#verifier.verify(idToken)
    const { clientId } = entry.console
    if (issuer !== entry.name) throw wrong('it is of another issuer')
    if (type.endsWith('at+jwt')) throw wrong('it is an access token')
    // OpenID Connect Core 1.0 §3.1.3.7, items 3 to 5 and 11.
    if (Array.isArray(claims['aud']) && claims['aud'].length > 1 && claims['azp'] === undefined) throw wrong('it is for several clients and does not say which asked')
    if (claims['azp'] !== undefined && claims['azp'] !== clientId) throw wrong('another client asked for it')
    if (claims['nonce'] !== nonce) throw wrong('it is of another login')
    if (typeof claims['iat'] !== 'number') throw wrong('it does not say when it was made')
    return { issuer, claims: Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_ONE_LOGIN.has(name))) }
  }

  #clientEntry(entry: ConsoleEntry): IssuerEntry {
    const known = this.#asClient.get(entry)
    if (known !== undefined) return known
    const made = { ...entry, audience: entry.console.clientId }
    this.#asClient.set(entry, made)
    return made
  }

  #entry(provider: string): ConsoleEntry {
    const entry = this.entries().find(({ name }) => name === provider)
    if (entry === undefined) throw new AuthenticationError('nobody logs in at the console with a provider of that name', 'GET /auth/providers lists those that there are.')
    return entry
  }

  #redirectUri(provider: string): string {
    const origin = this.#options.origin()
    if (origin === undefined) throw new LoginUnavailable('it is not known under which address browsers reach this gateway', 'Have the operator set gateway.console.url.')
    return `${origin}/auth/callback/${encodeURIComponent(provider)}`
  }

  async #secret(entry: ConsoleEntry): Promise<string | undefined> {
    if (entry.console.clientSecret === undefined) return undefined
    try {
      return await this.#options.secretOf(entry.console.clientSecret)
    } catch {
      throw new LoginUnavailable(`the client secret of issuer "${entry.name}" cannot be had`, 'Have the operator check console.clientSecret of the issuer.')
    }
  }
}

const AGAIN = 'Log in again, from the beginning.'

function wrong(why: string): AuthenticationError {
  return new AuthenticationError(`the ID token is not for this login: ${why}`, AGAIN)
}

/** RFC 6749 §3.1: each parameter at most once. @returns the state */
function onlyOne(parameters: URLSearchParams): string {
  const names = [...parameters.keys()]
  if (new Set(names).size < names.length) throw new AuthenticationError('the answer holds a parameter twice', AGAIN)
  if (OTHER_FLOWS.some((name) => parameters.has(name))) throw new AuthenticationError('the answer is of another flow than was begun', AGAIN)
  const state = parameters.get('state')
  if (state === null || state === '') throw new AuthenticationError('the answer does not say which login it belongs to (its state)', AGAIN)
  return state
}

/** RFC 6749 §4.1.2, RFC 9207. The provider's own words are not repeated: anybody can write them into a link. */
function checkedAnswer(server: oauth.AuthorizationServer, client: oauth.Client, parameters: URLSearchParams, state: string): URLSearchParams {
  try {
    const valid = oauth.validateAuthResponse(server, client, parameters, state)
    const code = valid.get('code')
    if (code === null || code === '') throw new AuthenticationError('the answer has no code', AGAIN)
    return valid
  } catch (error) {
    if (error instanceof AuthenticationError) throw error
    if (error instanceof oauth.AuthorizationResponseError) {
      const known = PROVIDER_ERRORS[error.error]
      throw new AuthenticationError(`the provider did not log you in${known === undefined ? '' : `: ${known}`}`, 'Log in again; if it lasts, have the operator look at the provider.')
    }
    throw new AuthenticationError('the answer does not come from the provider that was asked (its iss)', AGAIN)
  }
}

/** RFC 6749 §4.1.2.1 and OpenID Connect Core 1.0 §3.1.2.6. */
const PROVIDER_ERRORS: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  access_denied: 'access was denied there',
  login_required: 'it wants you to log in there first',
  consent_required: 'it wants your consent first',
  interaction_required: 'it wants something of you first',
  account_selection_required: 'it wants you to choose an account first',
  temporarily_unavailable: 'it is not available now',
  server_error: 'it failed',
  invalid_request: 'it did not understand this gateway',
  invalid_scope: 'it does not know what this gateway asks for',
  unauthorized_client: 'this gateway is not registered for logins there',
  unsupported_response_type: 'it does not speak the authorization code flow',
})
