import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { makeCertificate } from '../../../test/support/certificate.ts'
import type { AdapterServices, Listener } from '../protocol-adapter.ts'
import { kubernetesAdapter } from './adapter.ts'

const HANDSHAKE_MS = 300
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const SETTINGS = Buffer.of(0, 0, 0, 4, 0, 0, 0, 0, 0)

const folder = mkdtempSync(join(tmpdir(), 'sallyport-kube-listener-'))
let listener: Listener
before(async () => {
  const { certFile, keyFile } = makeCertificate(folder)
  listener = await kubernetesAdapter.listen({ targets: () => [] } as unknown as AdapterServices, {
    host: '127.0.0.1', port: 0, names: [], tls: { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') },
    maxConnections: 10, maxStatementBytes: 1_000, handshakeTimeoutMs: HANDSHAKE_MS,
  })
})
after(async () => {
  await listener.close()
  rmSync(folder, { recursive: true })
})

for (const [what, words] of [['says nothing', ''], ['says no more than that it speaks it', Buffer.concat([Buffer.from(PREFACE), SETTINGS])]] as const) {
  test(`a connection of HTTP/2 on which a client ${what} is closed in time, also where the client does not close it`, { timeout: 20_000 }, async () => {
    const plain = net.connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
    plain.on('error', () => undefined)
    const closed = new Promise((resolve) => plain.once('close', resolve))
    const socket = tls.connect({ socket: plain, ALPNProtocols: ['h2'], rejectUnauthorized: false })
    socket.on('error', () => undefined)
    socket.resume()
    await once(socket, 'secureConnect')
    if (words.length > 0) socket.write(words)
    await once(socket, 'end')
    // What it still sends is answered with a reset once nobody has the connection any more.
    const sending = setInterval(() => plain.write(SETTINGS), 50)
    await closed
    clearInterval(sending)
  })
}

test('one on which something is asked stays open after the answer', async () => {
  const client = http2.connect(`https://127.0.0.1:${listener.port}`, { rejectUnauthorized: false })
  for (let asked = 0; asked < 2; asked++) {
    const request = client.request({ ':path': '/version' })
    const [headers] = (await once(request, 'response')) as [http2.IncomingHttpHeaders]
    assert.ok(Number(headers[':status']) >= 400)
    request.resume()
    await once(request, 'close')
    await sleep(2 * HANDSHAKE_MS)
  }
  assert.ok(!client.closed)
  client.close()
  await once(client, 'close')
})
