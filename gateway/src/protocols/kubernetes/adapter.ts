import http from 'node:http'
import http2 from 'node:http2'
import type { Socket } from 'node:net'
import { loadShellParser } from '../../shell/analyse-command.ts'
import { portOf, startListening } from '../listening.ts'
import type { AdapterServices, Listener, ListenOptions, Log, ProtocolAdapter } from '../protocol-adapter.ts'
import { KubeRequests } from './kube-request.ts'
import { KubeSessions } from './kube-sessions.ts'
import { reach } from './reach.ts'
import { replay } from './replay.ts'
import { targetSchema } from './target.ts'
import { KubeUpgrades } from './upgrade.ts'
import { Upstreams } from './upstreams.ts'

const MAX_HEADER_BYTES = 32 * 1024
const MAX_STREAMS = 250
const CLOSE_MS = 250
/** Between requests on one connection. */
const KEEP_ALIVE_MS = 90_000

export const kubernetesAdapter: ProtocolAdapter = {
  name: 'kubernetes',
  defaultPort: 6443,
  targetSchema,
  replay,
  reach,
  async listen(services, options) {
    await loadShellParser()
    return new KubernetesListener(services, options).listen()
  },
}

type Server = http.Server | http2.Http2SecureServer

/** HTTPS, as HTTP/1.1 or HTTP/2; in the clear only where the gateway has no certificate, on loopback. */
class KubernetesListener implements Listener {
  readonly #options: ListenOptions
  readonly #log: Log
  readonly #server: Server
  readonly #sessions: KubeSessions
  readonly #upstreams: Upstreams
  readonly #sockets = new Set<Socket>()

  constructor(services: AdapterServices, options: ListenOptions) {
    this.#options = options
    this.#log = services.log
    this.#upstreams = new Upstreams(services)
    this.#sessions = new KubeSessions(services.gatekeeper, this.#upstreams, options.maxConnections)
    const requests = new KubeRequests({ services, sessions: this.#sessions })
    const upgrades = new KubeUpgrades({ services, sessions: this.#sessions })
    this.#server = makeServer(options)
    this.#server.on('connection', (socket: Socket) => this.#accept(socket))
    this.#server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => void requests.handle(request, response))
    this.#server.on('upgrade', (request: http.IncomingMessage, socket: Socket, head: Buffer) => void upgrades.handle(request, socket, head))
    // A broken handshake or request is its client's own affair.
    this.#server.on('clientError', (_error: Error, socket: Socket) => socket.destroy())
    this.#server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
    this.#server.on('sessionError', () => undefined)
    this.#server.on('session', (session: http2.ServerHttp2Session) => closeIdle(session, options.handshakeTimeoutMs))
  }

  async listen(): Promise<Listener> {
    await startListening(this.#server, this.#options, this.#log)
    return this
  }

  get port(): number {
    return portOf(this.#server)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#sessions.close()
    for (const socket of this.#sockets) if (!('bytesWritten' in socket) || socket.bytesWritten === 0) socket.destroy()
    const stragglers = setTimeout(() => this.#sockets.forEach((socket) => socket.destroy()), CLOSE_MS)
    await closed
    clearTimeout(stragglers)
    await this.#upstreams.close()
  }

  #accept(socket: Socket): void {
    if (this.#sockets.size >= this.#options.maxConnections) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setKeepAlive(true, 60_000)
  }
}

/** What Node's server does for HTTP/1.1: connections on which nothing is asked are closed, at first within `firstMs`. */
function closeIdle(session: http2.ServerHttp2Session, firstMs: number): void {
  let streams = 0
  let timer: NodeJS.Timeout
  const closeIn = (idleMs: number): void => {
    timer = setTimeout(() => {
      // From here on the client asks on another one. `close` would wait until it ends this one, which it need not do.
      session.goaway()
      timer = setTimeout(() => session.destroy(), CLOSE_MS).unref()
    }, idleMs).unref()
  }
  closeIn(firstMs)
  session.on('stream', (stream) => {
    streams++
    clearTimeout(timer)
    stream.once('close', () => --streams === 0 && closeIn(KEEP_ALIVE_MS))
  })
  session.once('close', () => clearTimeout(timer))
}

function makeServer({ tls, handshakeTimeoutMs }: ListenOptions): Server {
  const limits = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: handshakeTimeoutMs, keepAliveTimeout: KEEP_ALIVE_MS, insecureHTTPParser: false, requireHostHeader: true }
  if (tls === undefined) return http.createServer(limits)
  return http2.createSecureServer({
    ...limits, ...tls, allowHTTP1: true, minVersion: 'TLSv1.2', handshakeTimeout: handshakeTimeoutMs,
    maxSessionMemory: 10, settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES, enableConnectProtocol: false, initialWindowSize: 1024 * 1024 },
  })
}
