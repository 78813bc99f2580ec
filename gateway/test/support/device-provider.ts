import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { mock } from 'node:test'
import Provider, { type Configuration } from 'oidc-provider'
import { FormBrowser } from './form-browser.ts'
import { listenOnLoopback, type LoopbackServer, makeKey } from './openid-servers.ts'

export interface DeviceProviderOptions {
  readonly deviceCodeSeconds?: number
  readonly accessTokenSeconds?: number
  readonly revocation?: boolean
  readonly rotate?: boolean
}

/** A real OpenID provider for people at a terminal: the public client `cli`, and resources `urn:NAME` that make tokens for NAME. */
export interface DeviceProvider extends LoopbackServer {
  /** Of everybody who logs in. */
  groups: string[]
  /** What a person does in a browser with the code of the terminal; undefined refuses the code, `nobody` the login. */
  answer(userCode: string, person: string | undefined): Promise<string>
  /** RFC 7009, as its holder. @returns the HTTP status */
  revoke(refreshToken: string): Promise<number>
  /** While set, nobody is answered: the connection is cut. */
  away: boolean
}

const TTL = 600

export async function startDeviceProvider(options: DeviceProviderOptions = {}): Promise<DeviceProvider> {
  const { accessTokenSeconds = TTL, deviceCodeSeconds = TTL, revocation = true, rotate = true } = options
  const server = await listenOnLoopback((request, response) => {
    if (started.away) request.socket.destroy()
    else if (request.url?.startsWith('/login/') === true) void login(request.url, request, response)
    else void handle(request, response)
  })
  const key = makeKey('ES256')
  const silenced = [mock.method(console, 'warn', () => undefined), mock.method(console, 'info', () => undefined)]
  const resourceServer = (resource: string) => ({
    audience: resource.replace('urn:', ''), scope: '', accessTokenFormat: 'jwt' as const, accessTokenTTL: accessTokenSeconds, jwt: { sign: { alg: 'ES256' as const } },
  })
  const claims = (id: string) => ({ preferred_username: id, groups: started.groups })
  const configuration: Configuration = {
    clients: [{
      client_id: 'cli', token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
    }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    jwks: { keys: [{ ...key.privateKey.export({ format: 'jwk' }), kid: key.kid, alg: 'ES256', use: 'sig' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub', 'preferred_username', 'groups'] },
    conformIdTokenClaims: false,
    rotateRefreshToken: rotate,
    ttl: { AccessToken: accessTokenSeconds, DeviceCode: deviceCodeSeconds, Grant: TTL, IdToken: TTL, Interaction: TTL, RefreshToken: TTL, Session: TTL },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context, form) => { context.body = form },
        userCodeConfirmSource: (context, form) => { context.body = form },
        successSource: (context) => { context.body = 'done' },
      },
      revocation: { enabled: revocation, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      resourceIndicators: { enabled: true, getResourceServerInfo: (_context, resource) => resourceServer(resource), useGrantedResource: () => true },
    },
    interactions: { url: (_context, { uid }) => `/login/${uid}` },
    async loadExistingGrant({ oidc }) {
      const grant = new provider.Grant({ clientId: 'cli', accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope('openid offline_access')
      for (const resource of Object.keys(oidc.resourceServers ?? {})) grant.addResourceScope(resource, '')
      await grant.save()
      return grant
    },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims(id) }) }),
    extraTokenClaims: (_context, token) => (token.kind === 'AccessToken' ? { azp: token.clientId, ...claims(token.accountId) } : undefined),
  }
  const provider = new Provider(server.url, configuration)
  for (const method of silenced) method.mock.restore()
  const handle = provider.callback()

  async function login(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , uid = '', person] = path.split('/')
    if (person === undefined) response.end(`<form method="post" action="/login/${uid}/dana"></form>`)
    else await provider.interactionFinished(request, response, person === 'nobody' ? { error: 'access_denied' } : { login: { accountId: person } })
  }

  const started: DeviceProvider = {
    ...server,
    groups: ['dba'],
    away: false,
    async answer(userCode, person) {
      const browser = new FormBrowser()
      const input = await browser.open(`${server.url}/device`)
      const confirm = await browser.submit(input, () => true, { user_code: userCode })
      if (person === undefined) return (await browser.submit(confirm, () => true, { abort: 'yes' })).html
      const choice = await browser.submit(confirm, () => true)
      return (await browser.open(`${choice.url}/${person}`, new URLSearchParams())).html
    },
    async revoke(token) {
      return (await fetch(`${server.url}/token/revocation`, { method: 'POST', body: new URLSearchParams({ client_id: 'cli', token }) })).status
    },
  }
  return started
}
