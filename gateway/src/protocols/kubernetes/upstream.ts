import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Session } from '../../governance/session.ts'
import { impersonationHeaders } from './impersonation.ts'
import type { KubernetesTarget } from './target.ts'

const CONNECT_TIMEOUT_MS = 15_000
/** Each watch holds one for hours. */
const MAX_SOCKETS = 16_384
const MAX_AGENTS = 256

/** A request as it goes to the API server. */
export interface UpstreamRequest {
  readonly method: string
  /** With query. */
  readonly path: string
  /** Never credentials. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer | undefined
  readonly signal: AbortSignal
}

/** The API server cannot be reached, or is not the one it should be. */
export class TargetUnreachable extends Error {
  override readonly name = 'TargetUnreachable'
}

/** The way to one target, with the gateway's credential for one session. */
export class Upstream {
  readonly #target: KubernetesTarget
  readonly #agent: https.Agent
  readonly #credential: Readonly<Record<string, string | string[]>>

  constructor(target: KubernetesTarget, agent: https.Agent, credential: Readonly<Record<string, string | string[]>>) {
    this.#target = target
    this.#agent = agent
    this.#credential = credential
  }

  /** @throws TargetUnreachable; AbortError */
  request({ method, path, headers, body, signal }: UpstreamRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = this.#start(method, path, headers, body, signal)
      request.once('response', resolve)
      request.once('error', (error) => reject(signal.aborted ? error : unreachable(error)))
      request.end(body)
    })
  }

  /** Asks for another protocol on a connection of its own. The answer says whether it was given; its socket is then ours. */
  upgrade({ method, path, headers, signal }: UpstreamRequest): Promise<{ readonly answer: IncomingMessage; readonly head?: Buffer }> {
    return new Promise((resolve, reject) => {
      const request = this.#start(method, path, headers, undefined, signal)
      request.once('upgrade', (answer, _socket, head) => resolve({ answer, head }))
      request.once('response', (answer) => resolve({ answer }))
      request.once('error', (error) => reject(signal.aborted ? error : unreachable(error)))
      request.end()
    })
  }

  #start(method: string, path: string, headers: Readonly<Record<string, string>>, body: Buffer | undefined, signal: AbortSignal) {
    const { host, port } = this.#target
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const isUpgrade = 'upgrade' in headers
    const request = https.request({
      host, port, method, path, signal, agent: this.#agent, setHost: true,
      headers: { ...headers, ...length, ...this.#credential },
      // An upgraded connection never goes back to the others.
      ...(isUpgrade && { agent: new https.Agent({ ...this.#agent.options, keepAlive: false, maxSockets: 1 }) }),
    })
    const timer = setTimeout(() => request.destroy(new Error('it does not answer')), CONNECT_TIMEOUT_MS)
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once('secureConnect', () => clearTimeout(timer))
      else clearTimeout(timer)
    })
    request.once('close', () => clearTimeout(timer))
    return request
  }
}

/** Makes them: connections to one API server with one credential are shared by sessions. */
export class Upstreams {
  readonly #gatekeeper: Gatekeeper
  readonly #resolveSecret: (reference: string) => Promise<string>
  readonly #agents = new Map<string, https.Agent>()

  constructor(gatekeeper: Gatekeeper, resolveSecret: (reference: string) => Promise<string>) {
    this.#gatekeeper = gatekeeper
    this.#resolveSecret = resolveSecret
  }

  async for(session: Session, target: KubernetesTarget): Promise<Upstream> {
    const { token, certificate } = target.credential
    const trust = await trustOf(target, this.#resolveSecret)
    const agent = this.#agent(target, trust)
    const user = target.impersonate ? `${target.impersonatePrefix}${session.admission.identity.name}` : ''
    this.#gatekeeper.credentialUsed(session, {
      target: session.target.name, user, credential: token ?? certificate ?? '', method: token === undefined ? 'client certificate' : 'bearer token', tls: 'verified',
    })
    return new Upstream(target, agent, {
      ...bearer(trust),
      ...(target.impersonate && impersonationHeaders(session.admission.identity, target.impersonatePrefix)),
    })
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy()
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
  return new Upstream(target, new https.Agent({ keepAlive: false, ...tlsOptions(target, trust) }), bearer(trust))
}

function unreachable(error: Error): TargetUnreachable {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isCertificate = /^(?:ERR_TLS|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code)
  return new TargetUnreachable(isCertificate ? 'the certificate of the API server is not the one expected' : 'the API server cannot be reached', { cause: error })
}
