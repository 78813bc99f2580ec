import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../../test/support/eventually.ts'
import { checkpointPath, journalPath, verifierPath } from './layout.ts'
import type { LedgerLog } from './ledger-log.ts'
import { openLedger } from './open-ledger.ts'
import { SelfCheck, type SelfCheckOptions } from './self-check.ts'

describe('the check of the ledger in the background', () => {
  let directory: string
  let ledger: LedgerLog
  let check: SelfCheck | undefined
  const failed: { size: number; finding: string }[] = []
  const errors: unknown[] = []

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-check-'))
    failed.length = 0
    errors.length = 0
    ;({ log: ledger } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined, checkpointIntervalMs: 3_600_000 }))
  })
  afterEach(async () => {
    await check?.close()
    await ledger.close().catch(() => undefined)
    rmSync(directory, { recursive: true })
  })

  function start(options: Partial<SelfCheckOptions> = {}): SelfCheck {
    check = new SelfCheck({
      directory, verifierKey: readFileSync(verifierPath(directory), 'utf8'), everyMs: 20, sliceEntries: 10, pauseMs: 1,
      onFailed: (what) => failed.push(what), onError: (error) => errors.push(error), ...options,
    })
    return check
  }

  async function write(count: number): Promise<void> {
    for (let n = 0; n < count; n++) ledger.append(`{"v":1,"n":${n},"text":"${'x'.repeat(n % 50)}"}`)
    await new Promise<void>((resolve, reject) => ledger.onWritten((error) => (error === undefined ? resolve() : reject(error))))
    await ledger.checkpoint()
  }

  /** At once, as the gateway does: a check must not read half of it. */
  function putCheckpoint(note: string | Buffer): void {
    const path = checkpointPath(directory)
    writeFileSync(`${path}.new`, note)
    renameSync(`${path}.new`, path)
  }

  test('proves what is there, then what is added, across files', async () => {
    await write(200)
    const running = start({ sliceEntries: 2048 })
    await eventually('the first part is proved', () => running.status.size === 200)
    await write(66_000)
    await eventually('the rest is proved', () => running.status.size === 66_200)
    assert.equal(running.status.state, 'proved')
    assert.deepEqual([failed, errors], [[], []])
  })

  test('names the entry that was changed, once', async () => {
    await write(100)
    const path = journalPath(directory, 0)
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('"n":42') + 5] = 0x39
    writeFileSync(path, bytes)
    const running = start()
    await eventually('it is found', () => failed.length > 0)
    await delay(100)
    assert.equal(failed.length, 1)
    assert.match(failed[0]?.finding ?? '', /^entry 42 .*this is not the entry that was signed/)
    assert.equal(running.status.state, 'failed')
  })

  test('notices what was cut off, and a checkpoint put back or signed by another', async () => {
    await write(100)
    const old = readFileSync(checkpointPath(directory), 'utf8')
    await write(100)
    const running = start()
    await eventually('all is proved', () => running.status.size === 200)
    putCheckpoint(old)
    await eventually('it is found', () => failed.length > 0)
    assert.match(failed[0]?.finding ?? '', /covers 100 entries, an earlier one covered 200/)

    putCheckpoint(old.replace(/— \S+ \S/, (found) => `${found}A`))
    start()
    await eventually('the signature is wrong', () => failed.length > 1)
    assert.match(failed[1]?.finding ?? '', /cannot be trusted/)
  })

  test('notices that the journal is shorter than what was signed', async () => {
    await write(100)
    writeFileSync(journalPath(directory, 0), readFileSync(journalPath(directory, 0)).subarray(0, 500))
    start()
    await eventually('it is found', () => failed.length > 0)
    assert.match(failed[0]?.finding ?? '', /entry/)
  })

  test('tries again when files cannot be read', async () => {
    await write(10)
    const note = readFileSync(checkpointPath(directory))
    rmSync(checkpointPath(directory))
    const running = start()
    await eventually('it cannot be read', () => errors.length > 0)
    putCheckpoint(note)
    await eventually('it is proved', () => running.status.state === 'proved')
    assert.deepEqual(failed, [])
  })

  test('ends at once when the gateway stops', async () => {
    await write(5_000)
    const running = start({ sliceEntries: 1, pauseMs: 50 })
    await delay(60)
    const began = Date.now()
    await running.close()
    assert.ok(Date.now() - began < 1_000)
    assert.equal(running.status.state, 'waiting')
  })
})
