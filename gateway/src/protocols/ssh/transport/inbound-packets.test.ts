import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type KeySource, makeOpener, makeSealer } from '../wire/packets/packet-ciphers.ts'
import { InboundPackets } from './inbound-packets.ts'
import { OutboundPackets } from './outbound-packets.ts'

const SUITES = [
  ['aes128-gcm@openssh.com', ''], ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'], ['aes256-ctr', 'hmac-sha2-512'], ['none', ''],
] as const

const [iv, key, macKey] = [randomBytes(16), randomBytes(64), randomBytes(64)]
const SOURCE: KeySource = { iv: (length) => iv.subarray(0, length), key: (length) => key.subarray(0, length), macKey: (length) => macKey.subarray(0, length) }
const EMPTY = Buffer.alloc(0)

/** All bytes that sending these payloads makes. */
function sent(cipher: string, mac: string, payloads: readonly Buffer[]): Buffer {
  const through = new PassThrough({ highWaterMark: 2 ** 30 })
  const outbound = new OutboundPackets(through, () => undefined)
  if (cipher !== 'none') outbound.sealWith(makeSealer(cipher, mac, SOURCE), true)
  for (const payload of payloads) outbound.send(payload.subarray(0, 1), payload, 1, payload.length)
  outbound.flush()
  const bytes: unknown = through.read()
  return Buffer.isBuffer(bytes) ? bytes : EMPTY
}

function reader(cipher: string, mac: string, packet: (payload: Buffer) => void): InboundPackets {
  const inbound = new InboundPackets(packet)
  if (cipher !== 'none') inbound.openWith(makeOpener(cipher, mac, SOURCE), true)
  return inbound
}

const payloads = fc.array(fc.integer({ min: 1, max: 3000 }).map((length) => randomBytes(length)), { minLength: 1, maxLength: 6 })

describe('reading packets', () => {
  for (const [cipher, mac] of SUITES) {
    test(`${cipher} ${mac}: packets cut at every place, or joined, are the same packets`, () => {
      const given = [randomBytes(1), randomBytes(40), randomBytes(7)]
      const bytes = sent(cipher, mac, given)
      for (let cut = 0; cut <= bytes.length; cut++) {
        const read: Buffer[] = []
        const inbound = reader(cipher, mac, (payload) => void read.push(Buffer.from(payload)))
        inbound.take(Buffer.from(bytes.subarray(0, cut)))
        inbound.take(Buffer.from(bytes.subarray(cut)))
        assert.deepEqual(read, given, `cut at ${cut}`)
        assert.equal(inbound.sequence, 3)
      }
    })

    test(`${cipher} ${mac}: in pieces of any size, stopped and started at any packet, all come once and in order`, () => {
      fc.assert(fc.property(payloads, fc.infiniteStream(fc.integer({ min: 1, max: 2500 })), fc.infiniteStream(fc.boolean()), (given, sizes, stops) => {
        const read: Buffer[] = []
        let stopped = false
        const inbound: InboundPackets = reader(cipher, mac, (payload) => {
          assert.equal(stopped, false)
          read.push(Buffer.from(payload))
          if (stops.next().value !== true) return
          stopped = true
          inbound.stop()
        })
        const bytes = sent(cipher, mac, given)
        for (let at = 0; at < bytes.length;) {
          const size = Number(sizes.next().value)
          inbound.take(Buffer.from(bytes.subarray(at, at + size)))
          at += size
          if (stops.next().value !== true) continue
          stopped = false
          inbound.go()
        }
        for (let turn = 0; turn < 10; turn++) {
          stopped = false
          inbound.go()
        }
        assert.deepEqual(read, given)
        assert.equal(inbound.isWaiting, false)
      }), { numRuns: 50 })
    })
  }

  test('what is long and what is short is written in the order in which it was sent', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(1, 100, 2100, 20_000, 60_000), { minLength: 1, maxLength: 20 }), (lengths) => {
      const given = lengths.map((length) => randomBytes(length))
      const read: Buffer[] = []
      reader('aes128-gcm@openssh.com', '', (payload) => void read.push(Buffer.from(payload))).take(sent('aes128-gcm@openssh.com', '', given))
      assert.deepEqual(read, given)
    }), { numRuns: 30 })
  })
})
