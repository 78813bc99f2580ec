import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { WebSocketReader, writeServerFrame } from '../../src/protocols/kubernetes/wire/websocket-frames.ts'
import { makeCertificate } from './certificate.ts'

/** What came to the place of an API server, and how it answered: to see what the gateway passes on, byte for byte. */
export interface KubeEcho {
  readonly port: number
  readonly caFile: string
  /** In the order in which they came. */
  readonly seen: SeenRequest[]
  /** Answers to paths; everything else is answered with a small object. */
  readonly answers: Map<string, { readonly status?: number; readonly headers?: Record<string, string>; readonly body: string; readonly endless?: boolean }>
  /** Set where upgrades are answered as if nobody had asked for one, with this. */
  refuseUpgrades: string | undefined
  /** Set where upgrades are refused with words of which these are the first; the rest never comes. */
  halfRefusal: string | undefined
  /** Answers that are not over. */
  readonly endless: number
  close(): Promise<void>
}

export interface SeenRequest {
  readonly method: string
  readonly url: string
  /** Name, value, name, value, as they came. */
  readonly rawHeaders: readonly string[]
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export async function startKubeEcho(): Promise<KubeEcho> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kube-echo-'))
  const certificate = makeCertificate(folder, 'echo')
  const seen: SeenRequest[] = []
  const answers: KubeEcho['answers'] = new Map()
  const upgraded = new Set<Duplex>()
  let endless = 0
  const server = https.createServer({ cert: certificate.cert, key: certificate.key }, (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url = '', rawHeaders, headers } = request
      seen.push({ method, url, rawHeaders, headers, body: Buffer.concat(parts).toString() })
      const answer = answers.get(url.split('?')[0] ?? '')
      response.writeHead(answer?.status ?? 200, { 'content-type': 'application/json', 'set-cookie': 'from=target', ...answer?.headers })
      const body = answer?.body ?? '{"kind":"Status","status":"Success","message":"fine"}'
      if (answer?.endless !== true) {
        response.end(body)
        return
      }
      response.write(body)
      endless++
      response.once('close', () => endless--)
    })
  })
  server.on('upgrade', (request, socket) => {
    const { method = '', url = '', rawHeaders, headers } = request
    seen.push({ method, url, rawHeaders, headers, body: '' })
    if (echo.refuseUpgrades !== undefined) {
      socket.end(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${echo.refuseUpgrades}`)
      return
    }
    if (echo.halfRefusal !== undefined) {
      socket.on('error', () => socket.destroy())
      socket.write(`HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n${echo.halfRefusal}`)
      upgraded.add(socket)
      return
    }
    const offered = String(headers['sec-websocket-protocol'] ?? headers['x-stream-protocol-version'] ?? '').split(',')[0] ?? ''
    const isSpdy = headers.upgrade === 'SPDY/3.1'
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${headers.upgrade ?? ''}\r\nConnection: Upgrade\r\n${isSpdy ? 'X-Stream-Protocol-Version' : offered === '' ? 'X-None' : 'Sec-WebSocket-Protocol'}: ${offered}\r\n\r\n`)
    upgraded.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    const frames = new WebSocketReader(true, 1_000_000)
    socket.on('data', (bytes: Buffer) => {
      if (isSpdy) socket.write(bytes)
      else for (const { opcode, payload } of frames.push(bytes)) socket.write(writeServerFrame(opcode, payload))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const echo: KubeEcho = {
    refuseUpgrades: undefined, halfRefusal: undefined,
    port: typeof address === 'object' && address !== null ? address.port : 0, caFile: certificate.certFile, seen, answers, get endless() { return endless },
    async close() {
      for (const socket of upgraded) socket.destroy()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return echo
}
