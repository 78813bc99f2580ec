import { randomBytes, webcrypto } from 'node:crypto'
import http, { type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly id: string
  readonly type: string
  readonly body: string
  readonly data: Record<string, unknown>
  /** Whether it is signed as the specification says, and of now. */
  readonly verified: boolean
  readonly atMs: number
}

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** The most messages that were being received at once. */
  readonly atOnce: number
  /** As if the machine were gone: no connection is taken. */
  stop(): Promise<void>
  start(): Promise<void>
}

export type AnswerWith = (response: ServerResponse, message: Received, number: number) => void

export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`
/** In the path, where many services have theirs. */
export const PATH_SECRET = 'hook-hunter2-path'

/** A receiver on loopback that checks what it gets by itself. */
export async function startReceiver(secret: string, answer: AnswerWith = (response) => response.writeHead(204).end()): Promise<Receiver> {
  const received: Received[] = []
  let now = 0
  let atOnce = 0
  let port = 0
  const listener: http.RequestListener = (request, response) => {
    atOnce = Math.max(atOnce, ++now)
    response.on('close', () => now--)
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => void (async () => {
      const bytes = Buffer.concat(pieces)
      const header = (name: string) => String(request.headers[name])
      const verified = await isSigned(secret, header('webhook-id'), header('webhook-timestamp'), header('webhook-signature'), bytes)
      const body = bytes.toString('utf8')
      const { type, data } = JSON.parse(body) as Pick<Received, 'type' | 'data'>
      const message = { id: header('webhook-id'), type, body, data, verified, atMs: Date.now() }
      received.push(message)
      answer(response, message, received.length)
    })())
  }
  let server: http.Server
  const start = async (): Promise<void> => {
    server = http.createServer(listener)
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  await start()
  return {
    url: `http://127.0.0.1:${port}/${PATH_SECRET}?key=hunter2-query`, port, received, start,
    get atOnce() {
      return atOnce
    },
    stop: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

/**
 * Standard Webhooks 1.0.0, "Verifying signatures", written from its text: HMAC-SHA256 over `id.timestamp.payload`, one of
 * the signatures that a space parts, and a timestamp not further than five minutes from now.
 */
async function isSigned(secret: string, id: string, timestamp: string, signatures: string, payload: Buffer): Promise<boolean> {
  if (!/^\d+$/.test(timestamp) || Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false
  const key = await webcrypto.subtle.importKey('raw', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), payload])
  for (const one of signatures.split(' ')) {
    const [version, value = ''] = one.split(',')
    if (version === 'v1' && (await webcrypto.subtle.verify('HMAC', key, Buffer.from(value, 'base64'), content))) return true
  }
  return false
}
