import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { makeCertificate } from '../../../test/support/certificate.ts'
import { Connection } from './connection.ts'
import { ToClient } from './to-client.ts'

const MEBIBYTE = 1024 * 1024

/** A server on loopback, ended with the test, that gives each connection to `accept`. */
async function listen(t: TestContext, accept: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    accept(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

/** Bytes that differ from place to place: what is lost, doubled or moved is noticed. */
const pattern = randomBytes(1_000_003)
function* patternFrom(offset: number, length: number): Generator<Buffer> {
  for (let at = offset; at < offset + length;) {
    const start = at % pattern.length
    const piece = pattern.subarray(start, Math.min(pattern.length, start + offset + length - at))
    yield piece
    at += piece.length
  }
}
function assertPattern(bytes: Buffer, offset: number): void {
  let at = 0
  for (const piece of patternFrom(offset, bytes.length)) {
    assert.ok(bytes.subarray(at, at + piece.length).equals(piece), `other bytes than were sent, behind byte ${offset + at}`)
    at += piece.length
  }
}

/** Reads all of it, and stops now and then: at one chunk of `oneIn`, for less than `mostMs`. */
async function readInFits(client: net.Socket, total: number, oneIn: number, mostMs: number): Promise<void> {
  let received = 0
  for await (const chunk of client as AsyncIterable<Buffer>) {
    assertPattern(chunk, received)
    received += chunk.length
    if (received === total) break
    if (randomInt(oneIn) === 0) await sleep(randomInt(1, mostMs))
  }
  assert.equal(received, total)
}

interface Relay {
  readonly target: net.Socket
  readonly client: net.Socket
  readonly clientSide: Connection
  readonly upstream: Connection
  readonly out: ToClient
  /** Times that the client's side had to wait for the client. */
  readonly waits: () => number
}

/** Target, gateway and client of one session, without what the gateway does with the bytes. */
async function startRelay(t: TestContext, secure: boolean): Promise<Relay> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-relay-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const certificate = secure ? makeCertificate(folder) : undefined
  const atTarget = Promise.withResolvers<net.Socket>()
  const atGateway = Promise.withResolvers<Connection>()
  const targetPort = await listen(t, atTarget.resolve)
  const gatewayPort = await listen(t, (socket) => {
    const connection = Connection.accepted(socket)
    if (certificate === undefined) return atGateway.resolve(connection)
    connection.receive = (hello) => void connection.serveTls(tls.createSecureContext(certificate), Buffer.from(hello), []).then(() => atGateway.resolve(connection), atGateway.reject)
  })
  const client = certificate === undefined ? net.connect(gatewayPort, '127.0.0.1') : tls.connect({ port: gatewayPort, host: '127.0.0.1', ca: certificate.cert })
  client.on('error', () => undefined)
  const clientSide = await atGateway.promise
  const upstream = Connection.dial('127.0.0.1', targetPort)
  const target = await atTarget.promise
  let waits = 0
  const out = new ToClient({ client: clientSide, upstream, recordingIsFull: false })
  clientSide.drained = () => {
    waits++
    upstream.resume()
  }
  clientSide.ending = () => out.flush()
  upstream.receive = (chunk) => {
    out.add(chunk)
    out.send()
  }
  t.after(() => {
    for (const socket of [client, clientSide, upstream]) socket.destroy()
  })
  return { target, client, clientSide, upstream, out, waits: () => waits }
}

for (const [how, secure] of [['in clear', false], ['by TLS', true]] as const) {
  test(`a client that reads in fits and starts gets every byte once and in order, ${how}`, async (t) => {
    const { target, client, waits } = await startRelay(t, secure)
    const total = 100 * MEBIBYTE
    const send = async (): Promise<void> => {
      for (let sent = 0; sent < total;) {
        const length = Math.min(total - sent, randomInt(4) > 0 ? randomInt(1, 2_000) : randomInt(1, 512 * 1024))
        let room = true
        for (const piece of patternFrom(sent, length)) room = target.write(piece)
        sent += length
        if (room) await nextTurn()
        else await once(target, 'drain')
      }
    }
    await Promise.all([send(), readInFits(client, total, 100, 30)])
    assert.ok(waits() > 0, 'the client was never too slow')
  })
}

test('what is written while the stream still holds bytes comes behind them', async (t) => {
  const { client, clientSide } = await startRelay(t, false)
  const total = 50 * MEBIBYTE
  let sent = 0
  let behind = 0
  const send = async (): Promise<void> => {
    while (sent < total) {
      if (clientSide.socket.writableLength > 0) behind++
      for (const piece of patternFrom(sent, Math.min(total - sent, randomInt(1, 64 * 1024)))) {
        clientSide.write(piece)
        sent += piece.length
      }
      await nextTurn()
      while (clientSide.socket.writableLength > MEBIBYTE) await nextTurn()
    }
  }
  await Promise.all([send(), readInFits(client, total, 10, 10)])
  assert.ok(behind > 50, `${behind} writes came while the stream held bytes`)
})

test('a client that ends its side in the turn in which its answer came gets the answer', async (t) => {
  const { target, client, clientSide, out, upstream } = await startRelay(t, false)
  upstream.receive = (chunk) => {
    out.add(chunk)
    out.send()
    // As Node does when a FIN is read.
    clientSide.socket.push(null)
    clientSide.socket.read(0)
  }
  target.write('the answer')
  let received = ''
  for await (const chunk of client as AsyncIterable<Buffer>) received += chunk.toString()
  assert.equal(received, 'the answer')
})

test('what waits for the end of the turn comes before what ends the connection, once', async (t) => {
  const { target, client, clientSide, out, upstream } = await startRelay(t, false)
  upstream.receive = (chunk) => {
    out.add(chunk)
    out.send()
    out.flush()
    clientSide.end(Buffer.from(' and the end'))
  }
  target.write('the answer')
  let received = ''
  for await (const chunk of client as AsyncIterable<Buffer>) received += chunk.toString()
  assert.equal(received, 'the answer and the end')
})

test('whatever is closed while it is written to, nobody gets a byte of another connection', async (t) => {
  const port = await listen(t, (socket) => {
    const connection = Connection.accepted(socket)
    connection.receive = (chunk) => void stream(connection, Buffer.from(chunk)).catch(assert.fail)
  })
  /** Goes on for a while after the connection is gone, as who has not heard of it. */
  const stream = async (connection: Connection, marker: Buffer): Promise<void> => {
    const all = Buffer.alloc(64 * 1024, marker)
    for (let left = randomInt(1, 12); left > 0; left--) {
      connection.write(all.subarray(0, 4 * randomInt(1, all.length / 4)))
      const then = randomInt(8)
      if (then === 0) connection.destroy()
      else if (then === 1) connection.end(all)
      if (randomInt(2) === 0) await nextTurn()
    }
    connection.destroy()
    connection.write(all)
    await nextTurn()
    connection.write(all)
  }
  let received = 0
  const converse = async (number: number): Promise<void> => {
    const marker = Buffer.alloc(4)
    marker.writeUInt32BE(number)
    const client = net.connect(port, '127.0.0.1')
    client.write(marker)
    const most = randomInt(3) === 0 ? randomInt(200_000) : Infinity
    let bytes = 0
    client.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at++) if (chunk[at] !== marker[(bytes + at) % 4]) assert.fail(`client ${number} got what is not its own`)
      bytes += chunk.length
      if (bytes > most) client.resetAndDestroy()
    })
    client.on('error', () => undefined)
    await once(client, 'close')
    received += bytes
  }
  let next = 0x01020304
  const one = async (): Promise<void> => {
    for (let left = 60; left > 0; left--) await converse(next += 0x010101)
  }
  await Promise.all(Array.from({ length: 16 }, one))
  assert.ok(received > MEBIBYTE, String(received))
})
