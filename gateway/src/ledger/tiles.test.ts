import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { parseTilePath, tilePath, tilesOf } from '@sallyport/contract'
import { signCheckpoint } from './checkpoint.ts'
import { checkpointPath, FILE_ENTRIES, verifierPath } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { hashLeaf, MerkleTree } from './merkle-tree.ts'
import { openLedger } from './open-ledger.ts'
import { verifyConsistency, verifyInclusion } from './proof.ts'
import { loadOrCreateSigner } from './signing-key.ts'
import { verifyTiles } from './verify-tiles.ts'
import { writeTiles } from './write-tiles.ts'

/** Tiles of three levels, the last ones of each partial. */
const ENTRIES = FILE_ENTRIES + 4 * 256 + 17
const root = mkdtempSync(join(tmpdir(), 'sallyport-tiles-'))
const ledger = join(root, 'ledger')
const entry = (i: number): string => `{"i":${i}}`
let key = ''
let reader: LogReader
const roots = new Map<number, string>()

async function fill(directory: string, count: number): Promise<void> {
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => assert.fail() })
  for (let i = 0; i < count; i++) {
    log.append(entry(i))
    if (i % 20_000 === 0) await new Promise((resolve) => log.onWritten(resolve))
  }
  await log.close()
}

before(async () => {
  await fill(ledger, ENTRIES)
  key = readFileSync(verifierPath(ledger), 'utf8')
  reader = new LogReader(ledger, key)
  const tree = new MerkleTree()
  for (let i = 0; i < ENTRIES; i++) {
    tree.append(hashLeaf(Buffer.from(entry(i))))
    roots.set(tree.size, tree.root())
  }
})
after(() => rmSync(root, { recursive: true }))

const latin1 = (hashes: readonly Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('latin1'))

test('every path of a tile is read as it is written, and no other spelling of it is', () => {
  const level = fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 }))
  fc.assert(fc.property(level, fc.nat(2 ** 31 - 1), fc.integer({ min: 1, max: 256 }), (level, index, width) => {
    assert.deepEqual(parseTilePath(tilePath({ level, index, width })), { level, index, width })
  }))
  fc.assert(fc.property(fc.stringMatching(/^(\d{1,3}|entries)\/[x\d/]{1,12}(\.p\/\d{1,3})?$/), (path) => {
    const address = parseTilePath(path)
    if (address !== undefined) assert.equal(tilePath(address), path)
  }), { numRuns: 300 })
  assert.equal(tilePath({ level: 0, index: 1_234_067, width: 256 }), '0/x001/x234/067')
  for (const path of ['', '0', '0/1', '00/001', '64/001', '0/x000/001', '0/001.p/0', '0/001.p/256', '0/001.p/01', '0/001/../../../journal/00000000', 'entries/x001/x234', '-1/000', '0/000.p/']) {
    assert.equal(parseTilePath(path), undefined, path)
  }
})

test('a log of 70,000 entries has the tiles that the specification counts', () => {
  const counted = new Map<string, number>()
  for (const { level, width } of tilesOf(70_000)) counted.set(`${level}:${width}`, (counted.get(`${level}:${width}`) ?? 0) + 1)
  assert.deepEqual(Object.fromEntries(counted), { 'entries:256': 273, 'entries:112': 1, '0:256': 273, '0:112': 1, '1:256': 1, '1:17': 1, '2:1': 1 })
  assert.deepEqual([...tilesOf(256)].map(tilePath), ['entries/000', '0/000', '1/000.p/1'])
  assert.deepEqual([...tilesOf(0)], [])
})

test('tiles hold the nodes of the tree, bundles the entries, and nothing is given beyond the checkpoint', async () => {
  for (const [index, width] of [[0, 256], [1, 1], [255, 256], [256, 256], [260, 17], [260, 3]] as const) {
    const leaves = Array.from({ length: width }, (_, i) => hashLeaf(Buffer.from(entry(index * 256 + i))))
    assert.equal((await reader.hashTile(0, index, width))?.toString('latin1'), leaves.join(''))
    const frames = Array.from({ length: width }, (_, i) => Buffer.from(entry(index * 256 + i))).flatMap((bytes) => [Buffer.of(0, bytes.length), bytes])
    assert.deepEqual(await reader.entryBundle(index, width), Buffer.concat(frames))
  }
  assert.equal((await reader.hashTile(2, 0, 1))?.toString('latin1'), roots.get(FILE_ENTRIES))
  assert.equal((await reader.hashTile(1, 0, 1))?.toString('latin1'), roots.get(256))
  for (const [level, index, width] of [[0, 260, 18], [0, 261, 1], [1, 1, 5], [2, 0, 2], [3, 0, 1], [63, 0, 1]] as const) {
    assert.equal(await reader.hashTile(level, index, width), undefined)
  }
  assert.equal(await reader.entryBundle(260, 18), undefined)
})

test('proofs made of tiles prove every entry and every earlier tree', async () => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: ENTRIES }), fc.nat(), fc.nat(), async (size, a, b) => {
    const index = a % size
    const proof = latin1(await reader.inclusionProof(index, size))
    assert.ok(verifyInclusion(hashLeaf(Buffer.from(entry(index))), index, size, proof, roots.get(size) ?? ''))
    const first = 1 + (b % size)
    assert.ok(verifyConsistency(first, size, roots.get(first) ?? '', roots.get(size) ?? '', latin1(await reader.consistencyProof(first, size))))
  }), { numRuns: 40, examples: [[ENTRIES, 0, 0], [FILE_ENTRIES, FILE_ENTRIES - 1, 255], [1, 0, 0]] })
  await assert.rejects(reader.inclusionProof(0, ENTRIES + 1), RangeError)
  await assert.rejects(reader.inclusionProof(5, 5), RangeError)
  await assert.rejects(reader.consistencyProof(0, 5), RangeError)
})

test('a static copy of tiles of three levels holds', async () => {
  const copy = join(root, 'large')
  assert.equal(await writeTiles(ledger, key, copy), ENTRIES)
  assert.partialDeepStrictEqual(await verifyTiles(copy, key), { ok: true, entries: ENTRIES })
  assert.deepEqual(readdirSync(join(copy, 'tile', '2')), ['000.p'])
  writeFileSync(join(copy, 'tile', '2', '000.p', '1'), Buffer.alloc(32))
  assert.partialDeepStrictEqual((await verifyTiles(copy, key)).bad, { what: 'hash-changed', index: 0, last: FILE_ENTRIES - 1, file: 'tile/2/000.p/1' })
})

test('each file of a static copy that is changed, cut, grown or gone is named', async () => {
  const small = join(root, 'small')
  const copy = join(root, 'copy')
  const work = join(root, 'work')
  await fill(small, 600)
  const smallKey = readFileSync(verifierPath(small), 'utf8')
  await writeTiles(small, smallKey, copy)
  cpSync(copy, work, { recursive: true })
  const files = readdirSync(copy, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    .map((file) => relative(copy, join(file.parentPath, file.name))).filter((file) => file !== 'verifier.pub')
  assert.equal(files.length, 3 + 3 + 1 + 1)
  for (const file of files) {
    const content = readFileSync(join(copy, file))
    const flipped = Buffer.from(content)
    flipped.writeUInt8(content.readUInt8(content.length >> 1) ^ 4, content.length >> 1)
    for (const change of [flipped, content.subarray(0, -1), Buffer.concat([content, Buffer.of(7)]), undefined]) {
      if (change === undefined) rmSync(join(work, file))
      else writeFileSync(join(work, file), change)
      const { ok, bad } = await verifyTiles(work, smallKey)
      // A leaf hash that differs from its entry speaks of both.
      const expected = file.startsWith('tile/0/') ? /^tile\/(0|entries)\// : new RegExp(`^${file}$`)
      assert.equal(ok, false)
      assert.match(bad?.file ?? '', expected)
    }
    writeFileSync(join(work, file), content)
  }
  assert.equal((await verifyTiles(work, smallKey)).ok, true)
})

test('a static copy is compared with every checkpoint of an anchor', async () => {
  const [directory, copy] = [join(root, 'anchored'), join(root, 'anchored-copy')]
  await fill(directory, 300)
  const anchoredKey = readFileSync(verifierPath(directory), 'utf8')
  await writeTiles(directory, anchoredKey, copy)
  const latest = readFileSync(checkpointPath(directory), 'utf8')
  const signed = (size: number): string => signCheckpoint(size, 'x'.repeat(32), loadOrCreateSigner(directory, 'test.example/ledger')).note
  assert.partialDeepStrictEqual(await verifyTiles(copy, anchoredKey, { known: `${latest}\n` }), { ok: true, known: 1 })
  assert.partialDeepStrictEqual((await verifyTiles(copy, anchoredKey, { known: `${signed(17)}\n${latest}\n` })).bad, { what: 'entry-changed', last: 16 })
  assert.partialDeepStrictEqual((await verifyTiles(copy, anchoredKey, { known: `${latest}\n${signed(301)}\n` })).bad, { what: 'entry-missing', index: 300 })
})
