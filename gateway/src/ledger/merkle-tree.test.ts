import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { EMPTY_ROOT, hashFramedLeaf, hashLeaf, MerkleTree } from './merkle-tree.ts'
import type { NodeSource } from './node-source.ts'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from './proof.ts'

/** RFC 6962 §2.1 word for word, recursive, sharing no code with what it checks. */
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
function mth(entries: Buffer[]): Buffer {
  if (entries.length === 0) return sha256()
  if (entries.length === 1) return sha256(Buffer.of(0), entries[0] as Buffer)
  const k = largestPowerBelow(entries.length)
  return sha256(Buffer.of(1), mth(entries.slice(0, k)), mth(entries.slice(k)))
}
function path(m: number, entries: Buffer[]): Buffer[] {
  if (entries.length === 1) return []
  const k = largestPowerBelow(entries.length)
  return m < k ? [...path(m, entries.slice(0, k)), mth(entries.slice(k))] : [...path(m - k, entries.slice(k)), mth(entries.slice(0, k))]
}
function subproof(m: number, entries: Buffer[], complete: boolean): Buffer[] {
  if (m === entries.length) return complete ? [] : [mth(entries)]
  const k = largestPowerBelow(entries.length)
  return m <= k
    ? [...subproof(m, entries.slice(0, k), complete), mth(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), mth(entries.slice(0, k))]
}
function largestPowerBelow(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1))
}

const hex = (hash: string): string => Buffer.from(hash, 'latin1').toString('hex')
const entryList = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)), { maxLength: 70 })
const nodesOf = (entries: Buffer[]): NodeSource => async (level, index) =>
  mth(entries.slice(index * 2 ** level, (index + 1) * 2 ** level)).toString('latin1')

function grow(entries: Buffer[]): MerkleTree {
  const tree = new MerkleTree()
  for (const entry of entries) tree.append(hashLeaf(entry))
  return tree
}

test('the root after each entry is the one of RFC 6962', () => {
  assert.equal(hex(EMPTY_ROOT), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  fc.assert(fc.property(entryList, (entries) => {
    const tree = new MerkleTree()
    assert.equal(hex(tree.root()), mth([]).toString('hex'))
    entries.forEach((entry, index) => {
      tree.append(hashLeaf(entry))
      assert.equal(hex(tree.root()), mth(entries.slice(0, index + 1)).toString('hex'))
    })
  }), { numRuns: 60 })
})

test('the known roots of the Certificate Transparency test vectors come out', () => {
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  assert.equal(hex(grow(inputs.map((input) => Buffer.from(input, 'hex'))).root()), '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
})

test('a framed entry has the same leaf hash as the bare one, and its bytes stay as they were', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 700 }), (bytes) => {
    const framed = Buffer.concat([Buffer.from('before'), Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes, Buffer.from('after')])
    const copy = Buffer.from(framed)
    assert.equal(hex(hashFramedLeaf(framed, 6, bytes.length)), sha256(Buffer.of(0), Buffer.from(bytes)).toString('hex'))
    assert.deepEqual(framed, copy)
  }))
})

test('a tree taken up again from its frontier grows to the same root', () => {
  fc.assert(fc.property(entryList, fc.nat(3), (entries, level) => {
    const whole = grow(entries)
    const size = Math.floor(entries.length / 2 ** level) * 2 ** level
    const resumed = MerkleTree.resume(size, whole.frontier(level))
    for (const entry of entries.slice(size)) resumed.append(hashLeaf(entry))
    assert.equal(hex(resumed.root()), hex(whole.root()))
  }), { numRuns: 60 })
})

test('inclusion proofs are those of RFC 6962, prove their entry, and no other', async () => {
  await fc.assert(fc.asyncProperty(entryList.filter((entries) => entries.length > 0), fc.nat(), async (entries, seed) => {
    const index = seed % entries.length
    const proof = await inclusionProof(nodesOf(entries), index, entries.length)
    assert.deepEqual(proof.map(hex), path(index, entries).map((hash) => hash.toString('hex')))
    const root = grow(entries).root()
    const leaf = hashLeaf(entries[index] as Buffer)
    assert.ok(verifyInclusion(leaf, index, entries.length, proof, root))
    assert.ok(!verifyInclusion(hashLeaf(Buffer.from('another entry')), index, entries.length, proof, root))
    assert.ok(!verifyInclusion(leaf, index, entries.length, [...proof, root], root))
    if (proof.length > 0) assert.ok(!verifyInclusion(leaf, index, entries.length, proof.slice(1), root))
  }), { numRuns: 60 })
})

test('consistency proofs are those of RFC 6962, and fail for a tree that was rewritten', async () => {
  await fc.assert(fc.asyncProperty(entryList.filter((entries) => entries.length > 1), fc.nat(), async (entries, seed) => {
    const first = 1 + (seed % entries.length)
    const proof = await consistencyProof(nodesOf(entries), first, entries.length)
    assert.deepEqual(proof.map(hex), subproof(first, entries, true).map((hash) => hash.toString('hex')))
    const early = grow(entries.slice(0, first)).root()
    const late = grow(entries).root()
    assert.ok(verifyConsistency(first, entries.length, early, late, proof))
    const rewritten = grow([Buffer.from('another entry'), ...entries.slice(1)]).root()
    assert.ok(!verifyConsistency(first, entries.length, early, rewritten, proof))
    assert.ok(!verifyConsistency(first, entries.length, rewritten, late, proof))
  }), { numRuns: 60 })
})

test('a proof of what is not there is an error', async () => {
  const nodes = nodesOf([Buffer.from('a')])
  await assert.rejects(inclusionProof(nodes, 1, 1), RangeError)
  await assert.rejects(consistencyProof(nodes, 0, 1), RangeError)
  await assert.rejects(consistencyProof(nodes, 2, 1), RangeError)
})
