import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { journalPath } from './layout.ts'
import { nodesOfTiles } from './node-source.ts'
import { openLedger } from './open-ledger.ts'
import { inclusionProof, verifyInclusion } from './proof.ts'
import { hashLeaf } from './merkle-tree.ts'
import { readEntries, readSessionEvents } from './read-entries.ts'
import { TileReader } from './tile-reader.ts'

test('the events of one session are found in order, and nothing that only quotes its id', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-read-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
  const entries = [
    { event: 'session.opened', session: 'a' }, { event: 'session.opened', session: 'b' },
    { event: 'operation.decided', session: 'b', text: 'select \'"session":"a"\'', nested: { session: 'a' } },
    { event: 'operation.decided', session: 'a', n: 1 }, { event: 'policy.applied' }, { event: 'session.closed', session: 'a' },
  ]
  for (const entry of entries) log.append(JSON.stringify(entry))
  await log.close()
  // An entry cut off by a crash is not read.
  appendFileSync(journalPath(directory, 0), Buffer.from('\0\x20{"event":"session.op', 'latin1'))
  const found: [number, string][] = []
  for await (const { index, event } of readSessionEvents(directory, 'a')) found.push([index, event.event])
  assert.deepEqual(found, [[0, 'session.opened'], [3, 'operation.decided'], [5, 'session.closed']])
  const indexes: number[] = []
  for await (const { index } of readEntries(directory, { from: 4 })) indexes.push(index)
  assert.deepEqual(indexes, [4, 5])
  const nodes = nodesOfTiles(new TileReader(directory))
  const proof = await inclusionProof(nodes, 3, 6)
  assert.ok(verifyInclusion(hashLeaf(Buffer.from(JSON.stringify(entries[3]))), 3, 6, proof, log.lastCheckpoint.root))
  await assert.rejects(inclusionProof(nodes, 3, 7), /does not hold the hashes of entry 6/)
})
