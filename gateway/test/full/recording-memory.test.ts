import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setUpRecording } from '../support/recording-setup.ts'

const TOTAL_BYTES = 10e9
const SESSIONS = 8
const MEMORY_BYTES = 64 << 20
/** One session after the other is closed and its segments removed, so that the disk need not hold them all. */
const SESSION_BYTES = 250e6

test('memory stays flat while 10 GB are recorded, faster than they can be kept', async (t) => {
  const setup = await setUpRecording({ memoryBytes: MEMORY_BYTES })
  t.after(() => setup.close())
  // Half as random as can be, half as regular: compressed to about a half.
  const bytes = Buffer.concat(Array.from({ length: 512 }, (_, n) => (n % 2 === 0 ? randomBytes(512) : Buffer.alloc(512, `row ${n}`))))
  const rss: number[] = []
  let recorded = 0
  let mostHeld = 0
  let sessions = 0
  const before = process.cpuUsage()
  const startedAt = performance.now()

  async function client(): Promise<void> {
    while (recorded < TOTAL_BYTES) {
      const id = `session-${(sessions += 1)}`
      const recorder = await setup.open(id, { rows: 'all' })
      let own = 0
      for (let operation = 1; own < SESSION_BYTES && recorded < TOTAL_BYTES; operation += 1) {
        const length = operation % 3 === 0 ? 64 << 10 : 200
        const start = (operation * 977) % (bytes.length - length)
        recorder.received(operation, bytes, start, start + length)
        own += length
        recorded += length
        if (recorder.full) await new Promise<void>((resolve) => (recorder.onRoom = resolve))
        mostHeld = Math.max(mostHeld, setup.recordings.heldBytes)
      }
      await recorder.close()
      for await (const name of setup.store.list(`${id}/`)) await setup.store.delete(name)
      rss.push(process.memoryUsage.rss())
    }
  }
  await Promise.all(Array.from({ length: SESSIONS }, client))

  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(before)
  const mebibytes = (value: number) => Math.round(value / (1 << 20))
  t.diagnostic(`${(recorded / 1e9).toFixed(1)} GB in ${seconds.toFixed(0)} s, ${(recorded / 1e6 / seconds).toFixed(0)} MB a second, ${((user + system) / 1e6 / (recorded / 1e9)).toFixed(1)} s of CPU a GB`)
  t.diagnostic(`resident: ${rss.filter((_, index) => index % 4 === 3).map(mebibytes).join(', ')} MiB; waiting to be kept: ${mebibytes(mostHeld)} MiB at most`)
  assert.ok(mostHeld <= MEMORY_BYTES + SESSIONS * (128 << 10), `${mostHeld}`)
  const early = Math.max(...rss.slice(4, rss.length / 2))
  const late = Math.max(...rss.slice(rss.length / 2))
  assert.ok(late < early * 1.15 + (16 << 20), `${mebibytes(early)} MiB in the first half, ${mebibytes(late)} in the second`)
  assert.ok(late < 600 << 20, `${mebibytes(late)} MiB`)
})
