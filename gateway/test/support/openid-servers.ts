import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mock } from 'node:test'
import { type JWTPayload, SignJWT } from 'jose'
import Provider from 'oidc-provider'

export interface LoopbackServer {
  readonly url: string
  readonly requests: string[]
  close(): Promise<void>
}

/** An HTTP server on a free loopback port that remembers what it was asked for. */
export async function listenOnLoopback(handle: RequestListener): Promise<LoopbackServer & { readonly server: Server }> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    server, requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export interface SigningKey {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256' | 'EdDSA'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function makeKey(alg: SigningKey['alg'], kid = randomBytes(6).toString('hex')): SigningKey {
  const pair = alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
    : alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('ed25519')
  return { kid, alg, ...pair }
}

export function publicJwk(key: SigningKey): Record<string, unknown> {
  return { ...key.publicKey.export({ format: 'jwk' }), kid: key.kid, alg: key.alg, use: 'sig' }
}

/** An issuer that answers whatever a test tells it to, and signs whatever claims. */
export interface HandmadeIssuer extends LoopbackServer {
  readonly key: SigningKey
  /** What the next requests are answered. */
  answers: { discovery: unknown; keys: unknown; respond?: (request: IncomingMessage, response: ServerResponse) => boolean }
  /** A token of this issuer for `sallyport`, of the registered agent, unless told otherwise; `undefined` removes. */
  token(claims?: JWTPayload, header?: Record<string, unknown>, key?: SigningKey): Promise<string>
}

export async function startHandmadeIssuer(alg: SigningKey['alg'] = 'ES256'): Promise<HandmadeIssuer> {
  const key = makeKey(alg)
  const server = await listenOnLoopback((request, response) => {
    if (issuer.answers.respond?.(request, response) === true) return
    const answer = request.url?.endsWith('/openid-configuration') === true ? issuer.answers.discovery : issuer.answers.keys
    response.setHeader('content-type', 'application/json')
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  const issuer: HandmadeIssuer = {
    ...server,
    key,
    answers: {
      discovery: { issuer: server.url, jwks_uri: `${server.url}/keys` },
      keys: { keys: [publicJwk(key)] },
    },
    token(claims = {}, header = {}, signWith = key) {
      const seconds = Math.floor(Date.now() / 1_000)
      const payload: JWTPayload = {
        iss: server.url, aud: 'sallyport', sub: 'support-bot', azp: 'support-bot', iat: seconds, exp: seconds + 600, ...claims,
      }
      return new SignJWT(JSON.parse(JSON.stringify(payload)) as JWTPayload)
        .setProtectedHeader({ alg: signWith.alg, kid: signWith.kid, typ: 'at+jwt', ...header }).sign(signWith.privateKey)
    },
  }
  return issuer
}

export interface ProviderClient {
  readonly id: string
  readonly secret: string
}

export interface RealProvider extends LoopbackServer {
  /** Asks for a token by the client credentials grant. */
  clientToken(client: ProviderClient, audience?: string): Promise<string>
}

/** A real OpenID provider whose resource servers are `urn:<audience>`; client metadata may hold claims, as in many products. */
export async function startProvider(clients: readonly (ProviderClient & { readonly claims?: object })[], alg: 'RS256' | 'ES256' | 'EdDSA'): Promise<RealProvider> {
  const server = await listenOnLoopback((request, response) => void handle(request, response))
  const key = makeKey(alg)
  // The provider remarks on defaults that do not matter in a test.
  const silenced = [mock.method(console, 'warn', () => undefined), mock.method(console, 'info', () => undefined)]
  const provider = new Provider(server.url, {
    clients: clients.map(({ id, secret }) => ({
      client_id: id, client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'client_secret_basic' as const,
    })),
    clientDefaults: { id_token_signed_response_alg: alg },
    jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg, use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          audience: resource.replace('urn:', ''), scope: '', accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg } },
        }),
      },
    },
    extraTokenClaims: (_context, token) => ({
      azp: token.clientId, ...clients.find((client) => client.id === token.clientId)?.claims,
    }),
  })
  for (const method of silenced) method.mock.restore()
  const handle = provider.callback()
  return {
    ...server,
    async clientToken(client, audience = 'sallyport') {
      const response = await fetch(`${server.url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:${audience}` }),
      })
      const body = (await response.json()) as Record<string, unknown>
      if (typeof body['access_token'] !== 'string') throw new Error(JSON.stringify(body))
      return body['access_token']
    },
  }
}
