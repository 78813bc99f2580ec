import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { checkpointPath, FILE_ENTRIES, frontierPath, hashPath, historyPath, journalPath, signingKeyPath, verifierPath } from './layout.ts'
import type { Durability, LedgerLog } from './ledger-log.ts'
import { LedgerContradiction, openLedger, type LedgerOptions } from './open-ledger.ts'
import { readEntries } from './read-entries.ts'
import { verifyLedger } from './verify.ts'

const folder = (t: TestContext): string => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-ledger-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}
const options = (directory: string, more: Partial<LedgerOptions> = {}): LedgerOptions => (
  { directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail('no fault was expected'), ...more })
const written = (log: LedgerLog): Promise<void> => new Promise((resolve, reject) => {
  log.onWritten((error) => (error === undefined ? resolve() : reject(error)))
})
const texts = async (directory: string): Promise<string[]> => {
  const found: string[] = []
  for await (const entry of readEntries(directory)) {
    assert.equal(entry.index, found.length)
    found.push(entry.text)
  }
  return found
}
const verify = (directory: string) => verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
/** Leaves the directory as kill -9 would: entries written, not covered by a checkpoint. */
async function writtenWithoutCheckpoint(directory: string, covered: string[], uncovered: string[]): Promise<Record<string, Buffer>> {
  const { log } = await openLedger(options(directory, { checkpointIntervalMs: 3_600_000 }))
  for (const entry of covered) log.append(entry)
  await written(log)
  await log.checkpoint()
  for (const entry of uncovered) log.append(entry)
  await written(log)
  const saved = Object.fromEntries([checkpointPath, historyPath, frontierPath].map((path) => [path(directory), readFileSync(path(directory))]))
  await log.close()
  for (const [path, content] of Object.entries(saved)) writeFileSync(path, content)
  return saved
}

for (const durability of ['batched', 'strict'] as Durability[]) {
  test(`whatever is appended is read back in order after opening again, and verifies (${durability})`, async (t) => {
    const entry = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((text) => text.toWellFormed())
    await fc.assert(fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 20 }), { minLength: 1, maxLength: 5 }), async (rounds) => {
      const directory = folder(t)
      for (const round of rounds) {
        const { log } = await openLedger(options(directory, { durability }))
        for (const text of round) {
          log.append(text)
          if (text.length % 7 === 0) await written(log)
        }
        await log.close()
      }
      assert.deepEqual(await texts(directory), rounds.flat())
      const report = await verify(directory)
      assert.deepEqual([report.ok, report.covered, report.uncovered, report.tornBytes], [true, rounds.flat().length, 0, 0])
    }), { numRuns: 15 })
  })

  test(`callbacks come in the order of the calls, also without entries and when one throws (${durability})`, async (t) => {
    const thrown: unknown[] = []
    const { log } = await openLedger(options(folder(t), { durability, onCallerError: (error) => thrown.push(error) }))
    const order: number[] = []
    log.onWritten(() => order.push(1))
    log.append('{"a":1}')
    log.onWritten(() => {
      order.push(2)
      log.append('{"b":1}')
      log.onWritten(() => order.push(5))
      throw new Error('a bug of a caller')
    })
    log.onWritten(() => order.push(3))
    setImmediate(() => log.onWritten(() => order.push(4)))
    await written(log)
    await log.close()
    assert.match(String(thrown), /a bug of a caller/)
    assert.deepEqual(order.filter((number) => number !== 4), [1, 2, 3, 5])
    assert.ok(order.includes(4))
  })
}

test('all entries of a turn of the event loop go out in one write, and nobody is told before it', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory))
  const sizes: number[] = []
  for (let i = 0; i < 100; i++) {
    log.append('{"entry":1}')
    log.onWritten(() => sizes.push(statSync(journalPath(directory, 0)).size))
  }
  assert.equal(statSync(journalPath(directory, 0)).size, 0)
  await written(log)
  assert.equal(log.statistics.writes, 1)
  assert.deepEqual(new Set(sizes), new Set([100 * 13]))
  await log.close()
})

test('entries written few and many at a time count at once, and are hashed in their order', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory, { checkpointIntervalMs: 3_600_000 }))
  const entries: string[] = []
  for (const count of [1, 2, 126, 3, 700, 1, 130, 2]) {
    for (let i = 0; i < count; i++) {
      entries.push(`{"entry":${entries.length}}`)
      log.append(entries.at(-1) ?? '')
    }
    await written(log)
    assert.equal(log.size, entries.length)
    if (count === 126) continue
    // It covers what is written, whether that was hashed by then or not.
    await log.checkpoint()
    assert.equal(log.lastCheckpoint.size, entries.length)
  }
  await log.close()
  assert.deepEqual(await texts(directory), entries)
  const report = await verify(directory)
  assert.deepEqual([report.ok, report.covered, report.uncovered], [true, entries.length, 0])
})

test('strict durability waits for stable storage, once for all callers of a turn', async (t) => {
  const { log } = await openLedger(options(folder(t), { durability: 'strict' }))
  for (let turn = 1; turn <= 3; turn++) {
    for (let i = 0; i < 10; i++) log.append('{"entry":1}')
    await written(log)
    assert.equal(log.statistics.syncs, turn)
  }
  await log.close()
  const batched = await openLedger(options(folder(t)))
  batched.log.append('{"entry":1}')
  await written(batched.log)
  assert.equal(batched.log.statistics.syncs, 0)
  await batched.log.close()
})

test('an entry that is empty or too large is refused, and leaves nothing behind', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory))
  assert.throws(() => log.append(''), RangeError)
  assert.throws(() => log.append('x'.repeat(65_536)), RangeError)
  assert.throws(() => log.append('é'.repeat(32_768)), RangeError)
  log.append('é'.repeat(32_767))
  await log.close()
  assert.deepEqual(await texts(directory), ['é'.repeat(32_767)])
  assert.throws(() => log.append('late'), /closed/)
})

test('more than may wait for one write is refused instead of buffered', async (t) => {
  const { log } = await openLedger(options(folder(t)))
  const large = 'x'.repeat(65_535)
  assert.throws(() => {
    for (let i = 0; i < 2000; i++) log.append(large)
  }, /cannot keep up/)
  await log.close()
})

test('checkpoints are published by themselves while entries come in, and not while none do', async (t) => {
  const { log } = await openLedger(options(folder(t), { checkpointIntervalMs: 20 }))
  log.append('{"entry":1}')
  await written(log)
  while (log.lastCheckpoint.size < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  const count = log.statistics.checkpoints
  await new Promise((resolve) => setTimeout(resolve, 80))
  assert.equal(log.statistics.checkpoints, count)
  await log.close()
})

test('a second opener is turned away while the first is there', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory))
  await assert.rejects(openLedger(options(directory)), /in use/)
  await log.close()
  await (await openLedger(options(directory))).log.close()
})

test('the signing key is readable by its owner only, and another key or origin cannot go on with the log', async (t) => {
  const directory = folder(t)
  await (await openLedger(options(directory))).log.close()
  assert.equal(statSync(signingKeyPath(directory)).mode & 0o777, 0o600)
  await assert.rejects(openLedger(options(directory, { origin: 'other.example/ledger' })), /signed by/)
  rmSync(signingKeyPath(directory))
  await assert.rejects(openLedger(options(directory)), /signed by/)
})

test('entries behind the last checkpoint are taken on, and only an incomplete one is cut off', async (t) => {
  const directory = folder(t)
  await writtenWithoutCheckpoint(directory, ['{"a":1}'], ['{"b":1}', '{"c":1}'])
  appendFileSync(journalPath(directory, 0), Buffer.of(0, 200, 0x7b, 0x22))
  appendFileSync(historyPath(directory), 'test.example/ledger\n5\nabc')
  const before = await verify(directory)
  assert.deepEqual([before.ok, before.covered, before.uncovered, before.tornBytes], [true, 1, 2, 4])
  const { log, recovery } = await openLedger(options(directory))
  assert.deepEqual(recovery, { size: 3, covered: 1, adopted: 2, tornBytes: 4, tornHistoryBytes: 25, readAll: false })
  log.append('{"d":1}')
  await log.close()
  assert.deepEqual(await texts(directory), ['{"a":1}', '{"b":1}', '{"c":1}', '{"d":1}'])
  const after = await verify(directory)
  assert.deepEqual([after.ok, after.covered, after.checkpoints], [true, 4, 4])
})

test('zeros that a loss of power left behind are no entries', async (t) => {
  const directory = folder(t)
  await writtenWithoutCheckpoint(directory, ['{"a":1}'], ['{"b":1}'])
  appendFileSync(journalPath(directory, 0), Buffer.alloc(5000))
  const { log, recovery } = await openLedger(options(directory))
  assert.deepEqual([recovery.size, recovery.tornBytes], [2, 5000])
  await log.close()
  assert.ok((await verify(directory)).ok)
})

test('a log that contradicts its checkpoint is not opened, and the first bad entry is named', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory))
  for (let i = 0; i < 50; i++) log.append(JSON.stringify({ i }))
  await log.close()
  const journal = readFileSync(journalPath(directory, 0))
  const changed = Buffer.from(journal)
  changed.write('9', changed.indexOf('{"i":17}') + 5)
  writeFileSync(journalPath(directory, 0), changed)
  await assert.rejects(openLedger(options(directory)), (error) => {
    assert.ok(error instanceof LedgerContradiction)
    assert.match(error.message, /entry 17 \(journal\/00000000, byte 160\)/)
    return true
  })
  // Refusing changes nothing that would be needed as evidence.
  assert.equal((await verify(directory)).bad?.index, 17)
  truncateSync(journalPath(directory, 0), 100)
  await assert.rejects(openLedger(options(directory)), /a checkpoint covers 50 entries/)
  writeFileSync(journalPath(directory, 0), journal)
  await (await openLedger(options(directory))).log.close()
})

test('a log without any checkpoint is not opened as a new one', async (t) => {
  const directory = folder(t)
  await writtenWithoutCheckpoint(directory, ['{"a":1}'], [])
  rmSync(checkpointPath(directory))
  rmSync(historyPath(directory))
  await assert.rejects(openLedger(options(directory)), /there is no latest checkpoint/)
})

test('a log over several files opens from its newest file, and from all when the shortcut is missing or wrong', async (t) => {
  const directory = folder(t)
  const { log } = await openLedger(options(directory))
  const size = 2 * FILE_ENTRIES + 10
  for (let i = 0; i < size; i++) {
    log.append(`{"i":${i}}`)
    if (i % 50_000 === 0) await written(log)
  }
  await log.close()
  assert.deepEqual(readdirSync(join(directory, 'journal')), ['00000000', '00000001', '00000002'])
  assert.equal(statSync(hashPath(directory, 1)).size, FILE_ENTRIES * 32)
  assert.equal((await verify(directory)).covered, size)
  const reopen = async (): Promise<boolean> => {
    const { log: again, recovery } = await openLedger(options(directory))
    assert.equal(recovery.size, size)
    await again.close()
    return recovery.readAll
  }
  assert.equal(await reopen(), false)
  const frontier = readFileSync(frontierPath(directory), 'utf8')
  rmSync(frontierPath(directory))
  assert.equal(await reopen(), true)
  writeFileSync(frontierPath(directory), frontier.replace('"nodes":["', '"nodes":["AAAA'))
  assert.equal(await reopen(), true)
  rmSync(hashPath(directory, 1))
  assert.equal((await verify(directory)).bad?.what, 'hash-changed')
  assert.equal(await reopen(), true)
  assert.equal((await verify(directory)).ok, true)
  assert.equal((await texts(directory)).length, size)
})
