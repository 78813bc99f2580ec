import { hash } from 'node:crypto'
import { closeSync, fdatasync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Decision } from '../gateway/src/governance/decision.ts'
import type { OperationFacts } from '../gateway/src/governance/operation.ts'
import { encodeDecided, encodeFinished } from '../gateway/src/governance/recording/events.ts'
import type { Session } from '../gateway/src/governance/session.ts'
import { verifierPath } from '../gateway/src/ledger/layout.ts'
import { openLedger } from '../gateway/src/ledger/open-ledger.ts'
import { verifyLedger } from '../gateway/src/ledger/verify.ts'

/**
 * What the ledger costs beside plainly appending the same bytes: one decision and one outcome for each operation, with
 * `clients` operations in one turn of the event loop, the next turn when all are told.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '1,8,32' },
    verify: { type: 'string', default: '1000000' },
  },
})

const TEXT = 'select c.id, c.name, c.city, o.status, o.total from customers c join orders o on o.customer_id = c.id where c.id = $1 and o.placed_at > $2 order by o.placed_at desc limit 20'
const facts: OperationFacts = {
  actions: ['select'], objects: ['public.customers', 'public.orders'], functions: [], readOnly: true, filtered: true, unknown: false, statements: 1,
}
const decision: Decision = { effect: 'allow', rule: 'reads', policyVersion: 3 }
const session = { id: '0mf2q9x7a-Zk3vVhR0bTqLw8yN' } as Session
let operations = 0

const decided = (): string => encodeDecided(session, ++operations, { protocol: 'postgres', facts, text: TEXT, parameters: [String(operations), '2026-01-01'] }, decision, 1_767_225_600_000 + operations)
const finished = (): string => encodeFinished(session, operations, { result: 'completed', rows: 20, bytes: 1834, durationMs: 0.412 }, 1_767_225_600_000 + operations)

interface Sink {
  append(entry: string): void
  onWritten(done: (error: Error | undefined) => void): void
  close(): Promise<void>
}

/** The same bytes, one line each, one write a turn and one fdatasync when strict: what any log must cost at least. */
function plainSink(directory: string, strict: boolean): Sink {
  const descriptor = openSync(join(directory, 'plain'), 'a')
  let lines: string[] = []
  return {
    append: (entry) => void lines.push(entry),
    onWritten: (done) => {
      setImmediate(() => {
        writeSync(descriptor, `${lines.join('\n')}\n`)
        lines = []
        if (strict) fdatasync(descriptor, (error) => done(error ?? undefined))
        else done(undefined)
      })
    },
    close: async () => closeSync(descriptor),
  }
}

interface Measured {
  readonly eventsPerSecond: number
  readonly cpuMicrosPerEvent: number
}

async function drive(sink: Sink, clients: number, ms: number): Promise<Measured> {
  let events = 0
  const before = process.cpuUsage()
  const started = performance.now()
  while (performance.now() - started < ms) {
    await new Promise<void>((resolve, reject) => {
      for (let client = 0; client < clients; client++) {
        sink.append(decided())
        sink.append(finished())
      }
      events += 2 * clients
      sink.onWritten((error) => (error === undefined ? resolve() : reject(error)))
    })
  }
  const seconds = (performance.now() - started) / 1000
  const used = process.cpuUsage(before)
  await sink.close()
  return { eventsPerSecond: events / seconds, cpuMicrosPerEvent: (used.user + used.system) / events }
}

/** The encoding alone, which both sides pay. */
function encoding(): number {
  const before = process.cpuUsage()
  let bytes = 0
  for (let i = 0; i < 200_000; i++) bytes += decided().length + finished().length
  const used = process.cpuUsage(before)
  return bytes === 0 ? 0 : (used.user + used.system) / 400_000
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
const inFolder = async <T>(work: (directory: string) => Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  try {
    return await work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function openSink(kind: 'ledger' | 'plain', strict: boolean, directory: string): Promise<Sink> {
  if (kind === 'plain') return plainSink(directory, strict)
  const { log } = await openLedger({
    directory, origin: 'bench.example/ledger', durability: strict ? 'strict' : 'batched',
    onFault: (change) => {
      if (!change.healthy) throw change.error
    },
  })
  return log
}

async function compare(strict: boolean, clients: number) {
  const results = { ledger: [] as Measured[], plain: [] as Measured[] }
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const kind of round % 2 === 0 ? (['ledger', 'plain'] as const) : (['plain', 'ledger'] as const)) {
      const ms = round === 0 ? 300 : Number(values.seconds) * 1000
      const measured = await inFolder(async (directory) => drive(await openSink(kind, strict, directory), clients, ms))
      // Round 0 only warms up.
      if (round > 0) results[kind].push(measured)
    }
  }
  const of = (kind: 'ledger' | 'plain', what: keyof Measured): number => median(results[kind].map((result) => result[what]))
  return {
    mode: strict ? 'strict' : 'batched', clients,
    ledgerEventsPerSecond: Math.round(of('ledger', 'eventsPerSecond')),
    plainEventsPerSecond: Math.round(of('plain', 'eventsPerSecond')),
    throughputVsPlain: round2(of('ledger', 'eventsPerSecond') / of('plain', 'eventsPerSecond')),
    ledgerCpuMicros: round2(of('ledger', 'cpuMicrosPerEvent')),
    plainCpuMicros: round2(of('plain', 'cpuMicrosPerEvent')),
  }
}

const round2 = (number: number): number => Math.round(number * 100) / 100

async function verification(count: number) {
  return inFolder(async (directory) => {
    const sink = await openSink('ledger', false, directory)
    const entries: string[] = []
    for (let written = 0; written < count; written += 1000) {
      for (let i = 0; i < 500; i++) {
        const pair = [decided(), finished()] as const
        if (written === 0) entries.push(...pair)
        for (const entry of pair) sink.append(entry)
      }
      await new Promise<void>((resolve, reject) => sink.onWritten((error) => (error === undefined ? resolve() : reject(error))))
    }
    await sink.close()
    const openStarted = performance.now()
    const reopened = await openSink('ledger', false, directory)
    const openMs = performance.now() - openStarted
    await reopened.close()
    const started = performance.now()
    const report = await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
    const verifySeconds = (performance.now() - started) / 1000
    if (!report.ok) throw new Error(report.bad?.message ?? 'the log does not verify')
    // The least that verifying can cost: hash every entry once, and one node for each.
    const leaves = entries.map((entry) => Buffer.from(`\0${entry}`))
    const node = Buffer.alloc(65)
    const bareStarted = performance.now()
    for (let done = 0; done < count;) {
      for (const leaf of leaves) {
        hash('sha256', leaf, 'hex')
        hash('sha256', node, 'hex')
        done++
      }
    }
    const bareSeconds = (performance.now() - bareStarted) / 1000
    return {
      entries: report.entries,
      verifyPerSecond: Math.round(count / verifySeconds),
      bareSha256PerSecond: Math.round(count / bareSeconds),
      timeVsBareSha256: round2(verifySeconds / bareSeconds),
      openMs: Math.round(openMs),
    }
  })
}

encoding()
const encodeMicros = round2(encoding())
const comparisons = []
for (const strict of [false, true]) for (const clients of values.clients.split(',').map(Number)) comparisons.push(await compare(strict, clients))
const verified = await verification(Number(values.verify))
if (values.json) process.stdout.write(`${JSON.stringify({ encodeMicros, comparisons, verified })}\n`)
else {
  process.stdout.write(`encoding an event: ${encodeMicros} µs, included in both columns of CPU\n`)
  console.table(comparisons)
  console.table([verified])
}
