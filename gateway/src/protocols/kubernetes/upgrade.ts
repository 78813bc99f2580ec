import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from '../../governance/decision.ts'
import { streamMasker } from '../../governance/masking/stream/stream-masker.ts'
import type { AdapterServices } from '../protocol-adapter.ts'
import { BROKEN, errorStatus, INTERNAL, isBroken, refusalStatus } from './answers.ts'
import { type ClientRequest, readClientRequest, RefusedRequest } from './client-request.ts'
import { ChannelRelay, type ChannelRelayOptions } from './channel-relay.ts'
import { KubeExchange } from './kube-exchange.ts'
import { digestOf, kubeOperation } from './kube-operation.ts'
import type { KubeSession } from './kube-session.ts'
import type { KubeSessions } from './kube-sessions.ts'
import { maskingOf, openingOf, type RequestServices, targetNames } from './kube-request.ts'
import type { Masking } from './relay-answer.ts'
import type { Transcript } from './transcript.ts'
import { readRequestInfo, type RequestInfo } from './wire/request-info.ts'
import { type StatusFailure, writeStatus } from './wire/status.ts'

/** Connections that become something else: exec, attach and port-forward, over WebSocket or SPDY/3.1; watches over WebSocket. */

const UPGRADABLE = new Set(['exec', 'attach', 'portforward'])
const SUBPROTOCOLS = new Set([
  'v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io',
  'v4.base64.channel.k8s.io', 'base64.channel.k8s.io', 'v2.portforward.k8s.io', 'SPDY/3.1+portforward.k8s.io',
])
/** Those whose frames begin with the number of a channel, as a byte. */
const BINARY_CHANNELS = new Set(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'])
const STREAM_VERSIONS = new Set(['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io', 'portforward.k8s.io'])

export class KubeUpgrades {
  readonly #services: AdapterServices
  readonly #sessions: KubeSessions

  constructor({ services, sessions }: RequestServices) {
    this.#services = services
    this.#sessions = sessions
  }

  /** Never throws. */
  async handle(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      const client = readClientRequest(request, targetNames(this.#services))
      const info = readRequestInfo(client.method, client.target)
      const isWatch = info.isResource && info.verb === 'watch' && info.subresource === ''
      const wanted = readUpgrade(request, head, isWatch)
      const kube = await this.#sessions.for(openingOf(client, request))
      if (!isWatch && (info.resource !== 'pods' || info.group !== '' || !UPGRADABLE.has(info.subresource) || info.rest.length > 0)) {
        throw new RefusedRequest(400, 'BadRequest', 'only watches, and exec, attach and port-forward of pods, become another protocol')
      }
      await this.#govern(kube, client, info, wanted, socket)
    } catch (error) {
      this.#fail(error, socket)
    }
  }

  async #govern(kube: KubeSession, client: ClientRequest, info: RequestInfo, wanted: Upgrade, socket: Socket): Promise<void> {
    const { gatekeeper, maskKey } = this.#services
    const operation = kubeOperation(client, info, undefined, kube)
    const exchange = new KubeExchange(kube, gatekeeper, operation, {
      digest: digestOf(client, undefined),
      preview: () => Promise.resolve({ method: 'none', rows: undefined, atMost: false, tables: [], sample: [], notes: ['What runs in a container cannot be tried beforehand.'] }),
      refuse: (refusal: Refusal) => answerPlain(socket, refusalStatus(refusal)),
      fail: (error) => this.#fail(error, socket, kube),
      run: async (transcript, signal) => {
        const { answer, head } = await kube.upstream.upgrade({
          method: client.method, path: `${client.target.path}?${client.target.search}`, headers: { 'user-agent': client.userAgent, ...wanted.headers }, signal,
        })
        if (head === undefined) return relayRefusal(answer, socket, transcript)
        const masking = maskingOf(kube, info, operation.facts, maskKey)
        await this.#relay(kube, info, wanted, socket, answer, head, transcript, signal, masking)
        return '101'
      },
    })
    const gone = (): void => exchange.end('the client has gone')
    socket.once('close', gone)
    if (socket.destroyed) gone()
    exchange.start()
    await exchange.settled
  }

  async #relay(
    kube: KubeSession, info: RequestInfo, wanted: Upgrade, socket: Socket, answer: IncomingMessage, head: Buffer, transcript: Transcript, signal: AbortSignal, masking: Masking,
  ): Promise<void> {
    const subprotocol = answer.headers['sec-websocket-protocol']
    const streamVersion = answer.headers['x-stream-protocol-version']
    const upstream = answer.socket
    const agreed = checkAnswer(answer, wanted)
    if (agreed !== undefined) {
      upstream.destroy()
      throw new RefusedRequest(502, 'ServiceUnavailable', agreed)
    }
    const kind = kindOf(info, wanted, subprotocol)
    const maskers = info.subresource !== 'portforward' && info.verb !== 'watch' && kube.detects ? () => streamMasker(kube.session.policy, this.#services.maskKey) : undefined
    if (maskers !== undefined && kind === 'raw') {
      upstream.destroy()
      throw new RefusedRequest(403, 'Forbidden', 'masks hold for what commands print, and over this kind of connection they cannot be kept. Offer v4.channel.k8s.io')
    }
    transcript.head(101, '')
    socket.write(switching(answer, subprotocol, streamVersion))
    if (head.length > 0) upstream.unshift(head)
    await new ChannelRelay({ client: socket, upstream, kind, transcript, kube, signal, maskers, trees: masking.kind === 'events' ? masking.trees : [] }).run()
  }

  #fail(error: unknown, socket: Socket, kube?: KubeSession): string {
    const ended = kube?.session.ended
    const failure: StatusFailure = ended === undefined
      ? (errorStatus(error) ?? (isBroken(error) ? BROKEN : INTERNAL))
      : { code: 401, reason: 'Unauthorized', message: `sallyport: this session was ended: ${ended}` }
    if (failure === INTERNAL && !socket.destroyed) this.#services.log.error({ error, session: kube?.session.id }, 'an upgrade failed by an internal error')
    answerPlain(socket, failure)
    return String(failure.code)
  }
}

interface Upgrade {
  readonly kind: 'websocket' | 'spdy'
  readonly headers: Readonly<Record<string, string>>
  /** Subprotocols or stream versions that the client offers. */
  readonly offered: readonly string[]
}

function kindOf({ subresource, verb }: RequestInfo, { kind }: Upgrade, subprotocol: string | undefined): ChannelRelayOptions['kind'] {
  if (kind === 'spdy') return 'spdy'
  if (verb === 'watch') return 'events'
  return subresource !== 'portforward' && BINARY_CHANNELS.has(subprotocol ?? '') ? 'channels' : 'raw'
}

/** @throws RefusedRequest */
function readUpgrade(request: IncomingMessage, head: Buffer, isWatch: boolean): Upgrade {
  // Bytes before the answer would be read as another request where the upgrade is refused.
  if (head.length > 0) throw new RefusedRequest(400, 'BadRequest', 'bytes came before the upgrade was answered')
  if (request.headers['content-length'] !== undefined && request.headers['content-length'] !== '0') throw new RefusedRequest(400, 'BadRequest', 'an upgrade has no body')
  if (request.headers['transfer-encoding'] !== undefined) throw new RefusedRequest(400, 'BadRequest', 'an upgrade has no body')
  const protocol = request.headers.upgrade ?? ''
  if (protocol.toLowerCase() === 'websocket') {
    const key = request.headers['sec-websocket-key'] ?? ''
    if (request.method !== 'GET' || !/^[A-Za-z0-9+/]{22}==$/.test(key) || request.headers['sec-websocket-version'] !== '13') {
      throw new RefusedRequest(400, 'BadRequest', 'this is no WebSocket request')
    }
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': key, 'sec-websocket-version': '13' }
    // The API server chooses no subprotocol for a watch, fails when several are offered, and wants to be told of a page.
    if (isWatch) return { kind: 'websocket', offered: [], headers: { ...headers, accept: 'application/json', origin: 'http://localhost' } }
    // A bearer token may stand among them, for browsers: it is never passed on, nor taken here.
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim()).filter((name) => SUBPROTOCOLS.has(name))
    if (offered.length === 0) throw new RefusedRequest(400, 'BadRequest', 'none of the WebSocket subprotocols of Kubernetes is offered')
    return { kind: 'websocket', offered, headers: { ...headers, 'sec-websocket-protocol': offered.join(', ') } }
  }
  if (protocol.toUpperCase() === 'SPDY/3.1' && !isWatch) {
    const offered = (request.headersDistinct['x-stream-protocol-version'] ?? []).flatMap((value) => value.split(',')).map((name) => name.trim()).filter((name) => STREAM_VERSIONS.has(name))
    if (offered.length === 0) throw new RefusedRequest(400, 'BadRequest', 'none of the stream versions of Kubernetes is offered')
    return { kind: 'spdy', offered, headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': offered.join(', ') } }
  }
  throw new RefusedRequest(400, 'BadRequest', 'a connection becomes a WebSocket or SPDY/3.1, nothing else')
}

/** @returns what is wrong with the API server's answer */
function checkAnswer(answer: IncomingMessage, { kind, offered }: Upgrade): string | undefined {
  const protocol = (answer.headers.upgrade ?? '').toLowerCase()
  if (protocol !== (kind === 'spdy' ? 'spdy/3.1' : 'websocket')) return 'the API server answered with another protocol'
  const chosen = kind === 'spdy' ? answer.headers['x-stream-protocol-version'] : answer.headers['sec-websocket-protocol']
  if (typeof chosen === 'string' && !offered.includes(chosen)) return 'the API server chose what was not offered'
  if (kind === 'websocket' && answer.headers['sec-websocket-extensions'] !== undefined) return 'the API server chose an extension that was not offered'
  return undefined
}

function switching(answer: IncomingMessage, subprotocol: string | undefined, streamVersion: string | string[] | undefined): string {
  const accept = answer.headers['sec-websocket-accept']
  return [
    'HTTP/1.1 101 Switching Protocols', `Upgrade: ${answer.headers.upgrade ?? ''}`, 'Connection: Upgrade',
    ...(accept === undefined ? [] : [`Sec-WebSocket-Accept: ${accept}`]),
    ...(subprotocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${subprotocol}`]),
    ...(typeof streamVersion === 'string' ? [`X-Stream-Protocol-Version: ${streamVersion}`] : []),
    '', '',
  ].join('\r\n')
}

/** The API server's own no. */
async function relayRefusal(answer: IncomingMessage, socket: Socket, transcript: Transcript): Promise<string> {
  const status = answer.statusCode ?? 502
  if (status < 400) {
    // It would go on as if nothing had been asked, and nothing of it would be masked.
    answer.destroy()
    throw new RefusedRequest(502, 'ServiceUnavailable', 'the API server did not make another protocol of the connection')
  }
  const parts: Buffer[] = []
  let length = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    length += part.length
    if (length <= 64 * 1024) parts.push(part)
  }
  const bytes = Buffer.concat(parts)
  const shown = status === 401 ? 502 : status
  transcript.head(shown, answer.headers['content-type'] ?? '')
  transcript.body(bytes)
  write(socket, shown, answer.headers['content-type'] ?? 'application/json', bytes)
  return String(status)
}

function answerPlain(socket: Socket, failure: StatusFailure): void {
  write(socket, failure.code, 'application/json', writeStatus(failure))
}

function write(socket: Socket, code: number, contentType: string, body: Buffer): void {
  if (socket.destroyed || socket.bytesWritten > 0 && socket.writableEnded) return
  const type = contentType.replaceAll(/[^\x20-\x7e]/g, '')
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${code} Refused\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`), body]))
}
