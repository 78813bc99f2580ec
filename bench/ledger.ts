import { hash } from 'node:crypto'
import { closeSync, fdatasync, fdatasyncSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
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

type SinkKind = 'ledger' | 'plain' | 'alone'

/** The same bytes, one line each, and a write and an fdatasync for each by itself: what a log without group commit does. */
function aloneSink(directory: string): Sink {
  const descriptor = openSync(join(directory, 'alone'), 'a')
  let lines: string[] = []
  return {
    append: (entry) => void lines.push(entry),
    onWritten: (done) => {
      setImmediate(() => {
        for (const line of lines) {
          writeSync(descriptor, `${line}\n`)
          fdatasyncSync(descriptor)
        }
        lines = []
        done(undefined)
      })
    },
    close: async () => closeSync(descriptor),
  }
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

async function openSink(kind: SinkKind, strict: boolean, directory: string): Promise<Sink> {
  if (kind === 'plain') return plainSink(directory, strict)
  if (kind === 'alone') return aloneSink(directory)
  const { log } = await openLedger({
    directory, origin: 'bench.example/ledger', durability: strict ? 'strict' : 'batched',
    onFault: (change) => {
      if (!change.healthy) throw change.error
    },
  })
  return log
}

/** Interleaved, so that what disturbs the machine for a while disturbs all alike; ratios are medians within the rounds. */
async function compare(strict: boolean, clients: number) {
  const kinds: SinkKind[] = strict ? ['ledger', 'plain', 'alone'] : ['ledger', 'plain']
  const results = { ledger: [] as Measured[], plain: [] as Measured[], alone: [] as Measured[] }
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (let turn = 0; turn < kinds.length; turn++) {
      const kind = kinds[(turn + round) % kinds.length] ?? 'ledger'
      // Round 0 only warms up.
      const ms = round === 0 ? 300 : Number(values.seconds) * 1000
      const measured = await inFolder(async (directory) => drive(await openSink(kind, strict, directory), clients, ms))
      if (round > 0) results[kind].push(measured)
    }
  }
  const of = (kind: SinkKind, what: keyof Measured): number => median(results[kind].map((result) => result[what]))
  const throughputs = results.ledger.map((one, round) => one.eventsPerSecond / (results.plain[round]?.eventsPerSecond ?? Number.NaN))
  return {
    mode: strict ? 'strict' : 'batched', clients,
    ledgerEventsPerSecond: Math.round(of('ledger', 'eventsPerSecond')),
    plainEventsPerSecond: Math.round(of('plain', 'eventsPerSecond')),
    ...(strict ? { aloneEventsPerSecond: Math.round(of('alone', 'eventsPerSecond')) } : {}),
    throughputVsPlain: round2(median(throughputs)),
    ledgerCpuMicros: round2(of('ledger', 'cpuMicrosPerEvent')),
    plainCpuMicros: round2(of('plain', 'cpuMicrosPerEvent')),
    /** What one core does when it does nothing else: the time of all threads, and of the kernel for them, counted. */
    ledgerEventsPerCore: Math.round(1e6 / of('ledger', 'cpuMicrosPerEvent')),
  }
}

const round2 = (number: number): number => Math.round(number * 100) / 100

interface Timed {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function timed(work: () => Promise<void>): Promise<Timed> {
  const before = process.cpuUsage()
  const started = performance.now()
  await work()
  const seconds = (performance.now() - started) / 1000
  const used = process.cpuUsage(before)
  return { seconds, cpuSeconds: (used.user + used.system) / 1e6 }
}

/** The least that verifying can cost: reading the same files, hashing each entry once, and a node for each. */
async function bareHashing(directory: string): Promise<void> {
  const node = Buffer.alloc(65)
  const folder = join(directory, 'journal')
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name))
    for (let at = 0; at < bytes.length;) {
      const end = at + 2 + bytes.readUInt16BE(at)
      hash('sha256', bytes.subarray(at + 1, end), 'hex')
      hash('sha256', node, 'hex')
      at = end
    }
  }
}

async function verification(count: number) {
  return inFolder(async (directory) => {
    const sink = await openSink('ledger', false, directory)
    for (let written = 0; written < count; written += 1000) {
      for (let i = 0; i < 500; i++) {
        sink.append(decided())
        sink.append(finished())
      }
      await new Promise<void>((resolve, reject) => sink.onWritten((error) => (error === undefined ? resolve() : reject(error))))
    }
    await sink.close()
    const opening = await timed(async () => (await openSink('ledger', false, directory)).close())
    const key = readFileSync(verifierPath(directory), 'utf8')
    const verify: Timed[] = []
    const bare: Timed[] = []
    for (let round = 0; round < Number(values.rounds); round++) {
      verify.push(await timed(async () => {
        const report = await verifyLedger(directory, key)
        if (!report.ok || report.entries !== count) throw new Error(report.bad?.message ?? 'the log does not verify')
      }))
      bare.push(await timed(() => bareHashing(directory)))
    }
    const ratio = (what: keyof Timed): number => round2(median(verify.map((one, round) => one[what] / (bare[round]?.[what] ?? Number.NaN))))
    return {
      entries: count,
      verifyPerSecond: Math.round(count / median(verify.map(({ seconds }) => seconds))),
      bareSha256PerSecond: Math.round(count / median(bare.map(({ seconds }) => seconds))),
      timeVsBareSha256: ratio('seconds'),
      cpuVsBareSha256: ratio('cpuSeconds'),
      openMs: Math.round(opening.seconds * 1000),
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
  process.stdout.write(`encoding an event: ${encodeMicros} µs of CPU, included in all columns\n`)
  console.table(comparisons)
  console.table([verified])
}
