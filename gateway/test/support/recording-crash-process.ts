import { writeSync } from 'node:fs'
import { setUpRecording } from './recording-setup.ts'

/** Records numbered lines into three sessions until it is killed, telling on standard output which were recorded. */
const [folder = '', round = '', durability = ''] = process.argv.slice(2)
const masterKey = Buffer.from(process.env['TEST_MASTER_KEY'] ?? '', 'base64')
const setup = await setUpRecording({ folder, masterKey, durability: durability === 'strict' ? 'strict' : 'batched' })
const recorders = await Promise.all([0, 1, 2].map((n) => setup.open(`round-${round}-${n}`)))
let line = 0
setInterval(() => {
  for (let burst = 0; burst < 20; burst += 1) {
    line += 1
    for (const [n, recorder] of recorders.entries()) {
      // One fills segments, the others leave them to time.
      const bytes = Buffer.from(`${line} ${Date.now()} ${'x'.repeat(n === 0 ? 20_000 : line % 50)}\n`)
      if (!recorder.full) recorder.received(1 + Math.floor(line / 50), bytes, 0, bytes.length)
    }
  }
  writeSync(1, `${line} ${Date.now()}\n`)
}, 10)
