import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { verifierPath } from './layout.ts'
import type { Durability, LedgerLog } from './ledger-log.ts'
import { openLedger } from './open-ledger.ts'
import { readEntries } from './read-entries.ts'
import { verifyLedger } from './verify.ts'

const told = (log: LedgerLog, entry: string): Promise<NodeJS.ErrnoException | undefined> => new Promise((resolve) => {
  log.append(entry)
  log.onWritten(resolve)
})

/** A real file system of 2 MiB, or the reason why there is none. */
function smallFileSystem(t: TestContext): { directory: string } | { reason: string } {
  const mountPoint = mkdtempSync(join(tmpdir(), 'sallyport-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'sallyport-test', mountPoint], { stdio: 'pipe' })
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

test('a file system that turned read-only stops the log, and it goes on when it is writable again', async (t) => {
  const small = smallFileSystem(t)
  if ('reason' in small) return t.skip(small.reason)
  const directory = join(small.directory, 'ledger')
  const changes: boolean[] = []
  const first = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: (change) => changes.push(change.healthy) })
  assert.equal(await told(first.log, '{"a":1}'), undefined)
  // Linux refuses the change while files are open for writing: closing leaves one entry, opening again meets the fault.
  await first.log.close()
  execFileSync('mount', ['-o', 'remount,ro', small.directory])
  await assert.rejects(openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined }), /EROFS|readonly|read-only/)
  execFileSync('mount', ['-o', 'remount,rw', small.directory])
  const second = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
  assert.equal(second.recovery.size, 1)
  assert.equal(await told(second.log, '{"b":1}'), undefined)
  await second.log.close()
})
