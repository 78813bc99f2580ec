import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import type { KubernetesTarget } from './target.ts'

const CONNECT_TIMEOUT_MS = 15_000

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

/** Headers that say who asks. @throws NoSessionToken, TargetUnreachable where another token was needed and not given */
export type Credential = () => Promise<Readonly<Record<string, string | string[]>>>

/** The way to one target, with a credential. */
export class Upstream {
  readonly #target: KubernetesTarget
  readonly #agent: https.Agent
  readonly #credential: Credential
  /** Once nothing is asked by it any more: makes an end of what was made for the session alone. */
  readonly end: () => void

  constructor(target: KubernetesTarget, agent: https.Agent, credential: Credential, end: () => void = () => undefined) {
    this.#target = target
    this.#agent = agent
    this.#credential = credential
    this.end = end
  }

  /** @throws TargetUnreachable; AbortError; what the credential does */
  async request({ method, path, headers, body, signal }: UpstreamRequest): Promise<IncomingMessage> {
    const credential = await this.#credential()
    return new Promise((resolve, reject) => {
      const request = this.#start(method, path, { ...headers, ...credential }, body, signal)
      request.once('response', resolve)
      request.once('error', (error) => reject(signal.aborted ? error : unreachable(error)))
      request.end(body)
    })
  }

  /** Asks for another protocol on a connection of its own. The answer says whether it was given; its socket is then ours. */
  async upgrade({ method, path, headers, signal }: UpstreamRequest): Promise<{ readonly answer: IncomingMessage; readonly head?: Buffer }> {
    const credential = await this.#credential()
    return new Promise((resolve, reject) => {
      const request = this.#start(method, path, { ...headers, ...credential }, undefined, signal)
      request.once('upgrade', (answer, _socket, head) => resolve({ answer, head }))
      request.once('response', (answer) => resolve({ answer }))
      request.once('error', (error) => reject(signal.aborted ? error : unreachable(error)))
      request.end()
    })
  }

  #start(method: string, path: string, headers: Readonly<Record<string, string | string[]>>, body: Buffer | undefined, signal: AbortSignal) {
    const { host, port } = this.#target
    const length = body === undefined ? {} : { 'content-length': String(body.length) }
    const isUpgrade = 'upgrade' in headers
    const request = https.request({
      host, port, method, path, signal, agent: this.#agent, setHost: true,
      headers: { ...headers, ...length },
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

function unreachable(error: Error): TargetUnreachable {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isCertificate = /^(?:ERR_TLS|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/.test(code)
  return new TargetUnreachable(isCertificate ? 'the certificate of the API server is not the one expected' : 'the API server cannot be reached', { cause: error })
}
