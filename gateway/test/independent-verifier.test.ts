import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ConsistencyProof, InclusionProof, routes } from '@sallyport/contract'
import fc from 'fast-check'
import { Hono } from 'hono'
import type { ApiServices } from '../src/api/api-services.ts'
import { serveLedger } from '../src/api/ledger-routes.ts'
import { audit } from '../src/ledger/audit.ts'
import { LogReader } from '../src/ledger/log-reader.ts'
import { openLedger } from '../src/ledger/open-ledger.ts'
import { writeTiles } from '../src/ledger/write-tiles.ts'
import { openSignedCheckpoint, rootOfPath, rootsOfConsistency, TiledLog, type Fetch, type TreeHead } from './support/independent-verifier.ts'

/** Just above one tile of level 1, so that there are tiles of three levels. */
const SIZES = [1, 255, 256, 257, 700, 65_536, 65_900]
const SIZE = 65_900
const entry = (index: number): string => `{"index":${index}}`

/** What a third party's tool would do: it knows the specifications, the prefix and the key. */
describe('a verifier written from the specifications alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-independent-'))
  const ledger = join(folder, 'ledger')
  const copy = join(folder, 'copy')
  const api = new Hono()
  const heads = new Map<number, { head: TreeHead; note: string }>()
  let key = ''

  const overHttp: Fetch = async (path) => {
    const response = await api.request(`/ledger/${path}`)
    assert.equal(response.status, 200, path)
    return Buffer.from(await response.arrayBuffer())
  }
  const fromFiles: Fetch = (path) => Promise.resolve(readFileSync(join(copy, path)))

  before(async () => {
    const { log } = await openLedger({ directory: ledger, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => assert.fail() })
    key = readFileSync(join(ledger, 'verifier.pub'), 'utf8')
    for (let index = 0; index < SIZE; index++) {
      log.append(entry(index))
      if (!SIZES.includes(index + 1)) continue
      await new Promise((resolve) => log.onWritten(resolve))
      await log.checkpoint()
      heads.set(index + 1, { head: openSignedCheckpoint(log.lastCheckpoint.note, key), note: log.lastCheckpoint.note })
    }
    await log.close()
    await writeTiles(ledger, key, copy)
    serveLedger(api, { ledgerReader: new LogReader(ledger, key), verifierKey: key } as unknown as ApiServices)
  })
  after(() => rmSync(folder, { recursive: true }))

  it('finds the same key, checkpoint and tiles over HTTP and in a static copy, and they lead to the signed root', async () => {
    assert.deepEqual(await overHttp('verifier.pub'), await fromFiles('verifier.pub'))
    for (const fetch of [overHttp, fromFiles]) {
      const head = openSignedCheckpoint((await fetch('checkpoint')).toString(), (await fetch('verifier.pub')).toString())
      assert.equal(head.size, SIZE)
      assert.deepEqual(await new TiledLog(fetch, SIZE).mth(0, SIZE), head.root)
    }
    assert.throws(() => openSignedCheckpoint(readFileSync(join(copy, 'checkpoint'), 'utf8').replace('65900', '65901'), key), /no signature/)
  })

  it('agrees on the inclusion of every entry, whichever made the proof', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...SIZES), fc.nat(), async (size, seed) => {
      const index = seed % size
      const { head } = heads.get(size) ?? assert.fail()
      const answer = InclusionProof.parse(await (await api.request(`${routes.inclusionProof}?index=${index}&size=${size}`)).json())
      const theirs = answer.hashes.map((hash) => Buffer.from(hash, 'base64'))
      // Tiles of a later tree serve an earlier one too.
      const log = new TiledLog(fromFiles, SIZE)
      assert.deepEqual(theirs, await log.auditPath(index, 0, size))
      assert.deepEqual(await log.entry(index), Buffer.from(entry(index)))
      assert.deepEqual(rootOfPath(await log.entry(index), index, size, theirs), head.root)
      assert.notDeepEqual(rootOfPath(Buffer.from('{"index":-1}'), index, size, theirs), head.root)
    }), { numRuns: 60 })
  })

  it('agrees that each checkpoint goes on from each earlier one', async () => {
    for (const second of SIZES) {
      for (const first of SIZES.filter((size) => size <= second)) {
        const answer = ConsistencyProof.parse(await (await api.request(`${routes.consistencyProof}?first=${first}&second=${second}`)).json())
        const theirs = answer.hashes.map((hash) => Buffer.from(hash, 'base64'))
        assert.deepEqual(theirs, await new TiledLog(overHttp, SIZE).consistency(first, 0, second))
        const [earlier, later] = [heads.get(first)?.head.root, heads.get(second)?.head.root] as [Buffer, Buffer]
        assert.deepEqual(rootsOfConsistency(first, second, earlier, theirs), { first: earlier, second: later })
      }
    }
  })

  it('takes for proved what `audit verify` does, and each checkpoint for one of this log', async () => {
    for (const { note } of heads.values()) {
      for (const path of [ledger, copy]) assert.partialDeepStrictEqual(await audit(path, key, { known: note }), { report: { ok: true, entries: SIZE } })
    }
  })
})
