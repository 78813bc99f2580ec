import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { duplexPair, type Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { makeCertificate } from '../wire/make-certificate.ts'
import { DISCONNECT, MESSAGE } from '../wire/message-numbers.ts'
import { makeEd25519Key } from '../wire/private-key.ts'
import { SshWriter } from '../wire/ssh-writer.ts'
import type { ClientRole, ServerRole } from './roles.ts'
import { PeerDisconnectError, SshTransport } from './ssh-transport.ts'

const hostKey = makeEd25519Key()
const serverRole: ServerRole = { role: 'server', hostKey }
const clientRole: ClientRole = { role: 'client', verifyHost: () => Promise.resolve() }

interface Peer {
  readonly transport: SshTransport
  readonly received: Buffer[]
  readonly closed: Promise<Error | undefined>
}

function peer(socket: Duplex, role: ServerRole | ClientRole): Peer {
  const transport = new SshTransport(socket, role)
  const received: Buffer[] = []
  transport.onPayload = (payload) => void received.push(Buffer.from(payload))
  const closed = new Promise<Error | undefined>((resolve) => (transport.onClose = resolve))
  return { transport, received, closed }
}

function connected(client: Partial<ClientRole> = {}, server: Partial<ServerRole> = {}): { client: Peer, server: Peer } {
  const [left, right] = duplexPair()
  return { client: peer(left, { ...clientRole, ...client }), server: peer(right, { ...serverRole, ...server }) }
}

/** A message of the connection protocol. */
function message(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(MESSAGE.channelData), bytes])
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !condition(); tries++) await sleep(10)
  assert.ok(condition())
}

describe('two transports of ours', () => {
  test('agree by ML-KEM with X25519, on the same session, and prove the host', async () => {
    const ca = makeEd25519Key()
    const hostCertificate = makeCertificate({
      kind: 'host', key: hostKey.publicKey, serial: 9n, keyId: 'gw', principals: ['gw'], validAfter: 0, validBefore: 9, criticalOptions: {}, extensions: [],
    }, ca)
    const shown: string[] = []
    const { client, server } = connected({
      verifyHost: (host) => {
        shown.push(...host.certificate?.principals ?? [])
        assert.ok(host.key.blob.equals(hostKey.publicKey.blob))
        return Promise.resolve()
      },
    }, { hostCertificate })
    const [mine, theirs] = await Promise.all([client.transport.ready, server.transport.ready])
    assert.deepEqual(mine.sessionId, theirs.sessionId)
    assert.equal(mine.keyExchange, 'mlkem768x25519-sha256')
    assert.equal(mine.hostKeyAlgorithm, 'ssh-ed25519-cert-v01@openssh.com')
    assert.equal(mine.peerVersion, 'SSH-2.0-Sallyport')
    assert.deepEqual([mine.cipherIn, mine.cipherOut], [theirs.cipherOut, theirs.cipherIn])
    assert.deepEqual(shown, ['gw'])
    await until(() => client.transport.peerSignatureAlgorithms !== undefined)
    assert.ok(client.transport.peerSignatureAlgorithms?.includes('ssh-ed25519'))
    assert.equal(server.transport.peerSignatureAlgorithms, undefined)
    client.transport.disconnect(DISCONNECT.byApplication, 'done')
    assert.equal(await client.closed, undefined)
    assert.equal(await server.closed, undefined)
  })

  test('send what was given before the keys were agreed on, after them and in order', async () => {
    const { client, server } = connected()
    assert.equal(client.transport.send(message(Buffer.from('1'))), false)
    let drained = false
    client.transport.onDrain = () => (drained = true)
    client.transport.send(message(Buffer.from('2')))
    server.transport.send(message(Buffer.from('a')))
    await client.transport.ready
    client.transport.send(message(Buffer.from('3')))
    await until(() => server.received.length === 3 && client.received.length === 1 && drained)
    assert.deepEqual(server.received.map(String), ['^1', '^2', '^3'])
    client.transport.destroy()
  })

  test('ask for new keys at the same moment, again and again, and lose nothing', async () => {
    const { client, server } = connected({ rekeyBytes: 100_000 }, { rekeyBytes: 100_000 })
    const [sessionId] = (await Promise.all([client.transport.ready, server.transport.ready])).map((one) => one.sessionId)
    const sent = Array.from({ length: 300 }, (_, index) => message(randomBytes(1 + ((index * 7919) % 20_000))))
    for (const one of sent) {
      client.transport.send(one)
      server.transport.send(one)
      await new Promise(setImmediate)
    }
    await until(() => client.received.length === sent.length && server.received.length === sent.length)
    assert.deepEqual(client.received, sent)
    assert.deepEqual(server.received, sent)
    assert.equal((await client.transport.ready).sessionId, sessionId)
    client.transport.destroy()
    server.transport.destroy()
  })

  test('pause with the very next message, and go on where they were', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    const seen: number[] = []
    server.transport.onPayload = (payload) => {
      seen.push(payload[1] ?? -1)
      server.transport.pause()
    }
    for (let index = 0; index < 20; index++) client.transport.send(message(Buffer.of(index)))
    for (let index = 0; index < 20; index++) {
      await until(() => seen.length === index + 1)
      await new Promise(setImmediate)
      assert.equal(seen.length, index + 1)
      server.transport.resume()
    }
    assert.deepEqual(seen, Array.from({ length: 20 }, (_, index) => index))
    client.transport.destroy()
    server.transport.destroy()
  })

  test('read to the end what was sent before the other side closed, also where reading was paused', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    server.transport.pause()
    for (let index = 0; index < 50; index++) client.transport.send(message(Buffer.alloc(100, index)))
    client.transport.disconnect(DISCONNECT.byApplication, 'bye')
    await sleep(50)
    assert.equal(server.received.length, 0)
    server.transport.resume()
    assert.equal(await server.closed, undefined)
    assert.equal(server.received.length, 50)
  })

  test('say when there is no room, and when there is again', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    server.transport.pause()
    const block = Buffer.alloc(32_000)
    const header = Buffer.of(MESSAGE.channelData)
    let sent = 0
    while (client.transport.sendData(header, block, 0, block.length)) {
      sent++
      await new Promise(setImmediate)
      assert.ok(sent < 100, 'it never filled')
    }
    assert.ok(client.transport.writableLength > 100_000)
    const drained = new Promise<void>((resolve) => (client.transport.onDrain = resolve))
    server.transport.resume()
    await drained
    await until(() => server.received.length === sent + 1)
    client.transport.destroy()
    server.transport.destroy()
  })

  test('end when the host is not the right one, before anything is sent to it', async () => {
    const { client, server } = connected({ verifyHost: () => Promise.reject(new Error('not the pinned key')) })
    client.transport.send(message(Buffer.from('a secret')))
    await assert.rejects(client.transport.ready, /not the pinned key/)
    assert.match((await client.closed)?.message ?? '', /not the pinned key/)
    const error = await server.closed
    assert.ok(error instanceof PeerDisconnectError)
    assert.equal(error.code, DISCONNECT.hostKeyNotVerifiable)
    await assert.rejects(server.transport.ready)
    assert.deepEqual(server.received, [])
  })

  test('end when the server does not hold the key that it shows, before anyone is asked about it', async () => {
    let asked = false
    const stolen = { key: makeEd25519Key().key, publicKey: hostKey.publicKey }
    const { client } = connected({
      verifyHost: () => {
        asked = true
        return Promise.resolve()
      },
    }, { hostKey: stolen })
    await assert.rejects(client.transport.ready, /has not proved that it holds its key/)
    assert.equal(asked, false)
  })

  test('end when the host shows another key at a later key exchange', async () => {
    const [left, right] = duplexPair()
    const role = { role: 'server' as const, hostKey }
    const client = peer(left, { ...clientRole, rekeyBytes: 5_000 })
    const server = peer(right, role)
    await Promise.all([client.transport.ready, server.transport.ready])
    role.hostKey = makeEd25519Key()
    for (let index = 0; index < 10; index++) client.transport.send(message(Buffer.alloc(1000)))
    assert.match((await client.closed)?.message ?? '', /another key than at first/)
  })

  test('do not hold without end what a peer does not read, or what waits for keys that never come', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    client.transport.pause()
    const block = Buffer.alloc(200_000)
    let most = 0
    for (let sent = 0; sent < 1_000; sent++) {
      server.transport.send(message(block))
      most = Math.max(most, server.transport.writableLength)
      if (sent % 10 === 0) await new Promise(setImmediate)
    }
    assert.match((await server.closed)?.message ?? '', /does not read/)
    assert.ok(most > 60_000_000 && most < 70_000_000, String(most))
    client.transport.destroy()
    const [socket] = duplexPair()
    const alone = peer(socket, clientRole)
    for (let index = 0; index < 100; index++) alone.transport.send(message(block))
    assert.match((await alone.closed)?.message ?? '', /too much waits/)
  })

  test('end when there is no host key that both know', async () => {
    const { client, server } = connected({ hostKeyAlgorithms: ['rsa-sha2-512'] })
    await assert.rejects(client.transport.ready, /no host key that both sides know/)
    assert.ok(await server.closed instanceof Error)
  })

  test('answer messages of the transport that they do not know with their number, and ignore what is to be ignored', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    client.transport.send(new SshWriter(MESSAGE.ignore).string('x').take())
    client.transport.send(new SshWriter(MESSAGE.debug).boolean(true).string('x').string('').take())
    client.transport.send(Buffer.of(15))
    client.transport.send(message(Buffer.from('still here')))
    await until(() => server.received.length === 1)
    assert.equal(client.received.length, 0)
    client.transport.destroy()
    server.transport.destroy()
  })

  test('end with a protocol error when the receiver of the payloads finds one malformed', async () => {
    const { client, server } = connected()
    await Promise.all([client.transport.ready, server.transport.ready])
    server.transport.onPayload = () => {
      throw new MalformedFrameError('a field is missing')
    }
    client.transport.send(message(Buffer.from('x')))
    assert.ok(await server.closed instanceof MalformedFrameError)
    const error = await client.closed
    assert.ok(error instanceof PeerDisconnectError)
    assert.equal(error.code, DISCONNECT.protocolError)
    assert.match(error.message, /a field is missing/)
  })

  test('refuse to send what no packet holds', () => {
    const { client } = connected()
    assert.throws(() => client.transport.send(Buffer.alloc(300_000)), RangeError)
    client.transport.destroy()
  })

  test('are closed once, also over a socket that was closed before', async () => {
    const [socket] = duplexPair()
    socket.destroy()
    await new Promise(setImmediate)
    const { transport, closed } = peer(socket, serverRole)
    await closed
    await assert.rejects(transport.ready)
    assert.equal(transport.send(Buffer.of(MESSAGE.ignore)), false)
  })
})
