import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import https from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Session } from '../../governance/session.ts'
import type { AdapterServices } from '../protocol-adapter.ts'
import { impersonationHeaders } from './impersonation.ts'
import { SessionTokens } from './session-login/session-tokens.ts'
import { type KubernetesTarget, perSessionOf } from './target.ts'
import { type Credential, Upstream } from './upstream.ts'

/** Each watch holds one for hours. */
const MAX_SOCKETS = 16_384
const MAX_AGENTS = 256
const CLOSE_WITHIN_MS = 5_000
/** Stands in the record where otherwise the reference to a secret does: nobody keeps this one. */
const OWN_SECRET = 'made for the session'

/** Makes ways to targets: connections to one API server with one credential are shared by sessions. */
export class Upstreams {
  readonly #services: AdapterServices
  readonly #tokens: SessionTokens
  readonly #agents = new Map<string, https.Agent>()

  constructor(services: AdapterServices) {
    this.#services = services
    this.#tokens = new SessionTokens(services, (target) => this.#own(target))
  }

  /** @throws NoSessionToken; TargetUnreachable; NotImpersonable; whatever a credential cannot be read with */
  async for(session: Session, target: KubernetesTarget): Promise<Upstream> {
    const { gatekeeper } = this.#services
    const { identity } = session.admission
    const { token, certificate } = target.credential
    const impersonated = target.impersonate ? impersonationHeaders(identity, target.impersonatePrefix) : {}
    const user = target.impersonate ? `${target.impersonatePrefix}${identity.name}` : ''
    gatekeeper.credentialUsed(session, {
      target: session.target.name, user, credential: token ?? certificate ?? '', method: token === undefined ? 'client certificate' : 'bearer token', tls: 'verified',
    })
    const account = perSessionOf(target)
    if (account === undefined) return this.#own(target, impersonated)
    // Without the gateway's own certificate: the API server would take that before the token.
    const { ca } = await trustOf(target, this.#services.resolveSecret)
    const agent = this.#agent(target, { ca, token: undefined, cert: undefined, key: undefined })
    const made = await this.#tokens.make(session, target, account)
    gatekeeper.credentialUsed(session, {
      target: session.target.name, user: user || `system:serviceaccount:${account.namespace}:${account.name}`, credential: OWN_SECRET, method: 'token of a service account', tls: 'verified',
    })
    return new Upstream(target, agent, async () => ({ authorization: `Bearer ${await made.token.value()}`, ...impersonated }), made.end)
  }

  /** Waits for what is under way, within limits. */
  async close(): Promise<void> {
    await this.#tokens.close(CLOSE_WITHIN_MS)
    for (const agent of this.#agents.values()) agent.destroy()
  }

  /** With the gateway's own credential. */
  async #own(target: KubernetesTarget, more: Awaited<ReturnType<Credential>> = {}): Promise<Upstream> {
    const trust = await trustOf(target, this.#services.resolveSecret)
    const headers = { ...bearer(trust), ...more }
    return new Upstream(target, this.#agent(target, trust), () => Promise.resolve(headers))
  }

  #agent(target: KubernetesTarget, trust: Trust): https.Agent {
    const { host, port, tls } = target
    const { ca, cert, key } = trust
    const id = hash('sha256', JSON.stringify([host, port, tls.serverName, ca, cert, key]))
    const known = this.#agents.get(id)
    if (known !== undefined) return known
    // Old ones, whose secrets or files have changed, go with their last request.
    if (this.#agents.size >= MAX_AGENTS) this.#agents.delete(this.#agents.keys().next().value ?? '')
    const agent = new https.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: 64, scheduling: 'lifo', ...tlsOptions(target, trust) })
    this.#agents.set(id, agent)
    return agent
  }
}

/** How the gateway proves itself to an API server, and whom it believes. */
interface Trust {
  readonly token: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly ca: string | undefined
}

async function trustOf({ credential: { token, certificate, key }, tls }: KubernetesTarget, resolveSecret: (reference: string) => Promise<string>): Promise<Trust> {
  return {
    token: token === undefined ? undefined : (await resolveSecret(token)).trim(),
    cert: certificate === undefined ? undefined : await resolveSecret(certificate),
    key: key === undefined ? undefined : await resolveSecret(key),
    ca: tls.ca === undefined ? undefined : await readFile(tls.ca.slice('file:'.length), 'utf8'),
  }
}

function tlsOptions({ tls }: KubernetesTarget, { ca, cert, key }: Trust): https.AgentOptions {
  return {
    minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: ca ?? [...rootCertificates], ...(tls.serverName !== undefined && { servername: tls.serverName }),
    ...(cert !== undefined && { cert }), ...(key !== undefined && { key }), ALPNProtocols: ['http/1.1'],
  }
}

function bearer({ token }: Trust): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** A way of the gateway's own, over a connection for one request. */
export async function openUpstream(target: KubernetesTarget, resolveSecret: (reference: string) => Promise<string>): Promise<Upstream> {
  const trust = await trustOf(target, resolveSecret)
  return new Upstream(target, new https.Agent({ keepAlive: false, ...tlsOptions(target, trust) }), () => Promise.resolve(bearer(trust)))
}
