import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Hono } from 'hono'
import { makeCertificate } from '../../test/support/certificate.ts'
import { type ApiServer, serveApi } from './serve-api.ts'
import { streamResponse } from './stream-response.ts'

const LARGE = 'x'.repeat(1_000_000)
/** More than the system's own buffers take. */
const HUGE = 'x'.repeat(20_000_000)
const STALLED_MS = 1_000

describe('the listener of the control API', () => {
  const sockets: Socket[] = []
  let asked = 0
  let server: ApiServer
  before(async () => {
    const api = new Hono()
    api.get('/large', (context) => {
      asked += 1
      return context.text(LARGE)
    })
    api.get('/huge', (context) => context.text(HUGE))
    api.get('/live', () => streamResponse(ticks(), { contentType: 'text/plain', live: { beat: '\n' }, onEnd: () => undefined }))
    server = await serveApi(api, { port: 0, stalledMs: STALLED_MS })
  })
  after(async () => {
    for (const socket of sockets) socket.destroy()
    await server.close()
  })

  async function opened(text: string): Promise<Socket> {
    const socket = connect(server.port, '127.0.0.1').on('error', () => undefined)
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }

  const request = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`

  it('makes no heap of answers for who sends request upon request and reads none', async () => {
    const socket = await opened(request('/large').repeat(500))
    socket.resume()
    await once(socket, 'close')
    assert.ok(asked > 0 && asked <= 2, `${asked} were answered`)
  })

  it('answers one request after the other on one connection', async () => {
    const socket = await opened('')
    for (let round = 0; round < 20; round += 1) {
      socket.write(request('/large'))
      let bytes = 0
      for (socket.resume(); bytes < LARGE.length;) bytes += ((await once(socket, 'data')) as [Buffer])[0].length
    }
    assert.ok(!socket.destroyed)
  })

  it('closes a connection whose client takes nothing of its answer', async () => {
    const socket = await opened(request('/huge'))
    socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 3 * STALLED_MS))
    let bytes = 0
    socket.on('data', (part) => { bytes += part.length }).resume()
    await once(socket, 'close')
    assert.ok(bytes < HUGE.length, `${bytes} bytes came`)
  })

  it('closes a connection that begins no TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-serve-api-'))
    const secure = await serveApi(new Hono(), { port: 0, stalledMs: STALLED_MS, tls: makeCertificate(folder, 'api') })
    rmSync(folder, { recursive: true })
    const socket = connect(secure.port, '127.0.0.1').on('error', () => undefined).resume()
    try {
      await once(socket, 'close', { signal: AbortSignal.timeout(10 * STALLED_MS) })
    } finally {
      socket.destroy()
      await secure.close()
    }
  })

  it('closes none on which an answer goes on', async () => {
    const response = await fetch(`${server.url}/live`)
    assert.equal((await response.text()).length, 12)
  })
})

/** For longer than a connection may be silent. */
async function* ticks(): AsyncGenerator<string> {
  for (let tick = 0; tick < 12; tick += 1) {
    await new Promise((resolve) => setTimeout(resolve, STALLED_MS / 8))
    yield '.'
  }
}
