import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, hash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { sealSegment, segmentName } from '../governance/recording/segment-format.ts'
import { formatManifest, parseManifest } from './bundle-format.ts'
import { makeBundle, type BundleSources } from './make-bundle.ts'
import { verifierPath } from './layout.ts'
import type { LedgerLog } from './ledger-log.ts'
import { openLedger } from './open-ledger.ts'
import { findOperation, proveEntry, verifyProofFile } from './proof-file.ts'
import { FileSegmentStore } from './segments/file-segment-store.ts'
import { verifierKey } from './signed-note.ts'
import { readTarHeader, tarHeader } from './tar.ts'
import { verifyBundle } from './verify-bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'))
const directory = join(root, 'ledger')
const store = new FileSegmentStore({ directory: join(root, 'recordings'), durability: 'batched' })
const dataKey = randomBytes(32)
let log: LedgerLog
let key = ''
let sources: BundleSources

const written = (): Promise<void> => new Promise((resolve, reject) => log.onWritten((error) => (error === undefined ? resolve() : reject(error))))
const append = (event: object): void => log.append(JSON.stringify(event))

/** One session in the midst of others; of its two segments the digests are in the log. */
before(async () => {
  ({ log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() }))
  for (let i = 0; i < 700; i++) {
    if (i === 3) append({ v: 1, event: 'session.opened', session: 'mine' })
    else if (i % 7 === 0) append({ v: 1, event: 'operation.decided', session: 'mine', n: i / 7 + 1, text: `select ${i}` })
    else append({ v: 1, event: 'operation.decided', session: `other-${i % 5}`, text: `select '"session":"mine"', ${i}` })
  }
  for (const segment of [1, 2]) {
    const sealed = await sealSegment(dataKey, 'mine', segment, Buffer.from(`rows of segment ${segment}`.repeat(50)))
    await store.put(segmentName('mine', segment), sealed)
    append({ v: 1, event: 'segment.sealed', session: 'mine', segment, bytes: sealed.length, sha256: hash('sha256', sealed, 'hex'), firstOperation: 1, lastOperation: 2 })
  }
  append({ v: 1, event: 'session.closed', session: 'mine' })
  append({ v: 1, event: 'session.opened', session: 'destroyed' })
  append({ v: 1, event: 'segment.sealed', session: 'destroyed', segment: 1, bytes: 5, sha256: '00', firstOperation: 1, lastOperation: 2 })
  append({ v: 1, event: 'recording.destroyed', at: 17, session: 'destroyed', segments: 1, reason: 'retention' })
  append({ v: 1, event: 'session.opened', session: 'lost' })
  append({ v: 1, event: 'segment.sealed', session: 'lost', segment: 1, bytes: 5, sha256: '00', firstOperation: 1, lastOperation: 2 })
  await written()
  key = readFileSync(verifierPath(directory), 'utf8')
  sources = { directory, verifierKey: key, store, keys: { reveal: (session) => Promise.resolve(session === 'mine' ? Buffer.from(dataKey) : undefined) }, sign: (text) => log.sign(text) }
})
after(async () => {
  await log.close()
  rmSync(root, { recursive: true })
})

async function bundle(session: string, more: Partial<BundleSources> = {}): Promise<string> {
  const path = join(root, `${session}.tar`)
  const parts: Buffer[] = []
  for await (const part of (await makeBundle(session, { ...sources, ...more })) ?? assert.fail()) parts.push(part)
  writeFileSync(path, Buffer.concat(parts))
  return path
}

test('a session leaves as one file that proves its events and its recording with the key alone', async () => {
  const path = await bundle('mine')
  assert.partialDeepStrictEqual(await verifyBundle(path, key), { ok: true, session: 'mine', entries: 104, segments: 2, opened: true })
  assert.equal(await makeBundle('none', sources), undefined)
})

test('tar lists and unpacks a bundle', async () => {
  const path = await bundle('mine')
  const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n')
  assert.deepEqual(names, ['checkpoint', 'verifier.pub', 'manifest', 'proof.json', 'entries', 'data.key', 'segments/00000001', 'segments/00000002'])
  assert.equal(execFileSync('tar', ['-xOf', path, 'checkpoint'], { encoding: 'utf8' }), log.lastCheckpoint.note)
})

test('a recording stays sealed where its key is gone, and what was destroyed is not missed', async () => {
  assert.partialDeepStrictEqual(await verifyBundle(await bundle('mine', { keys: { reveal: () => Promise.resolve(undefined) } }), key), { ok: true, segments: 2, opened: false })
  assert.partialDeepStrictEqual(await verifyBundle(await bundle('mine', { keys: 'left out' }), key), { ok: true, segments: 2, opened: false })
  assert.partialDeepStrictEqual(await verifyBundle(await bundle('destroyed'), key), { ok: true, segments: 0, destroyedAtMs: 17 })
  assert.partialDeepStrictEqual((await verifyBundle(await bundle('lost'), key)).bad, { what: 'segment-missing', file: 'segments/00000001' })
  assert.partialDeepStrictEqual((await verifyBundle(await bundle('mine', { keys: { reveal: () => Promise.resolve(randomBytes(32)) } }), key)).bad, { what: 'segment-changed', file: 'data.key' })
})

test('an event cannot be left out of a bundle, its hash passed for one of the others', async () => {
  const whole = await bundle('mine')
  assert.ok((await verifyBundle(whole, key)).ok)
  const { privateKey } = generateKeyPairSync('ed25519')
  const thief = verifierKey({ name: 'test.example/ledger', privateKey })
  assert.partialDeepStrictEqual((await verifyBundle(whole, thief)).bad, { what: 'checkpoint-invalid' })
  // The same statement about fewer entries, signed by nobody who may.
  const fewer = await bundle('mine', { sign: (text) => log.sign(text).replace(/ [\d-]+\n\n/, '\n\n') })
  assert.partialDeepStrictEqual((await verifyBundle(fewer, key)).bad, { what: 'proof-wrong', file: 'manifest' })
})

test('every byte of a bundle counts', async () => {
  const path = await bundle('mine')
  const whole = readFileSync(path)
  const work = join(root, 'work.tar')
  const check = async (content: Buffer, what: string): Promise<void> => {
    writeFileSync(work, content)
    const { ok, bad } = await verifyBundle(work, key)
    assert.equal(ok, false, what)
    assert.ok(bad !== undefined && bad.message !== '', what)
  }
  for (let at = 0; at < whole.length; at += 97) {
    const changed = Buffer.from(whole)
    changed[at] = (whole[at] ?? 0) ^ (1 << (at % 8))
    await check(changed, `byte ${at}`)
    await check(whole.subarray(0, at), `cut at ${at}`)
  }
  await check(Buffer.concat([whole, Buffer.alloc(512)]), 'longer')
})

test('manifests and archive headers are read as they are written, and in no other spelling', () => {
  const ascending = fc.uniqueArray(fc.nat(5_000), { minLength: 1, maxLength: 60 }).map((list) => list.toSorted((a, b) => a - b))
  fc.assert(fc.property(ascending, (indices) => {
    const manifest = { session: 'a-b_c', size: 5_001, indices }
    assert.deepEqual(parseManifest(formatManifest(manifest)), manifest)
  }))
  for (const text of ['3-3', '3 4', '5 3', '3-5 4', '3  7', '', '9', '03', '7-5']) assert.equal(parseManifest(`sallyport session bundle v1\ns\n9\n${text}\n`), undefined, text)
  fc.assert(fc.property(fc.stringMatching(/^[a-z.]{1,20}(\/[a-z.]{1,20}){0,3}$/), fc.nat(2 ** 31 - 1), (name, size) => {
    const header = tarHeader({ name, size })
    assert.deepEqual(readTarHeader(header), { name, size })
    header[300] = 1
    assert.ok('problem' in (readTarHeader(header) ?? {}))
  }))
  fc.assert(fc.property(fc.uint8Array({ minLength: 512, maxLength: 512 }), (bytes) => void readTarHeader(Buffer.from(bytes))))
})

test('the key of a log signs nothing of others that could pass for a checkpoint', () => {
  assert.throws(() => log.sign('test.example/ledger\n5\nabc\n'), /only the ledger itself/)
})

test('a proof of one entry holds with the key alone, and for no other entry, place or key', async () => {
  const index = await findOperation(directory, 'mine', 11)
  assert.equal(index, 70)
  assert.equal(await findOperation(directory, 'mine', 1_000), undefined)
  const { text, entry } = await proveEntry(directory, key, 70)
  assert.match(text, /^c2sp\.org\/tlog-proof@v1\nextra [\w+/=]+\nindex 70\n([\w+/]{43}=\n){10}\ntest\.example\/ledger\n/)
  assert.partialDeepStrictEqual(verifyProofFile(text, key), { ok: true, index: 70, entry: entry.toString() })
  const other = (await proveEntry(directory, key, 71)).text
  for (const changed of [
    text.replace('index 70', 'index 71'), text.replace('index 70', 'index 070'), text.replace(/extra .*/, other.split('\n')[1] ?? ''), text.replace('@v1', '@v2'),
    text.replace(/\n[\w+/]{43}=\n/, '\n'), text.replace(/\n\n/, `\n${'A'.repeat(43)}=\n\n`), text.slice(0, 100), '', text.replace(/ledger\n\d+/, 'ledger\n99'),
  ]) {
    assert.equal(verifyProofFile(changed, key).ok, false, changed.slice(0, 300))
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  assert.equal(verifyProofFile(text, verifierKey({ name: 'test.example/ledger', privateKey })).bad?.what, 'checkpoint-invalid')
  await assert.rejects(proveEntry(directory, key, 5_000), RangeError)
})
