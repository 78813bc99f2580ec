import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ContentDigest } from './content-digest.ts'

const sha256 = (bytes: Buffer): string => hash('sha256', bytes, 'hex')

describe('the digest of content', () => {
  test('is the same in whatever order its pieces come', () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes))
    const order = content.chain((bytes) => fc.tuple(fc.constant(bytes), fc.shuffledSubarray([...Array(Math.ceil(bytes.length / 16)).keys()], { minLength: Math.ceil(bytes.length / 16) })))
    fc.assert(fc.property(order, ([bytes, pieces]) => {
      const digest = new ContentDigest()
      for (const piece of pieces) digest.add(piece * 16, bytes, piece * 16, Math.min(bytes.length, piece * 16 + 16))
      assert.equal(digest.bytes, bytes.length)
      assert.equal(digest.finish(), sha256(bytes))
    }))
  })

  test('is absent where a piece is missing, came twice, or overlaps another', () => {
    const bytes = Buffer.from('0123456789')
    const of = (...pieces: [number, number][]): string | undefined => {
      const digest = new ContentDigest()
      for (const [start, end] of pieces) digest.add(start, bytes, start, end)
      return digest.finish()
    }
    assert.equal(of([0, 4], [4, 10]), sha256(bytes))
    for (const pieces of [[[2, 10]], [[0, 4], [6, 10]], [[0, 4], [0, 4], [4, 10]], [[0, 4], [3, 10]], [[4, 8], [5, 9], [0, 4]], [[4, 8], [4, 8], [0, 4]], []] as [number, number][][]) {
      assert.equal(of(...pieces), undefined, JSON.stringify(pieces))
    }
  })

  test('keeps no more early pieces than fit', () => {
    const piece = Buffer.alloc(64 * 1024)
    const digest = new ContentDigest()
    for (let at = 1; at <= 17; at++) digest.add(at * piece.length, piece, 0, piece.length)
    digest.add(0, piece, 0, piece.length)
    assert.equal(digest.finish(), undefined)
    assert.equal(digest.bytes, 18 * piece.length)
  })

  test('does not change when bytes that it was given are used again', () => {
    const digest = new ContentDigest()
    const early = Buffer.from('world')
    digest.add(5, early, 0, 5)
    early.fill(0)
    digest.add(0, Buffer.from('hello'), 0, 5)
    assert.equal(digest.finish(), sha256(Buffer.from('helloworld')))
  })
})
