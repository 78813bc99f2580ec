import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../../../bytes/byte-reader.ts'
import { ClearPackets } from './clear-packets.ts'
import { MAX_PAYLOAD_BYTES, PacketForgedError, type PacketOpener, type PacketPieces, type PacketSealer } from './packet-codec.ts'
import { type KeySource, makeOpener, makeSealer } from './packet-ciphers.ts'
import { PacketMac } from './packet-mac.ts'

const SUITES = [
  ['aes128-gcm@openssh.com', ''], ['aes256-gcm@openssh.com', ''],
  ['aes128-ctr', 'hmac-sha2-256-etm@openssh.com'], ['aes256-ctr', 'hmac-sha2-512-etm@openssh.com'],
  ['aes128-ctr', 'hmac-sha2-256'], ['aes256-ctr', 'hmac-sha2-512'],
] as const

const EMPTY = Buffer.alloc(0)

function keys(): KeySource {
  const [iv, key, macKey] = [randomBytes(16), randomBytes(64), randomBytes(64)]
  return { iv: (length) => iv.subarray(0, length), key: (length) => key.subarray(0, length), macKey: (length) => macKey.subarray(0, length) }
}

function pair(cipher: string, mac: string, source = keys()): [PacketSealer, PacketOpener] {
  return cipher === 'none' ? [new ClearPackets(), new ClearPackets()] : [makeSealer(cipher, mac, source), makeOpener(cipher, mac, source)]
}

function seal(sealer: PacketSealer, sequence: number, header: Buffer, data = EMPTY, start = 0, end = data.length): Buffer {
  const parts: Buffer[] = []
  const pieces: PacketPieces = {
    add: (bytes) => void parts.push(Buffer.from(bytes)),
    reserve: (length) => {
      const place = Buffer.alloc(length)
      parts.push(place)
      return place
    },
  }
  const length = sealer.seal(pieces, sequence, header, data, start, end)
  const packet = Buffer.concat(parts)
  assert.equal(packet.length, length)
  return packet
}

function open(opener: PacketOpener, packet: Buffer, sequence: number): Buffer {
  const length = opener.frameLength(packet, 0)
  assert.equal(length, packet.length)
  return opener.open(packet, 0, length, sequence)
}

describe('packets of SSH', () => {
  for (const [cipher, mac] of [...SUITES, ['none', ''] as const]) {
    describe(`${cipher} ${mac}`, () => {
      test('come out as they went in, one after the other, also where the sequence number wraps', () => {
        const payload = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 100 }), fc.integer({ min: 1, max: 40_000 }).map((length) => randomBytes(length)))
        fc.assert(fc.property(fc.array(payload, { minLength: 1, maxLength: 8 }), fc.nat(8), (payloads, before) => {
          const [sealer, opener] = pair(cipher, mac)
          let sequence = 2 ** 32 - before
          for (const bytes of payloads) {
            sequence >>>= 0
            const data = Buffer.from(bytes)
            const split = data.length >> 1
            const packet = seal(sealer, sequence, data.subarray(0, split), data, split)
            assert.deepEqual(Buffer.from(open(opener, packet, sequence)), data)
            sequence++
          }
        }), { numRuns: 30 })
      })

      test('hold the longest payload and the shortest', () => {
        const [sealer, opener] = pair(cipher, mac)
        for (const length of [1, MAX_PAYLOAD_BYTES]) {
          const data = Buffer.alloc(length, 0x5a)
          assert.deepEqual(Buffer.from(open(opener, seal(sealer, 7, EMPTY, data), 7)), data)
        }
        if (cipher !== 'none') assert.throws(() => seal(sealer, 8, EMPTY, Buffer.alloc(MAX_PAYLOAD_BYTES + 1024)), RangeError)
      })

      test('with a length that no packet has are malformed', () => {
        for (const length of [0, 1, 5, 256 * 1024 + 16, 0x7fff_ffff, 0xffff_ffff, 17]) {
          const bytes = randomBytes(64)
          bytes.writeUInt32BE(length, 0)
          // Where the length is encrypted, any change makes it another.
          if (mac === 'hmac-sha2-256' || mac === 'hmac-sha2-512') continue
          assert.throws(() => pair(cipher, mac)[1].frameLength(bytes, 0), MalformedFrameError, String(length))
        }
      })

      if (cipher !== 'none') {
        test('changed in any byte, or moved to another place, are not opened', () => {
          const source = keys()
          const payload = randomBytes(50)
          const packet = seal(pair(cipher, mac, source)[0], 3, payload)
          for (let at = 0; at < packet.length; at++) {
            const changed = Buffer.from(packet)
            changed[at] = (changed[at] ?? 0) ^ 0x40
            assert.throws(() => {
              const [, opener] = pair(cipher, mac, source)
              const length = opener.frameLength(changed, 0)
              if (length !== changed.length) throw new PacketForgedError()
              opener.open(changed, 0, length, 3)
            }, (error) => error instanceof PacketForgedError || error instanceof MalformedFrameError, `byte ${at}`)
          }
          // GCM counts by itself; the others by the sequence number.
          const [sealer, opener] = pair(cipher, mac, source)
          seal(sealer, 3, payload)
          assert.throws(() => open(opener, seal(sealer, 4, payload), 3), (error) => error instanceof PacketForgedError || error instanceof MalformedFrameError || error instanceof assert.AssertionError)
        })
      }
    })
  }

  test('with padding that leaves no payload, or is too short, are malformed', () => {
    const clear = new ClearPackets()
    for (const padding of [0, 3, 11, 12, 255]) {
      const packet = Buffer.alloc(16)
      packet.writeUInt32BE(12, 0)
      packet[4] = padding
      assert.throws(() => clear.open(packet, 0, 16), MalformedFrameError, String(padding))
    }
  })

  test('have the codes that HMAC gives, short and long', () => {
    for (const [digest, length] of [['sha256', 32], ['sha512', 64]] as const) {
      const key = randomBytes(length)
      const mac = new PacketMac(digest, key)
      for (const size of [0, 1, 55, 64, 119, 4095, 4096, 4097, 40_000]) {
        const bytes = randomBytes(size + 10)
        const head = Buffer.alloc(8)
        head.writeUInt32BE(0xffff_fffe, 0)
        head.writeUInt32BE(size, 4)
        const expected = createHmac(digest, key).update(head).update(bytes.subarray(5, 5 + size)).digest()
        assert.deepEqual(mac.of(0xffff_fffe, size, bytes, 5, 5 + size), expected, `${digest} ${size}`)
      }
    }
  })

  test("count GCM's IV on over its last eight bytes, and leave the first four", () => {
    const key = randomBytes(16)
    const source = (iv: string): KeySource => ({ iv: () => Buffer.from(iv, 'hex'), key: () => key, macKey: () => key })
    const [sealer] = pair('aes128-gcm@openssh.com', '', source('a1a2a3a4ffffffffffffffff'))
    seal(sealer, 0, Buffer.of(1))
    const [, wrapped] = pair('aes128-gcm@openssh.com', '', source('a1a2a3a40000000000000000'))
    assert.deepEqual(Buffer.from(open(wrapped, seal(sealer, 1, Buffer.of(2)), 1)), Buffer.of(2))
  })
})
