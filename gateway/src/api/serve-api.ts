import { once } from 'node:events'
import { createServer as createPlainServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { isLoopback } from '@sallyport/contract'
import type { Hono } from 'hono'

export interface ServeApiOptions {
  /** 127.0.0.1 when absent. */
  readonly host?: string
  /** 0 for any free one. */
  readonly port: number
  /** PEM; wanted for every address but loopback. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** A connection on which nothing moves for so long is closed; default a minute. Answers that go on say something more often. */
  readonly stalledMs?: number
}

export interface ApiServer {
  readonly url: string
  readonly port: number
  /** Stops accepting, gives requests under way a moment, and resolves when all is closed. */
  close(): Promise<void>
}

const LIMITS = {
  /** A client that sends its headers or its body drop by drop is cut off. */
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  /** A token of the largest size, and the rest. */
  maxHeaderSize: 24 * 1_024,
}
const MAX_CONNECTIONS = 1_000
const STALLED_MS = 60_000
/** Requests of one connection that are not answered yet. Whoever sends more has answers made that they do not read. */
const MAX_UNANSWERED = 2
const CLOSE_GRACE_MS = 2_000

/**
 * Opens the listener of the control API.
 * @throws Error when the address is not loopback and there is no TLS: tokens would cross the network in the clear
 */
export async function serveApi(api: Hono, options: ServeApiOptions): Promise<ApiServer> {
  const { host = '127.0.0.1', tls, stalledMs = STALLED_MS } = options
  if (tls === undefined && !isLoopback(host)) throw new Error(`the control API needs TLS to listen on ${host}: give a certificate, or listen on 127.0.0.1`)
  const listener = getRequestListener(api.fetch, { overrideGlobalObjects: false })
  const unanswered = new WeakMap<Duplex, number>()
  const handle = (...[request, response]: Parameters<typeof listener>): void => {
    const { socket } = request
    const waiting = (unanswered.get(socket) ?? 0) + 1
    if (waiting > MAX_UNANSWERED) return void socket.destroy()
    unanswered.set(socket, waiting)
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1))
    void listener(request, response)
  }
  const server = tls === undefined
    ? createPlainServer(LIMITS, handle)
    : createTlsServer({ ...LIMITS, handshakeTimeout: Math.min(LIMITS.headersTimeout, stalledMs), cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' }, handle)
  server.maxConnections = MAX_CONNECTIONS
  server.timeout = stalledMs
  server.listen(options.port, host)
  await once(server, 'listening')
  // A connection that cannot be accepted, such as where no file descriptor is left, ends nothing else.
  server.on('error', () => undefined)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the control API has no TCP address')
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shown}:${address.port}`,
    port: address.port,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await closed
      clearTimeout(force)
    },
  }
}
