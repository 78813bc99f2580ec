import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { makeCertificate } from '../../test/support/certificate.ts'
import { WebhookFailure, type WebhookMessage } from '../governance/webhook-sender.ts'
import { signWebhook } from './sign-webhook.ts'
import { WebhookClient } from './webhook-client.ts'

interface Received {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const secret = `whsec_${randomBytes(32).toString('base64')}`
const message: WebhookMessage = { id: 'checkpoint-7-00ff', type: 'ledger.checkpoint', at: 1_767_225_600_123, data: { size: 7, text: 'π "quoted"\n' } }
const servers: http.Server[] = []

after(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

/** A receiver that does as it is told once it has the whole message. */
async function receiver(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = http.createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('end', () => {
      received.push({ method: request.method ?? '', headers: request.headers as Record<string, string>, body })
      answer(response, request)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=of-the-operator`, received }
}

const send = (url: string, key = secret, client = new WebhookClient({ timeoutMs: 500 })) => client.send({ url, secret: () => Promise.resolve(key) }, message)

async function failure(sending: Promise<void>): Promise<WebhookFailure> {
  const error: unknown = await sending.then(() => assert.fail('it was taken'), (cause: unknown) => cause)
  assert.ok(error instanceof WebhookFailure, String(error))
  assert.ok(!error.message.includes('of-the-operator') && !error.message.includes(secret.slice(6, 20)))
  return error
}

describe('a webhook', () => {
  test('is one that the reference implementation accepts, byte for byte', async () => {
    const { url, received } = await receiver((response) => response.writeHead(204).end())
    await send(url)
    const [{ method, headers, body }] = received as [Received]
    assert.equal(method, 'POST')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['webhook-id'], message.id)
    assert.deepEqual(new Webhook(secret).verify(body, headers), { type: message.type, timestamp: '2026-01-01T00:00:00.123Z', data: message.data })
    assert.throws(() => new Webhook(secret).verify(body.replace('7', '8'), headers))
    assert.throws(() => new Webhook(`whsec_${randomBytes(32).toString('base64')}`).verify(body, headers))
  })

  test('keeps its id when it is sent again, and takes a new time', async () => {
    let now = 1_767_225_600_000
    const { url, received } = await receiver((response) => response.end())
    const client = new WebhookClient({ now: () => (now += 60_000) })
    await send(url, secret, client)
    await send(url, secret, client)
    assert.deepEqual(received.map(({ headers }) => headers['webhook-id']), [message.id, message.id])
    assert.deepEqual(received.map(({ headers }) => headers['webhook-timestamp']), ['1767225660', '1767225720'])
  })

  for (const status of [400, 404, 410, 429, 500, 503]) {
    test(`is not taken by an answer with status ${status}`, async () => {
      const { url } = await receiver((response) => response.writeHead(status).end('secret detail'))
      assert.equal((await failure(send(url))).message, `it answers with status ${status}`)
    })
  }

  for (const [header, expected] of [['120', 120_000], ['999999999', 3_600_000], ['soon', undefined], ['-5', undefined], ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000]] as const) {
    test(`tells how long the receiver asks to wait: Retry-After: ${header}`, async () => {
      const { url } = await receiver((response) => response.writeHead(503, { 'retry-after': header }).end())
      const client = new WebhookClient({ now: () => Date.UTC(2026, 0, 1) })
      const { retryAfterMs } = await failure(send(url, secret, client))
      assert.equal(header === '-5' ? (retryAfterMs === 0 || retryAfterMs === undefined ? undefined : retryAfterMs) : retryAfterMs, expected)
    })
  }

  test('follows no redirect', async () => {
    const { url: elsewhere, received } = await receiver((response) => response.end())
    for (const status of [301, 302, 307, 308]) {
      const { url } = await receiver((response) => response.writeHead(status, { location: elsewhere }).end())
      assert.equal((await failure(send(url))).message, 'it redirects')
    }
    assert.equal(received.length, 0)
  })

  test('waits for a receiver that never answers only so long', async () => {
    const { url } = await receiver(() => undefined)
    const began = Date.now()
    assert.equal((await failure(send(url))).message, 'it answers too slowly')
    assert.ok(Date.now() - began < 3_000)
  })

  test('reads only so much of what a receiver says, and for only so long', async () => {
    let written = 0
    const { url } = await receiver((response) => {
      response.writeHead(200)
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024
        response.once('drain', more)
      }
      more()
    })
    await send(url)
    assert.ok(written < 64 * 1024 * 1024, `${written} bytes`)
    const { url: slow } = await receiver((response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 50)
      response.on('close', () => clearInterval(drip))
    })
    const began = Date.now()
    await send(slow)
    assert.ok(Date.now() - began < 3_000)
  })

  test('is not taken by what does not speak HTTP, or is not there', async () => {
    const { url } = await receiver((response) => response.socket?.destroy())
    assert.match((await failure(send(url))).message, /^it cannot be reached/)
    const { url: headers } = await receiver((response) => response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end())
    assert.match((await failure(send(headers))).message, /^it cannot be reached/)
    assert.match((await failure(send('http://127.0.0.1:1/'))).message, /^it cannot be reached/)
  })

  test('goes over TLS beyond this machine, and never to a certificate that nobody vouches for', async () => {
    for (const url of ['http://example.com/', 'http://localhost.example.com/', 'ftp://127.0.0.1/', 'file:///etc/passwd', 'nonsense']) {
      assert.match((await failure(send(url))).message, /^its address is (not https|no URL)$/)
    }
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-webhook-'))
    const { certFile, keyFile } = makeCertificate(folder, 'self-signed')
    let requests = 0
    const server = https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_request, response) => {
      requests++
      response.end()
    })
    servers.push(server)
    rmSync(folder, { recursive: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    assert.match((await failure(send(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`))).message, /^it cannot be reached/)
    assert.equal(requests, 0)
  })

  for (const [what, key] of [
    ['nothing', ''], ['a word', 'whsec_hunter2'], ['16 bytes', `whsec_${Buffer.alloc(16).toString('base64')}`], ['65 bytes', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['no prefix', Buffer.alloc(32, 7).toString('base64')], ['other letters', `whsec_${'*'.repeat(44)}`],
  ] as const) {
    test(`is not sent when its secret is ${what}`, async () => {
      const { url, received } = await receiver((response) => response.end())
      const error = await failure(send(url, key))
      assert.ok(key.length < 10 || !error.message.includes(key.slice(6)))
      assert.equal(received.length, 0)
    })
  }
})

test('whatever is signed, the reference implementation verifies, and no id can be read as another message', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/), fc.string({ unit: 'grapheme' }), (key, id, body) => {
    const whole = `whsec_${Buffer.from(key).toString('base64')}`
    const now = Math.floor(Date.now() / 1000)
    const headers = { 'webhook-id': id, 'webhook-timestamp': String(now), 'webhook-signature': signWebhook(whole, id, now, JSON.stringify(body)) }
    assert.equal(new Webhook(whole).verify(JSON.stringify(body), headers), body)
  }), { numRuns: 50 })
  assert.throws(() => signWebhook(secret, 'a.b', 1, '{}'), WebhookFailure)
})
