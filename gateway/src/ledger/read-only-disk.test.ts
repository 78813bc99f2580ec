import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { journalPath, verifierPath } from './layout.ts'
import type { Durability, LedgerLog } from './ledger-log.ts'
import { openLedger } from './open-ledger.ts'
import { readEntries } from './read-entries.ts'
import { verifyLedger } from './verify.ts'

const told = (log: LedgerLog, entry: string): Promise<NodeJS.ErrnoException | undefined> => new Promise((resolve) => {
  log.append(entry)
  log.onWritten(resolve)
})
const run = (program: string, ...args: string[]): string => execFileSync(program, args, { stdio: 'pipe', encoding: 'utf8' })

/** An ext4 of its own, in a file, or the reason why there is none. */
function ownFileSystem(t: TestContext): { mountPoint: string; image: string } | { reason: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ext4-'))
  let mounted = false
  t.after(() => {
    if (mounted) run('umount', mountPoint)
    rmSync(folder, { recursive: true })
  })
  const image = join(folder, 'image')
  const mountPoint = join(folder, 'mounted')
  mkdirSync(mountPoint)
  writeFileSync(image, '')
  truncateSync(image, 24 << 20)
  try {
    run('mkfs.ext4', '-q', '-F', image)
    run('mount', '-o', 'loop', image, mountPoint)
    mounted = true
  } catch (error) {
    return { reason: `mounting a file system needs root, loop devices and mkfs.ext4: ${String(error).split('\n')[0]}` }
  }
  return { mountPoint, image }
}

async function entries(directory: string): Promise<string[]> {
  const found: string[] = []
  for await (const { text } of readEntries(directory)) found.push(text)
  return found
}

for (const durability of ['batched', 'strict'] as Durability[]) {
  test(`a file system that turns read-only at work takes nothing more, and holds all that was acknowledged when it is back (${durability})`, async (t) => {
    const own = ownFileSystem(t)
    if ('reason' in own) return t.skip(own.reason)
    const directory = join(own.mountPoint, 'ledger')
    const changes: string[] = []
    const { log } = await openLedger({
      directory, origin: 'test.example/ledger', durability, checkpointIntervalMs: 30,
      onFault: (change) => changes.push(change.healthy ? 'healthy' : ((change.error as NodeJS.ErrnoException).code ?? change.error.message)),
    })
    const accepted: string[] = []
    for (let i = 0; i < 50; i++) {
      assert.equal(await told(log, `{"i":${i}}`), undefined)
      accepted.push(`{"i":${i}}`)
    }
    await log.checkpoint()
    // What ext4 does by itself after an error of the device.
    run('mount', '-o', 'remount,abort', own.mountPoint)
    for (let i = 0; i < 10; i++) assert.ok(await told(log, '{"lost":true}') !== undefined)
    assert.deepEqual(changes, ['EROFS'])
    assert.equal(log.healthy, false)
    await log.close().catch(() => undefined)
    run('umount', own.mountPoint)
    run('mount', '-o', 'loop', own.image, own.mountPoint)
    const { log: again } = await openLedger({ directory, origin: 'test.example/ledger', durability, onFault: () => assert.fail() })
    assert.equal(await told(again, '{"after":true}'), undefined)
    await again.close()
    assert.deepEqual(await entries(directory), [...accepted, '{"after":true}'])
    assert.equal((await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))).ok, true)
  })
}

test('writes that fail for a while stop the ledger for that while, and it goes on by itself', async (t) => {
  const own = ownFileSystem(t)
  if ('reason' in own) return t.skip(own.reason)
  const directory = join(own.mountPoint, 'ledger')
  const changes: string[] = []
  const { log } = await openLedger({
    directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 30,
    onFault: (change) => changes.push(change.healthy ? 'healthy' : ((change.error as NodeJS.ErrnoException).code ?? change.error.message)),
  })
  assert.equal(await told(log, '{"a":1}'), undefined)
  for (let time = 0; time < 3; time++) {
    run('chattr', '+i', journalPath(directory, 0))
    for (let i = 0; i < 5; i++) assert.equal((await told(log, '{"lost":true}'))?.code, 'EPERM')
    assert.equal(log.healthy, false)
    run('chattr', '-i', journalPath(directory, 0))
    assert.equal(await told(log, `{"b":${time}}`), undefined)
    assert.equal(log.healthy, true)
  }
  assert.deepEqual(changes, ['EPERM', 'healthy', 'EPERM', 'healthy', 'EPERM', 'healthy'])
  await log.close()
  assert.deepEqual(await entries(directory), ['{"a":1}', '{"b":0}', '{"b":1}', '{"b":2}'])
  assert.equal((await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))).ok, true)
})
