// What `malformed.test.ts` of the SSH transport runs. In a process of its own: the test runner holds on to what it has watched.
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { type Duplex, duplexPair, Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { makeKexInit } from '../../src/protocols/ssh/wire/kexinit.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { ClearPackets } from '../../src/protocols/ssh/wire/packets/clear-packets.ts'
import { makeEd25519Key } from '../../src/protocols/ssh/wire/private-key.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'
import { offerOf } from '../../src/protocols/ssh/transport/offers.ts'
import type { ClientRole, ServerRole } from '../../src/protocols/ssh/transport/roles.ts'
import { SshTransport } from '../../src/protocols/ssh/transport/ssh-transport.ts'

const serverRole: ServerRole = { role: 'server', hostKey: makeEd25519Key() }
const clientRole: ClientRole = { role: 'client', verifyHost: () => Promise.resolve() }
const GREETING = Buffer.from('SSH-2.0-fuzz\r\n')
const MAX_GROWTH_BYTES = 12 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

function heldBytes(): number {
  if (typeof collect === 'function') collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** After what was let go has been taken back, which needs some turns. */
async function settledBytes(): Promise<number> {
  let least = heldBytes()
  for (let tries = 0; tries < 10; tries++) {
    await sleep(50)
    least = Math.min(least, heldBytes())
  }
  return least
}

/** Changes a few bytes, cuts, doubles or enlarges. */
function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  switch (randomInt(5)) {
    case 0: return copy.subarray(0, randomInt(copy.length + 1))
    case 1: return Buffer.concat([copy, randomBytes(randomInt(1, 60))])
    case 2: {
      const at = randomInt(copy.length)
      return Buffer.concat([copy.subarray(0, at), randomBytes(randomInt(1, 8)), copy.subarray(at)])
    }
    case 3:
      if (copy.length >= 4) copy.writeUInt32BE([0, 0xffff_ffff, 0x7fff_ffff, copy.length, 5][randomInt(5)] ?? 0, randomInt(copy.length - 3))
      return copy
    default:
      for (let times = randomInt(1, 6); times > 0; times--) copy[randomInt(copy.length)] = randomInt(256)
      return copy
  }
}

/** As a packet without encryption. */
function clear(payload: Buffer): Buffer {
  const parts: Buffer[] = []
  new ClearPackets().seal({ add: (bytes) => void parts.push(bytes), reserve: (length) => {
    const place = Buffer.alloc(length)
    parts.push(place)
    return place
  } }, 0, payload, payload, 0, 0)
  return Buffer.concat(parts)
}

/** Gives bytes to a server, in pieces, and closes; waits until it is done with them. */
async function serveOnce(role: ServerRole | ClientRole, bytes: Buffer): Promise<Error | undefined> {
  const [near, far] = duplexPair()
  const transport = new SshTransport(far, role)
  const closed = new Promise<Error | undefined>((resolve) => (transport.onClose = resolve))
  near.on('error', () => undefined)
  near.resume()
  const cut = randomInt(bytes.length + 1)
  near.write(bytes.subarray(0, cut))
  near.end(bytes.subarray(cut))
  const error = await within(closed)
  near.destroy()
  assert.equal(transport.send(Buffer.of(MESSAGE.channelData)), false)
  return error
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the connection hangs')), 5_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function manyTimes(times: number, once: () => Promise<void>): Promise<void> {
  let before = 0
  for (let round = 0; round < times; round++) {
    if (round === Math.floor(times / 5)) before = await settledBytes()
    await once()
  }
  const grown = await settledBytes() - before
  assert.ok(grown < MAX_GROWTH_BYTES, `${grown} bytes more are held`)
}

const kexInit = makeKexInit(offerOf(clientRole), randomBytes(16))
const exchange = new SshWriter(MESSAGE.kexExchangeInit).string(randomBytes(1216)).take()
const reply = new SshWriter(MESSAGE.kexExchangeReply).string(serverRole.hostKey.publicKey.blob).string(randomBytes(1120)).string(randomBytes(83)).take()

async function kexinit(): Promise<void> {
  await manyTimes(3_000, async () => {
    const first = randomInt(3) === 0 ? kexInit : mutated(kexInit)
    const second = randomInt(2) === 0 ? exchange : mutated(exchange)
    const error = await serveOnce(serverRole, Buffer.concat([GREETING, clear(first), clear(second), clear(Buffer.of(MESSAGE.newKeys))]))
    assert.ok(error instanceof Error)
  })
}

async function answers(): Promise<void> {
  const init = makeKexInit(offerOf(serverRole), randomBytes(16))
  await manyTimes(1_000, async () => {
    const first = randomInt(3) === 0 ? init : mutated(init)
    const error = await serveOnce(clientRole, Buffer.concat([GREETING, clear(first), clear(mutated(reply)), clear(Buffer.of(MESSAGE.newKeys))]))
    assert.ok(error instanceof Error)
  })
}

async function streams(): Promise<void> {
  const whole = Buffer.concat([GREETING, clear(kexInit), clear(exchange)])
  await manyTimes(3_000, async () => {
    const bytes = randomInt(4) === 0 ? Buffer.concat([randomInt(2) === 0 ? GREETING : Buffer.alloc(0), randomBytes(randomInt(1, 400))]) : mutated(whole)
    const error = await serveOnce(randomInt(3) === 0 ? clientRole : serverRole, bytes)
    assert.ok(error instanceof Error)
  })
}

async function sealed(): Promise<void> {
  await manyTimes(500, async () => {
    const [left, right] = duplexPair()
    const [tapLeft, tapRight] = duplexPair()
    const client = new SshTransport(left, clientRole)
    const server = new SshTransport(tapRight, serverRole)
    let spoil = false
    const through = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const copy = Buffer.from(chunk)
        if (spoil) copy[randomInt(copy.length)] = (copy[randomInt(copy.length)] ?? 0) ^ (1 << randomInt(8))
        done(null, copy)
      },
    })
    right.pipe(through).pipe(tapLeft)
    tapLeft.pipe(right)
    const quiet = (stream: Duplex): void => void stream.on('error', () => undefined)
    for (const stream of [right, tapLeft, through]) quiet(stream)
    const closed = new Promise<Error | undefined>((resolve) => (server.onClose = resolve))
    const taken: string[] = []
    server.onPayload = (payload) => void taken.push(payload.toString('latin1'))
    await within(Promise.all([client.ready, server.ready]))
    spoil = true
    const message = Buffer.concat([Buffer.of(MESSAGE.channelData), Buffer.alloc(randomInt(1, 400), 0x61)])
    client.send(message)
    client.send(message)
    // A changed length may ask for more than ever comes.
    setImmediate(() => setImmediate(() => left.end()))
    await within(closed)
    for (const text of taken) assert.equal(text, message.toString('latin1'))
    client.destroy()
    for (const stream of [left, right, tapLeft, tapRight, through]) stream.destroy()
  })
}

async function messages(): Promise<void> {
  const samples = [
    kexInit, exchange, Buffer.of(MESSAGE.newKeys), new SshWriter(MESSAGE.disconnect).uint32(2).string('words').string('').take(),
    new SshWriter(MESSAGE.extInfo).uint32(1).string('server-sig-algs').string('a,b').take(), new SshWriter(MESSAGE.ignore).string('x').take(),
    new SshWriter(MESSAGE.unimplemented).uint32(3).take(), new SshWriter(MESSAGE.debug).boolean(true).string('x').string('').take(),
    Buffer.concat([Buffer.of(MESSAGE.channelData), randomBytes(40)]),
  ]
  let left = 3_000
  await manyTimes(300, async () => {
    const [near, far] = duplexPair()
    const client = new SshTransport(near, clientRole)
    const server = new SshTransport(far, serverRole)
    const closed = Promise.all([new Promise((resolve) => (client.onClose = resolve)), new Promise((resolve) => (server.onClose = resolve))])
    await within(Promise.all([client.ready, server.ready]))
    for (let each = 0; each < 10; each++, left--) {
      const sample = mutated(samples[randomInt(samples.length)] ?? kexInit)
      if (sample.length > 0) client.send(sample)
    }
    setTimeout(() => {
      client.destroy()
      server.destroy()
    }, 1)
    await within(closed)
  })
  assert.equal(left, 0)
}

const scenario = { kexinit, answers, streams, sealed, messages }[process.argv[2] ?? '']
if (scenario === undefined) throw new Error('no such scenario')
await scenario()
