import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FILE_ENTRIES, verifierPath } from './layout.ts'
import type { Durability, LedgerLog } from './ledger-log.ts'
import { openLedger } from './open-ledger.ts'
import { readEntries } from './read-entries.ts'
import { verifyLedger } from './verify.ts'

const told = (log: LedgerLog, entry: string): Promise<NodeJS.ErrnoException | undefined> => new Promise((resolve) => {
  log.append(entry)
  log.onWritten(resolve)
})

/** A real file system of some mebibytes, or the reason why there is none. */
function smallFileSystem(t: TestContext, mebibytes = 2): { directory: string } | { reason: string } {
  const mountPoint = mkdtempSync(join(tmpdir(), 'sallyport-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'sallyport-test', mountPoint], { stdio: 'pipe' })
  } catch (error) {
    rmSync(mountPoint, { recursive: true })
    return { reason: `mounting a small file system needs root: ${String(error).split('\n')[0]}` }
  }
  t.after(() => {
    execFileSync('umount', [mountPoint])
    rmSync(mountPoint, { recursive: true })
  })
  return { directory: mountPoint }
}

for (const durability of ['batched', 'strict'] as Durability[]) {
  test(`a full disk fails every entry until there is room again, and leaves none of them in the log (${durability})`, async (t) => {
    const small = smallFileSystem(t)
    if ('reason' in small) return t.skip(small.reason)
    const { directory } = small
    const ballast = join(directory, 'ballast')
    writeFileSync(ballast, Buffer.alloc(1 << 20))
    const changes: string[] = []
    const { log } = await openLedger({
      directory: join(directory, 'ledger'), origin: 'test.example/ledger', durability, checkpointIntervalMs: 30,
      onFault: (change) => changes.push(change.healthy ? 'healthy' : ((change.error as NodeJS.ErrnoException).code ?? change.error.message)),
    })
    const accepted: string[] = []
    let number = 0
    const attempt = async (size: number): Promise<string | undefined> => {
      const entry = JSON.stringify({ number: number++, filling: 'x'.repeat(size) })
      const error = await told(log, entry)
      if (error === undefined) accepted.push(entry)
      return error?.code
    }
    for (let fault = 0; fault < 3; fault++) {
      let code: string | undefined
      while (code === undefined) code = await attempt(30_000)
      assert.equal(code, 'ENOSPC')
      assert.equal(log.healthy, false)
      assert.ok(statfsSync(directory).bavail < 20)
      for (let i = 0; i < 20; i++) assert.equal(await attempt(60_000), 'ENOSPC')
      assert.equal(changes.length, 2 * fault + 1, 'told once')
      // The checkpoints that fall due meanwhile find no room either.
      await new Promise((resolve) => setTimeout(resolve, 100))
      truncateSync(ballast, (1 << 20) - (fault + 1) * 300_000)
      assert.equal(await attempt(10), undefined, 'the first entry with room is taken')
      assert.equal(log.healthy, true)
    }
    assert.deepEqual(changes, ['ENOSPC', 'healthy', 'ENOSPC', 'healthy', 'ENOSPC', 'healthy'])
    await log.close()
    const found: string[] = []
    for await (const { text } of readEntries(join(directory, 'ledger'))) found.push(text)
    assert.deepEqual(found, accepted)
    const report = await verifyLedger(join(directory, 'ledger'), readFileSync(verifierPath(join(directory, 'ledger')), 'utf8'))
    assert.deepEqual([report.ok, report.covered, report.tornBytes], [true, accepted.length, 0])
  })
}

test('a batch that fails in its second journal file leaves nothing in the first', async (t) => {
  const small = smallFileSystem(t, 5)
  if ('reason' in small) return t.skip(small.reason)
  const directory = join(small.directory, 'ledger')
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => undefined })
  for (let i = 0; i < FILE_ENTRIES - 6; i++) log.append('{}')
  assert.equal(await told(log, '{}'), undefined)
  await log.checkpoint()
  const ballast = join(small.directory, 'ballast')
  const { bavail, bsize } = statfsSync(small.directory)
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 400_000))
  for (let i = 0; i < 9; i++) log.append('x'.repeat(60_000))
  assert.equal((await told(log, 'x'.repeat(60_000)))?.code, 'ENOSPC')
  assert.deepEqual(readdirSync(join(directory, 'journal')), ['00000000'])
  rmSync(ballast)
  for (let i = 0; i < 9; i++) log.append(`{"i":${i}}`)
  assert.equal(await told(log, '{"i":9}'), undefined)
  await log.close()
  const found: string[] = []
  for await (const { text } of readEntries(directory, { from: FILE_ENTRIES - 6 })) found.push(text)
  assert.deepEqual(found, ['{}', ...Array.from({ length: 10 }, (_, i) => `{"i":${i}}`)])
  assert.equal((await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))).ok, true)
})

test('a ledger on a read-only file system is not opened, and opens when it is writable again', async (t) => {
  const small = smallFileSystem(t)
  if ('reason' in small) return t.skip(small.reason)
  const directory = join(small.directory, 'ledger')
  const first = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
  assert.equal(await told(first.log, '{"a":1}'), undefined)
  // Linux refuses to make it read-only while a file is open for writing.
  await first.log.close()
  execFileSync('mount', ['-o', 'remount,ro', small.directory])
  await assert.rejects(openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined }), /EROFS|readonly|read-only/)
  execFileSync('mount', ['-o', 'remount,rw', small.directory])
  const second = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
  assert.equal(second.recovery.size, 1)
  assert.equal(await told(second.log, '{"b":1}'), undefined)
  await second.log.close()
})
