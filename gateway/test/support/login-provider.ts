import { randomBytes } from 'node:crypto'
import { mock } from 'node:test'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import Provider from 'oidc-provider'
import { listenOnLoopback, type LoopbackServer, makeKey } from './openid-servers.ts'

export const CONSOLE_CLIENT = 'sallyport-console'

export interface LoginProvider extends LoopbackServer {
  readonly server: Server
  readonly clientSecret: string
  /** Who is at the provider's login page, and what they do there. */
  person: { sub: string; claims: Readonly<Record<string, unknown>>; denies?: boolean }
}

/** A real OpenID provider whose login page answers itself, as the person of the moment. */
export async function startLoginProvider(redirectUris: readonly string[], origin: string): Promise<LoginProvider> {
  const clientSecret = randomBytes(24).toString('hex')
  const server = await listenOnLoopback((request, response) => {
    if (request.url?.startsWith('/interaction/') === true) interact(request, response).catch(() => response.writeHead(500).end())
    else void handle(request, response)
  })
  const key = makeKey('ES256')
  const silenced = [mock.method(console, 'warn', () => undefined), mock.method(console, 'info', () => undefined)]
  const provider = new Provider(server.url, {
    clients: [{
      client_id: CONSOLE_CLIENT, client_secret: clientSecret, redirect_uris: [...redirectUris], response_types: ['code'],
      grant_types: ['authorization_code'], post_logout_redirect_uris: [`${origin}/`], id_token_signed_response_alg: 'ES256',
    }],
    jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: 'ES256', use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], email: ['email'], profile: ['preferred_username', 'groups', 'name'] },
    // The ID token holds what was asked for; see docs/reference/policy.md.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    ttl: { AuthorizationCode: 60, IdToken: 3_600, AccessToken: 300, Interaction: 300, Session: 300, Grant: 300 },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...result.person.claims }) }),
  })
  for (const method of silenced) method.mock.restore()
  const handle = provider.callback()
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response)
    if (result.person.denies === true) {
      await provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'no <script>alert(1)</script>' })
    } else if (prompt.name === 'login') {
      await provider.interactionFinished(request, response, { login: { accountId: result.person.sub } })
    } else {
      const known = grantId === undefined ? undefined : await provider.Grant.find(grantId)
      const grant = known ?? new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) })
      grant.addOIDCScope('openid email profile')
      await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true })
    }
  }
  const result: LoginProvider = { ...server, clientSecret, person: { sub: 'u-17', claims: {} } }
  return result
}
