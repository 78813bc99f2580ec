import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RecordedEvent } from '../gateway/src/governance/recording/event-schema.ts'
import { parseSearch } from '../gateway/src/governance/recording/parse-search.ts'
import { Indexer } from '../gateway/src/indexing/indexer.ts'
import { LedgerIndex } from '../gateway/src/indexing/ledger-index.ts'
import type { LedgerLog } from '../gateway/src/ledger/ledger-log.ts'
import { openLedger } from '../gateway/src/ledger/open-ledger.ts'
import { openIndexStore } from '../gateway/src/storage/open-index-store.ts'
import { median } from './report.ts'
import { percentile, sessionsOf } from './search-load.ts'

/**
 * Indexes a ledger of many distinct operations, then searches it in a dozen ways, through the thread that the gateway uses. To reach:
 * a median under 200 ms with 1,000,000 operations in SQLite.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    operations: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '15' },
  },
})
const operations = Number(values.operations)
const folder = mkdtempSync(join(tmpdir(), 'sallyport-search-'))
const say = (words: string): void => {
  if (!values.json) process.stdout.write(`${words}\n`)
}

const QUERIES = [
  'table:customers action:update agent:agent-3 since:29d "refund"',
  'table:customers',
  'decision:deny since:24h',
  'agent:agent-7 table:payments action:delete',
  'error:*',
  'error:42P01 table:orders',
  'chargeback',
  'refu*',
  '"order by placed at desc"',
  '"desc placed by order"',
  'since:1h',
  'until:20d',
  '-decision:allow -table:customers',
  '-action:select,insert,update,delete',
  'cust st1 -agent:agent-1',
  'purpose:"ticket 77"',
  'session:s-000123*',
]

try {
  const directory = join(folder, 'ledger')
  const { log } = await openLedger({ directory, origin: 'bench.example/ledger', durability: 'batched', onFault: () => undefined, checkpointIntervalMs: 3_600_000 })
  await fill(log)
  const indexing = await index(log, directory)
  say(`indexed ${operations} operations: ${indexing.operationsPerSecond} operations/s, ${indexing.cpuMicroseconds} µs of CPU each, ` +
    `${indexing.bytesPerOperation} bytes each; of hot loops: ${indexing.repeatedCpuMicroseconds} µs of CPU a repetition, ` +
    `${indexing.integersCpuMicroseconds} where an integer differs, ${indexing.distinctCpuMicroseconds} where a name does`)
  const searches = await search(log, directory)
  const all = searches.map(({ medianMs }) => medianMs)
  const report = { operations, indexing, searches, medianMs: median(all), slowestMedianMs: Math.max(...all), blockedMs: Math.max(...searches.map(({ blockedMs }) => blockedMs)) }
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else {
    console.table(searches)
    say(`median of all kinds ${report.medianMs.toFixed(1)} ms, of the slowest kind ${report.slowestMedianMs.toFixed(1)} ms (to reach: under 200 ms); ` +
      `the gateway's event loop waited at most ${report.blockedMs.toFixed(1)} ms`)
  }
  await log.close()
} finally {
  rmSync(folder, { recursive: true })
}

async function fill(log: LedgerLog): Promise<void> {
  let waiting = 0
  for (const event of sessionsOf(operations, Date.now())) {
    log.append(JSON.stringify(event))
    waiting += 1
    if (waiting % 5_000 === 0) await written(log)
  }
  await written(log)
}

function written(log: LedgerLog): Promise<void> {
  return new Promise((resolve, reject) => {
    log.onWritten((error) => (error === undefined ? resolve() : reject(error)))
  })
}

interface Indexing {
  readonly operationsPerSecond: number
  readonly cpuMicroseconds: number
  readonly bytesPerOperation: number
  readonly repeatedCpuMicroseconds: number
  /** Of hot loops whose statements differ in an integer, or in a name. */
  readonly integersCpuMicroseconds: number
  readonly distinctCpuMicroseconds: number
}

/** In this thread, so that its CPU time is nothing else's. */
async function index(log: LedgerLog, directory: string): Promise<Indexing> {
  const path = join(folder, 'index.db')
  const store = await openIndexStore({ kind: 'sqlite', path }, 'bench')
  const indexer = await Indexer.open(store, directory)
  const { seconds, cpuMicroseconds } = await measured(async () => {
    while (await indexer.step(log.size));
  })
  const bytes = statSync(path).size
  const loop = async (of: (n: number) => string): Promise<number> => {
    const repetitions = 100_000
    for (const event of hotLoop(repetitions, of)) log.append(JSON.stringify(event))
    await written(log)
    const measure = await measured(async () => {
      while (await indexer.step(log.size));
    })
    return round1(measure.cpuMicroseconds / repetitions)
  }
  const repeatedCpuMicroseconds = await loop(() => 'select c.name, c.city from customers c where c.id = 4711')
  const integersCpuMicroseconds = await loop((n) => `select c.name, c.city from customers c where c.id = ${1_000_000 + n}`)
  const distinctCpuMicroseconds = await loop((n) => `select c.name, c.city from customers c where c.id = 'k${1_000_000 + n}'`)
  await indexer.close()
  await store.close()
  return {
    operationsPerSecond: Math.round(operations / seconds), cpuMicroseconds: round1(cpuMicroseconds / operations),
    bytesPerOperation: Math.round(bytes / operations), repeatedCpuMicroseconds, integersCpuMicroseconds, distinctCpuMicroseconds,
  }
}

/** One session that says such things again and again. */
function hotLoop(repetitions: number, text: (n: number) => string): RecordedEvent[] {
  const [opened, decided, finished] = [...sessionsOf(1, Date.now())]
  if (opened?.event !== 'session.opened' || decided?.event !== 'operation.decided' || finished?.event !== 'operation.finished') throw new Error('the load has another shape')
  const session = `hot-${randomUUID()}`
  const each = Array.from({ length: repetitions }, (_, n) => {
    const at = decided.at + Math.floor(n / 20)
    return [{ ...decided, at, session, n: n + 1, text: text(n) }, { ...finished, at, session, n: n + 1 }]
  })
  return [{ ...opened, session }, ...each.flat()]
}

async function measured(work: () => Promise<void>): Promise<{ seconds: number; cpuMicroseconds: number }> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { seconds: (performance.now() - started) / 1000, cpuMicroseconds: user + system }
}

interface Timing {
  readonly query: string
  readonly found: number
  readonly medianMs: number
  readonly p99Ms: number
  /** Longest that the asking thread's event loop was held up meanwhile. */
  readonly blockedMs: number
}

async function search(log: LedgerLog, directory: string): Promise<Timing[]> {
  const index = new LedgerIndex({
    location: { kind: 'sqlite', path: join(folder, 'index.db') }, log: 'bench', directory, onError: (error) => console.error(error),
    ledger: { get size() { return log.size }, get durableSize() { return log.size } },
  })
  const timings: Timing[] = []
  for (const query of QUERIES) {
    const times: number[] = []
    let found = 0
    const loop = watchLoop()
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const started = performance.now()
      found = (await index.search(parseSearch(query, Date.now()), { limit: 50 })).operations.length
      times.push(performance.now() - started)
    }
    timings.push({ query, found, medianMs: round1(median(times)), p99Ms: round1(percentile(times, 0.99)), blockedMs: round1(loop.stop()) })
  }
  await index.close()
  return timings
}

/** How late a timer of one millisecond comes, at worst. */
function watchLoop(): { stop(): number } {
  let last = performance.now()
  let worst = 0
  const timer = setInterval(() => {
    const now = performance.now()
    worst = Math.max(worst, now - last - 1)
    last = now
  }, 1)
  return {
    stop() {
      clearInterval(timer)
      return worst
    },
  }
}

function round1(value: number): number {
  return Math.round(10 * value) / 10
}
