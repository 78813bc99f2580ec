import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SpdyReader, writeSpdyData } from './spdy-frames.ts'
import { BrokenFrames, OPCODES, WebSocketReader, writeServerFrame } from './websocket-frames.ts'

/** As a client sends it. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  const plain = writeServerFrame(opcode, payload)
  const key = Buffer.from([1, 2, 3, 4])
  const header = Buffer.from(plain.subarray(0, plain.length - payload.length))
  header[1] = (header[1] ?? 0) | 0x80
  return Buffer.concat([header, key, payload.map((byte, at) => byte ^ (key[at & 3] ?? 0))])
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length))
}

describe('WebSocket frames', () => {
  test('are the same however they are split and joined, from both sides', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 })
    fc.assert(fc.property(payloads, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (all, places, fromClient) => {
      const bytes = Buffer.concat(all.map((payload) => (fromClient ? clientFrame : writeServerFrame)(OPCODES.binary, Buffer.from(payload))))
      const reader = new WebSocketReader(fromClient, 1_000)
      const read = cut(bytes, places).flatMap((part) => [...reader.push(part)].map(({ payload }) => payload))
      assert.deepEqual(read, all.map((payload) => Buffer.from(payload)))
    }))
  })

  test('of 16 and 64 bits of length are read', () => {
    for (const length of [125, 126, 65_535, 65_536, 70_000]) {
      const [frame] = new WebSocketReader(false, 100_000).push(writeServerFrame(OPCODES.binary, Buffer.alloc(length, 7)))
      assert.equal(frame?.payload.length, length)
    }
  })

  test('that are too large, unmasked, of unknown kind or broken up where they must not be end the connection', () => {
    const push = (fromClient: boolean, bytes: Buffer) => () => [...new WebSocketReader(fromClient, 10).push(bytes)]
    assert.throws(push(false, writeServerFrame(OPCODES.binary, Buffer.alloc(11))), BrokenFrames)
    assert.throws(push(true, writeServerFrame(OPCODES.binary, Buffer.alloc(1))), BrokenFrames)
    assert.throws(push(false, clientFrame(OPCODES.binary, Buffer.alloc(1))), BrokenFrames)
    assert.throws(push(false, Buffer.from([0x83, 0])), BrokenFrames)
    assert.throws(push(false, Buffer.from([0xc2, 0])), BrokenFrames)
    assert.throws(push(false, Buffer.from([0x08, 0])), BrokenFrames)
    assert.throws(push(false, Buffer.from([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])), BrokenFrames)
  })
})

describe('SPDY frames', () => {
  test('give their data however they are split, and what is control as it came', () => {
    const frame = fc.record({ control: fc.boolean(), stream: fc.integer({ min: 1, max: 9 }), data: fc.uint8Array({ maxLength: 50 }), ends: fc.boolean() })
    fc.assert(fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, places) => {
      const bytes = Buffer.concat(frames.map(({ control, stream, data, ends }) => {
        const written = writeSpdyData(stream, Buffer.from(data), ends)
        if (control) written.writeUInt32BE(0x80030001, 0)
        return written
      }))
      const reader = new SpdyReader()
      const read = cut(bytes, places).flatMap((part) => reader.push(part))
      const again = Buffer.concat(read.map((piece) => (piece.kind === 'control' ? piece.bytes : piece.data)))
      assert.deepEqual(again, Buffer.concat(frames.map(({ control, data }, at) => (control ? wholeFrame(bytes, frames, at) : Buffer.from(data)))))
      assert.equal(read.filter((piece) => piece.kind === 'data' && piece.ends).length, frames.filter(({ control, ends }) => !control && ends).length)
      assert.equal(reader.isInControl, false)
    }))
  })
})

function wholeFrame(bytes: Buffer, frames: readonly { readonly data: Uint8Array }[], at: number): Buffer {
  const start = frames.slice(0, at).reduce((sum, { data }) => sum + 8 + data.length, 0)
  return bytes.subarray(start, start + 8 + (frames[at]?.data.length ?? 0))
}
