import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { proveLedger } from '../../../test/support/ledger-records.ts'
import { setUpRecording } from '../../../test/support/recording-setup.ts'

const ROUNDS = 5
/** A second until a segment is cut, a fifth until somebody looks, and what a busy machine takes to write it. */
const MAX_LOST_MS = 2_500

async function killWhileRecording(folder: string, masterKey: Buffer, round: number): Promise<{ startedAtMs: number; killedAtMs: number; lastLine: number }> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('../../../test/support/recording-crash-process.ts')), folder, String(round), round % 2 === 0 ? 'batched' : 'strict'], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'], TEST_MASTER_KEY: masterKey.toString('base64') },
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const started = new Promise((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise((resolve) => child.once('close', resolve))
  await started
  const startedAtMs = Date.now()
  await delay(Math.random() * 3_500)
  const killedAtMs = Date.now()
  child.kill('SIGKILL')
  await ended
  return { startedAtMs, killedAtMs, lastLine: Number(output.trim().split('\n').at(-1)?.split(' ')[0]) }
}

test(`killed ${ROUNDS} times at random moments, a gateway loses the last moments of a stream and nothing else`, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-recording-crash-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const masterKey = randomBytes(32)
  let kept = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const { startedAtMs, killedAtMs, lastLine } = await killWhileRecording(folder, masterKey, round)
    const setup = await setUpRecording({ folder, masterKey })
    try {
      assert.equal((await proveLedger(setup.ledgerDirectory)).ok, true)
      for (let n = 0; n < 3; n += 1) {
        const text = (await setup.read(`round-${round}-${n}`)).map(({ bytes }) => bytes.toString('latin1')).join('')
        const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1).map((line) => line.split(' ').map(Number))
        if (n > 0) lines.forEach(([number], index) => assert.equal(number, index + 1, 'lines are there in order, without a gap'))
        const lastKeptAtMs = lines.at(-1)?.[1] ?? startedAtMs
        if ((lines.at(-1)?.[0] ?? 0) < lastLine) {
          assert.ok(killedAtMs - lastKeptAtMs < MAX_LOST_MS, `round ${round}: ${killedAtMs - lastKeptAtMs} ms were lost`)
        }
        kept += lines.length
      }
    } finally {
      await setup.close()
    }
  }
  assert.ok(kept > 1_000, `only ${kept} lines were kept in all`)
})
