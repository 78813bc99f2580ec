import * as oauth from 'oauth4webapi'
import { AuthenticationError } from '../../governance/identity.ts'
import { boundedFetch } from '../bounded-fetch.ts'
import { ProviderUnavailable } from './provider-unavailable.ts'

export interface CodeToRedeem {
  readonly provider: string
  readonly server: oauth.AuthorizationServer
  readonly client: oauth.Client
  readonly secret: string | undefined
  /** As `validateAuthResponse` gives them. */
  readonly parameters: URLSearchParams
  readonly redirectUri: string
  readonly verifier: string
  readonly nonce: string
}

/**
 * Redeems an authorization code: RFC 6749 §4.1.3 with RFC 7636, OpenID Connect Core 1.0 §3.1.3.
 * @param verify of the ID token; what it says why it is refused is more to the point than what the library says
 * @throws AuthenticationError, ProviderUnavailable; none of their words is the provider's
 */
export async function redeemCode<Verified>(code: CodeToRedeem, verify: (idToken: string) => Promise<Verified>): Promise<Verified> {
  const { provider, server, client, secret, parameters, redirectUri, verifier, nonce } = code
  const authentication = secret === undefined ? oauth.None() : withSecret(server, secret)
  let response: Response
  try {
    response = await oauth.authorizationCodeGrantRequest(server, client, authentication, parameters, redirectUri, verifier, {
      [oauth.customFetch]: boundedFetch,
      // The discovery document's addresses were checked: http is on loopback only.
      [oauth.allowInsecureRequests]: true,
    })
  } catch {
    throw new ProviderUnavailable(provider, 'its token endpoint does not answer')
  }
  if (response.status >= 500) throw new ProviderUnavailable(provider, `its token endpoint answers with status ${response.status}`)
  const idToken = await idTokenIn(response)
  const verified = idToken === undefined ? undefined : await verify(idToken)
  try {
    await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce, requireIdToken: true })
  } catch (error) {
    throw inWords(error)
  }
  if (verified === undefined) throw new AuthenticationError('the provider gave no ID token', 'Have the operator register this client for OpenID Connect.')
  return verified
}

/** Undefined where there is none, and for answers that are errors or malformed: those are judged by the library. */
async function idTokenIn(response: Response): Promise<string | undefined> {
  if (!response.ok) return undefined
  const body: unknown = await response.clone().json().catch(() => undefined)
  const token = typeof body === 'object' && body !== null && 'id_token' in body ? body.id_token : undefined
  return typeof token === 'string' ? token : undefined
}

/** OpenID Connect Discovery 1.0 §3: client_secret_basic when it does not say. */
function withSecret({ token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer, secret: string): oauth.ClientAuth {
  const byPost = methods !== undefined && !methods.includes('client_secret_basic') && methods.includes('client_secret_post')
  return byPost ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret)
}

function inWords(error: unknown): AuthenticationError {
  const again = 'Log in again; if it lasts, have the operator look at the provider.'
  if (error instanceof oauth.ResponseBodyError) {
    if (error.error === 'invalid_client') return new AuthenticationError('the provider does not accept this gateway as its client', 'Have the operator check console.clientId and console.clientSecret of the issuer.')
    if (error.error === 'invalid_grant') return new AuthenticationError('the provider does not accept the code: it was used, has expired, or is of another login', 'Log in again, from the beginning.')
    return new AuthenticationError('the provider refused to give tokens', again)
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return new AuthenticationError('the provider does not accept this gateway as its client', 'Have the operator check console.clientId and console.clientSecret of the issuer.')
  }
  return new AuthenticationError('the provider\'s answer to the code is malformed, or holds no ID token', again)
}
