import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { attributeWords, readAttributes } from './attributes.ts'
import { ATTRIBUTE_FLAGS, FXP } from './message-types.ts'
import { PacketReader } from './packet-reader.ts'
import { readRequest, readWriteHead } from './request.ts'

const u32 = (value: number): Buffer => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])
const u64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
const str = (bytes: Buffer | string): Buffer => Buffer.concat([u32(Buffer.byteLength(bytes)), Buffer.from(bytes as string)])
const read = (type: number, ...fields: Buffer[]) => readRequest(type, new PacketReader(Buffer.concat(fields)))

const path = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 1)))
const handle = fc.uint8Array({ maxLength: 256 }).map((bytes) => Buffer.from(bytes))
const attributes = fc.record({
  size: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
  owner: fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined }),
  permissions: fc.option(fc.nat(0o7777), { nil: undefined }),
  times: fc.option(fc.tuple(fc.nat(), fc.nat()), { nil: undefined }),
})

function encode({ size, owner, permissions, times }: { size: bigint | undefined; owner: [number, number] | undefined; permissions: number | undefined; times: [number, number] | undefined }): Buffer {
  const flags = (size === undefined ? 0 : ATTRIBUTE_FLAGS.size) | (owner === undefined ? 0 : ATTRIBUTE_FLAGS.owner) |
    (permissions === undefined ? 0 : ATTRIBUTE_FLAGS.permissions) | (times === undefined ? 0 : ATTRIBUTE_FLAGS.times)
  return Buffer.concat([
    u32(flags), ...(size === undefined ? [] : [u64(size)]), ...(owner?.map(u32) ?? []), ...(permissions === undefined ? [] : [u32(permissions)]), ...(times?.map(u32) ?? []),
  ])
}

describe('a request', () => {
  test('of every kind is read back as it was written', () => {
    fc.assert(fc.property(path, path, handle, attributes, fc.bigInt({ min: 0n, max: 2n ** 50n }), fc.nat(), fc.nat(63), (one, two, name, wanted, offset, length, flags) => {
      const text = one.toString('latin1')
      const onPath = { kind: 'path', openFlags: 0, attributes: undefined }
      const set = readAttributes(new PacketReader(encode(wanted)))
      assert.deepEqual(read(FXP.open, str(one), u32(flags), encode(wanted)), { kind: 'path', name: 'open', paths: [text], openFlags: flags, attributes: set })
      assert.deepEqual(read(FXP.mkdir, str(one), encode(wanted)), { ...onPath, name: 'mkdir', paths: [text], attributes: set })
      assert.deepEqual(read(FXP.rename, str(one), str(two)), { ...onPath, name: 'rename', paths: [text, two.toString('latin1')] })
      assert.deepEqual(read(FXP.extended, str('hardlink@openssh.com'), str(one), str(two)), { ...onPath, name: 'hardlink', paths: [text, two.toString('latin1')] })
      const onHandle = { kind: 'handle', handle: name.toString('latin1'), offset: 0, length: 0, attributes: undefined }
      assert.deepEqual(read(FXP.close, str(name)), { ...onHandle, name: 'close' })
      assert.deepEqual(read(FXP.read, str(name), u64(offset), u32(length)), { ...onHandle, name: 'read', offset: Number(offset), length })
      assert.deepEqual(read(FXP.write, str(name), u64(offset), str(two)), { ...onHandle, name: 'write', offset: Number(offset), length: two.length })
      assert.deepEqual(read(FXP.fsetstat, str(name), encode(wanted)), { ...onHandle, name: 'fsetstat', attributes: set })
      assert.deepEqual(set.size, wanted.size)
      assert.deepEqual(set.permissions, wanted.permissions)
      assert.deepEqual(set.times, wanted.times && { access: wanted.times[0], modification: wanted.times[1] })
    }), { numRuns: 200 })
  })

  test('that is cut short, or has bytes left over, is malformed', () => {
    const whole: [number, Buffer][] = [
      [FXP.open, Buffer.concat([str('/a'), u32(1), u32(0)])], [FXP.rename, Buffer.concat([str('/a'), str('/b')])],
      [FXP.write, Buffer.concat([str('h'), u64(0n), str('data')])], [FXP.setstat, Buffer.concat([str('/a'), u32(4), u32(0o644)])],
      [FXP.extended, Buffer.concat([str('copy-data'), str('h'), u64(0n), u64(0n), str('i'), u64(0n)])],
    ]
    for (const [type, bytes] of whole) {
      for (let length = 0; length < bytes.length; length++) assert.throws(() => read(type, bytes.subarray(0, length)), MalformedFrameError)
      assert.throws(() => read(type, bytes, Buffer.from([0])), MalformedFrameError)
    }
  })

  test('with what a server might read in another way is malformed', () => {
    assert.throws(() => read(FXP.remove, str('/a\0/b')), /NUL/)
    assert.throws(() => read(FXP.remove, str('x'.repeat(4096))), /longer than 4095/)
    assert.throws(() => read(FXP.close, str('x'.repeat(257))), /longer than 256/)
    assert.throws(() => read(FXP.open, str('/a'), u32(64), u32(0)), /flags/)
    assert.throws(() => read(FXP.setstat, str('/a'), u32(0x10)), /flags/)
    assert.throws(() => read(FXP.read, str('h'), u64(2n ** 63n), u32(1)), /beyond any file/)
    assert.throws(() => read(FXP.setstat, str('/a'), u32(0x8000_0000), u32(65)), /too many/)
  })

  test('of a type or an extension that nobody knows is told apart, never thrown', () => {
    for (const type of [0, 1, 2, 21, 42, 101, 105, 199, 201, 255]) assert.equal(read(type, Buffer.from('anything')).kind, 'unsupported')
    assert.equal(read(FXP.extended, str('md5-hash'), Buffer.from('anything')).kind, 'unsupported')
  })

  test('of any bytes is read or malformed', () => {
    fc.assert(fc.property(fc.nat(255), fc.uint8Array({ maxLength: 64 }), (type, bytes) => {
      try {
        read(type, Buffer.from(bytes))
      } catch (error) {
        assert.ok(error instanceof MalformedFrameError)
      }
    }), { numRuns: 2000 })
  })
})

describe('the beginning of a write', () => {
  test('is read once its last field is there', () => {
    fc.assert(fc.property(handle, fc.bigInt({ min: 0n, max: 2n ** 50n }), fc.nat(100_000), (name, offset, length) => {
      const head = Buffer.concat([u32(21 + name.length + length), Buffer.from([FXP.write]), u32(7), str(name), u64(offset), u32(length)])
      const total = head.length + length
      for (let end = 0; end < head.length; end++) assert.equal(readWriteHead(head, 0, end, total), undefined)
      assert.deepEqual(readWriteHead(head, 0, head.length, total), { handle: name.toString('latin1'), offset: Number(offset), length, dataAt: head.length })
      assert.throws(() => readWriteHead(head, 0, head.length, total + 1), MalformedFrameError)
    }), { numRuns: 100 })
  })
})

test('attributes in words say what they would change', () => {
  const wanted = readAttributes(new PacketReader(Buffer.concat([u32(15), u64(5n), u32(1), u32(2), u32(0o104755), u32(10), u32(20)])))
  assert.equal(attributeWords(wanted), 'size=5 mode=04755 owner=1:2 times=10,20')
  assert.equal(attributeWords(readAttributes(new PacketReader(u32(0)))), '')
})
