import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MAX_PACKET_BYTES } from './message-types.ts'
import { type PacketSink, PacketCutter } from './packet-cutter.ts'

const framed = (body: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(4 + body.length)
  bytes.writeUInt32BE(body.length)
  bytes.set(body, 4)
  return bytes
}

/** Takes packets whose type is even as they come, others whole. */
class Collector implements PacketSink {
  readonly packets: Buffer[] = []
  #open: { readonly pieces: Buffer[]; readonly total: number } | undefined

  packet(bytes: Buffer, start: number, end: number): void {
    this.packets.push(Buffer.from(bytes.subarray(start, end)))
  }

  begin(bytes: Buffer, start: number, end: number, total: number): boolean {
    if ((bytes[start + 4] ?? 0) % 2 === 1) return false
    this.#open = { pieces: [Buffer.from(bytes.subarray(start, end))], total }
    return true
  }

  piece(bytes: Buffer, start: number, end: number): void {
    this.#open?.pieces.push(Buffer.from(bytes.subarray(start, end)))
    const whole = Buffer.concat(this.#open?.pieces ?? [])
    if (whole.length === this.#open?.total) this.packets.push(whole)
  }
}

describe('a stream of packets', () => {
  test('is cut into the same ones however it comes', () => {
    const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 20 })
    fc.assert(fc.property(bodies, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (all, sizes) => {
      const collector = new Collector()
      const cutter = new PacketCutter(collector)
      const stream = Buffer.concat(all.map(framed))
      for (let at = 0, turn = 0; at < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1
        const chunk = Buffer.from(stream.subarray(at, at + size))
        cutter.push(chunk)
        chunk.fill(0xee)
        at += size
      }
      assert.deepEqual(collector.packets, all.map(framed))
      assert.equal(cutter.held, 0)
    }))
  })

  test('is malformed where a length is nothing, or more than may be', () => {
    for (const length of [0, MAX_PACKET_BYTES + 1, 0xffff_ffff]) {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32BE(length)
      assert.throws(() => new PacketCutter(new Collector()).push(bytes), /claims/)
      const cutter = new PacketCutter(new Collector())
      assert.throws(() => {
        for (const byte of bytes) cutter.push(Buffer.from([byte]))
      }, /claims/)
    }
  })

  test('is held up to what has come of a packet, never what it claims', () => {
    const cutter = new PacketCutter(new Collector())
    cutter.push(Buffer.from([0, 3, 0, 0, 5, 1]))
    assert.equal(cutter.held, 6)
  })
})
