import { once } from 'node:events'
import { createServer } from 'node:http'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'

/** An OpenID issuer on loopback: discovery, JWKS, and tokens that a real one would have signed. */
export interface Issuer {
  readonly url: string
  readonly audience: string
  /** A token of the agent whose `azp` this is. */
  agentToken(name: string, claims?: Readonly<Record<string, unknown>>): Promise<string>
  /** A token of a person. */
  personToken(name: string, groups: readonly string[], claims?: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

/** @param lifetimeSeconds how long its tokens hold */
export async function startIssuer(lifetimeSeconds = 3600): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }
  let url = ''
  const server = createServer((request, response) => {
    const body =
      request.url === '/.well-known/openid-configuration'
        ? {
            issuer: url,
            jwks_uri: `${url}/jwks`,
            id_token_signing_alg_values_supported: ['ES256'],
            response_types_supported: ['code'],
            subject_types_supported: ['public'],
          }
        : request.url === '/jwks'
          ? { keys: [jwk] }
          : undefined
    response
      .writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(body ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The issuer serves as long as the test runs, and does not keep it running.
  server.unref()
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  url = `http://127.0.0.1:${address.port}`
  const audience = 'sallyport'
  const sign = (claims: Readonly<Record<string, unknown>>): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'test', typ: 'at+jwt' })
      .setIssuer(url)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${lifetimeSeconds}s`)
      .setJti(crypto.randomUUID())
      .sign(privateKey)
  return {
    url,
    audience,
    agentToken: (name, claims = {}) => sign({ sub: name, azp: name, client_id: name, ...claims }),
    personToken: (name, groups, claims = {}) =>
      sign({ sub: `id-of-${name}`, azp: 'sallyport', preferred_username: name, groups, ...claims }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
