import { randomBytes, generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import Provider, { interactionPolicy } from 'oidc-provider'
import { devicePages, loginPath, serveLoginPage, showError } from './login-pages.ts'

/** A client of the demo's OpenID provider; the secret is made anew at each start. */
export interface ClientLogin {
  readonly clientId: string
  readonly clientSecret: string
}

export interface IdentityProvider {
  readonly issuer: string
  /** How each agent proves itself: by the client credentials grant. */
  readonly agents: Readonly<Record<string, ClientLogin>>
  /** Who may ask for a person's token without that person, so that the demo needs no browser. */
  readonly people: ClientLogin
  close(): Promise<void>
}

/** Fixed names, so that documents, scripts and tests can rely on them. */
export const AGENTS = ['support-bot', 'nightly-report'] as const
export const PEOPLE = {
  dana: { email: 'dana@example.com', groups: ['dba'] },
  avery: { email: 'avery@example.com', groups: ['admins'] },
  robin: { email: 'robin@example.com', groups: ['auditors'] },
} as const

/** Grant by which the demo stands in for a person's own login; no such thing exists outside the demo. */
export const PERSON_GRANT = 'urn:sallyport:demo:person'

/** The public client of `sallyport login`. */
const CLI_CLIENT = 'sallyport-cli'

/** The gateway's public client, with which people log in at the console. */
const CONSOLE_CLIENT = 'sallyport-console'

const AUDIENCE = 'sallyport'
const TOKEN_TTL_SECONDS = 1_800
const DAY_SECONDS = 86_400

/** Starts an OpenID provider on loopback whose access tokens are signed JWTs (RFC 9068) for the gateway. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the provider has no TCP address')
  const issuer = `http://127.0.0.1:${address.port}`

  const agents = Object.fromEntries(AGENTS.map((name) => [name, makeLogin(name)]))
  const people = makeLogin('demo-people')
  const provider = quietly(() => makeProvider(issuer, Object.values(agents), people))
  const handle = provider.callback()
  server.on('request', (request, response) => void serveLoginPage(provider, Object.keys(PEOPLE), request, response)
    .then((served) => served ? undefined : handle(request, response)))
  return {
    issuer, agents, people,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function makeLogin(clientId: string): ClientLogin {
  return { clientId, clientSecret: randomBytes(24).toString('base64url') }
}

function makeProvider(issuer: string, agents: readonly ClientLogin[], people: ClientLogin): Provider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(issuer, {
    clients: [...agents.map((login) => client(login, 'client_credentials')), client(people, PERSON_GRANT), CLI, CONSOLE],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'demo' }] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    responseTypes: ['code'],
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'preferred_username', 'groups'] },
    // The gateway reads the ID token alone.
    conformIdTokenClaims: false,
    // Named here because the provider remarks on its own defaults on stdout, which belongs to the demo's one line of JSON.
    ttl: {
      AccessToken: TOKEN_TTL_SECONDS, AuthorizationCode: 60, ClientCredentials: TOKEN_TTL_SECONDS, DeviceCode: 600, Grant: DAY_SECONDS, IdToken: TOKEN_TTL_SECONDS,
      Interaction: 600, RefreshToken: DAY_SECONDS, Session: DAY_SECONDS,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, ...devicePages },
      revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => RESOURCE_SERVER,
        useGrantedResource: () => true,
      },
    },
    renderError: showError,
    interactions: { policy: askEachTime(), url: (_context, { uid }) => loginPath(uid) },
    // Whoever logs in at the demo's own gateway is not asked once more whether they want to.
    async loadExistingGrant({ oidc }) {
      if (oidc.client === undefined || oidc.session?.accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid email profile offline_access')
      grant.addResourceScope(RESOURCE, '')
      await grant.save()
      return grant
    },
    findAccount: (_context, id) => (isPerson(id) ? account(id) : undefined),
    extraTokenClaims(_context, token) {
      if (token.kind === 'ClientCredentials') return { azp: token.clientId }
      const id = token.kind === 'AccessToken' ? token.accountId : ''
      return isPerson(id) ? { azp: token.clientId, name: id, preferred_username: id, ...PEOPLE[id] } : undefined
    },
  })
  provider.registerGrantType(PERSON_GRANT, async (context) => {
    const { client: asking, params } = context.oidc
    const person = params?.['person']
    if (asking === undefined || typeof person !== 'string' || !isPerson(person)) {
      throw Object.assign(new Error('invalid_grant'), {
        error: 'invalid_grant', error_description: 'no such person', statusCode: 400, expose: true,
      })
    }
    const token = new provider.AccessToken({
      client: asking, accountId: person, grantId: '', gty: 'person', scope: '',
      resourceServer: new provider.ResourceServer(RESOURCE, RESOURCE_SERVER),
    })
    context.body = { access_token: await token.save(), expires_in: token.expiration, token_type: 'Bearer' }
  }, ['person'])
  return provider
}

// A resource indicator is a URI (RFC 8707); the tokens carry the short name.
const RESOURCE = `urn:${AUDIENCE}:gateway`
const RESOURCE_SERVER = {
  audience: AUDIENCE,
  scope: '',
  accessTokenFormat: 'jwt',
  accessTokenTTL: TOKEN_TTL_SECONDS,
  jwt: { sign: { alg: 'ES256' } },
} as const

function client(login: ClientLogin, grant: string) {
  return {
    client_id: login.clientId,
    client_secret: login.clientSecret,
    grant_types: [grant],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic' as const,
  }
}

/** RFC 8628 with refresh tokens, and no secret: it could not be kept in a command that anybody can read. */
const CLI = {
  client_id: CLI_CLIENT,
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'none' as const,
}

/** A native client (RFC 8252 §7.3), whose redirect URI may have any port: the gateway's is chosen after the provider's start. */
const CONSOLE = {
  client_id: CONSOLE_CLIENT,
  application_type: 'native' as const,
  grant_types: ['authorization_code'],
  redirect_uris: ['http://127.0.0.1/auth/callback/demo'],
  response_types: ['code' as const],
  token_endpoint_auth_method: 'none' as const,
}

/** Also in a browser where somebody is logged in: the demo is tried as one person after the other. */
function askEachTime() {
  const policy = interactionPolicy.base()
  policy.get('login')?.checks.add(new interactionPolicy.Check('each_time', 'say who you are', ({ oidc }) => oidc.result?.login === undefined))
  policy.get('consent')?.checks.remove('native_client_prompt')
  return policy
}

export function isPerson(name: string): name is keyof typeof PEOPLE {
  return Object.hasOwn(PEOPLE, name)
}

function account(id: keyof typeof PEOPLE) {
  return { accountId: id, claims: () => ({ sub: id, name: id, preferred_username: id, ...PEOPLE[id] }) }
}

/** The provider warns that what it keeps in memory is gone at the end, which is what the demo wants. */
function quietly<T>(make: () => T): T {
  const { warn } = console
  console.warn = () => undefined
  try {
    return make()
  } finally {
    console.warn = warn
  }
}
