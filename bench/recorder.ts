import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SessionRecorder } from '../gateway/src/governance/recording/stream.ts'
import { setUpRecording } from '../gateway/test/support/recording-setup.ts'

/**
 * What recording costs beside copying the same bytes into a buffer: in the call that the relay makes for each read, and in
 * all (compression, sealing, files), at rates that a session has and at full speed.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    mebibytes: { type: 'string', default: '512' },
  },
})
const rounds = Number(values.rounds)
const totalBytes = Number(values.mebibytes) << 20

/** DataRow messages of some 100 bytes, as different from each other as names, cities and amounts are. */
function makeRows(bytes: number): Buffer {
  const rows: Buffer[] = []
  const cities = ['Berlin', 'Hamburg', 'Lyon', 'Turin', 'Graz', 'Basel', 'Gdansk']
  for (let made = 0; made < bytes;) {
    const n = rows.length
    const cells = [String(100_000 + n), `${randomBytes(4).toString('hex')} ${randomBytes(3).toString('hex')}`, cities[n % 7] ?? '', `2026-0${1 + (n % 9)}-1${n % 10} 08:${10 + (n % 50)}:00`, (Math.random() * 1000).toFixed(2)]
    const body = cells.flatMap((cell) => [int32(cell.length), Buffer.from(cell)])
    const length = 6 + body.reduce((sum, part) => sum + part.length, 0)
    const row = Buffer.concat([Buffer.from('D'), int32(length), Buffer.from([0, cells.length]), ...body])
    rows.push(row)
    made += row.length
  }
  return Buffer.concat(rows).subarray(0, bytes)
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const rows = makeRows(8 << 20)
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
const round2 = (value: number): number => Math.round(value * 100) / 100

/** A plain copy of each range into a ring: the least that taking something down can cost. */
function plainCopy(): Pick<SessionRecorder, 'received'> {
  const ring = Buffer.alloc(16 * 1024 + (64 << 10))
  let at = 0
  return {
    received(_operation, bytes, start, end) {
      if (at > 16 * 1024) at = 0
      bytes.copy(ring, at, start, end)
      at += end - start
    },
  }
}

/** Nanoseconds a call takes, garbage collection included; operations change every `perOperation` calls. */
function callCost(recorder: Pick<SessionRecorder, 'received'>, size: number, calls: number, perOperation: number): number {
  const started = process.hrtime.bigint()
  for (let call = 0, at = 0; call < calls; call += 1) {
    if (at + size > rows.length) at = 0
    recorder.received(1 + Math.floor(call / perOperation), rows, at, at + size)
    at += size
  }
  return Number(process.hrtime.bigint() - started) / calls
}

async function calls(size: number, perOperation: number) {
  const setup = await setUpRecording({ memoryBytes: 256 << 20 })
  const found = { recorder: [] as number[], copy: [] as number[] }
  try {
    const recorder = await setup.open('bench')
    for (let round = 0; round <= rounds; round += 1) {
      // Below what makes it full, so that the calls alone are measured.
      const count = Math.floor((3 << 20) / (size + 13))
      const cost = callCost(recorder, size, count, perOperation)
      const copy = callCost(plainCopy(), size, count, perOperation)
      if (round > 0) {
        found.recorder.push(cost)
        found.copy.push(copy)
      }
      while (setup.recordings.heldBytes > 64 << 10) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await recorder.close()
  } finally {
    await setup.close()
  }
  return { bytes: size, callsAnOperation: perOperation, nanoseconds: round2(median(found.recorder)), plainCopy: round2(median(found.copy)), ratio: round2(median(found.recorder.map((cost, index) => cost / (found.copy[index] ?? 1)))) }
}

/** Everything, as fast as it goes: CPU of all threads, memory, and what is left of the bytes on disk. */
async function everything(size: number) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const setup = await setUpRecording({ folder })
  let mostRss = 0
  try {
    const recorder = await setup.open('bench')
    const before = process.cpuUsage()
    const started = performance.now()
    let operation = 0
    for (let done = 0, at = 0; done < totalBytes; done += size) {
      if (at + size > rows.length) at = 0
      recorder.received((operation += 1), rows, at, at + size)
      at += size
      if (recorder.full) {
        await new Promise<void>((resolve) => (recorder.onRoom = resolve))
        mostRss = Math.max(mostRss, process.memoryUsage.rss())
      }
    }
    await recorder.close()
    const seconds = (performance.now() - started) / 1000
    const cpu = process.cpuUsage(before)
    let stored = 0
    for await (const name of setup.store.list('')) stored += (await setup.store.get(name))?.length ?? 0
    const cpuSeconds = (cpu.user + cpu.system) / 1e6
    return {
      bytesACall: size, mebibytes: Number(values.mebibytes), mebibytesASecond: Math.round(totalBytes / (1 << 20) / seconds),
      cpuSecondsAGigabyte: round2(cpuSeconds / (totalBytes / 1e9)), cpuMicrosACall: round2((cpuSeconds * 1e6) / (totalBytes / size)),
      compression: round2(totalBytes / stored), mostMemoryMiB: Math.round(mostRss / (1 << 20)),
    }
  } finally {
    await setup.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const report = {
  calls: [await calls(100, 1), await calls(200, 1), await calls(200, 50), await calls(1_000, 10), await calls(64 << 10, 1)],
  everything: [await everything(200), await everything(64 << 10)],
}
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else {
  process.stdout.write('one call of received(), nanoseconds; the least is a plain copy\n')
  console.table(report.calls)
  process.stdout.write('everything: compressed, sealed, in files, digests in the ledger; CPU of all threads\n')
  console.table(report.everything)
}
