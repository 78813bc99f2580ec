import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { processCpuMicroseconds } from './process-cpu.ts'
import type { Route } from './routes/route.ts'

export const MODES = ['simple', 'extended', 'prepared'] as const
export type Mode = (typeof MODES)[number]

/** What one round showed, between the moment when all clients were connected and its end. */
export interface Round {
  readonly queriesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU time of the process between client and server for each query, microseconds. */
  readonly cpuMicroseconds?: number
}

const run = promisify(execFile)
/** Logins are not what is measured. */
const CONNECT_MS = 700

/** Fills the tables: scale 1, 100,000 accounts. */
export async function initialise(route: Route): Promise<void> {
  await run('pgbench', ['-i', '-q', '-s', '1', ...address(route)], { env: await environment(route) })
}

/** Runs pgbench's select-only script for `seconds` and a little more. */
export async function measure(route: Route, mode: Mode, clients: number, seconds: number): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pgbench-'))
  try {
    const ended = run(
      'pgbench',
      [
        '-n',
        '-S',
        '-M',
        mode,
        '-c',
        String(clients),
        '-j',
        '1',
        '-T',
        String(Math.ceil(seconds + CONNECT_MS / 1000 + 0.3)),
        '--log',
        '--log-prefix',
        join(folder, 'log'),
        ...address(route),
      ],
      { env: await environment(route) },
    )
    const window = observe(route, seconds)
    const [{ start, end, cpu }] = await Promise.all([window, ended])
    const latencies = readLatencies(folder, start, end)
    return {
      queriesPerSecond: (latencies.length / (end - start)) * 1000,
      p50Ms: percentile(latencies, 0.5),
      p99Ms: percentile(latencies, 0.99),
      ...(cpu === undefined ? {} : { cpuMicroseconds: cpu / latencies.length }),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Unix milliseconds at the window's ends, and the CPU microseconds used within it. */
async function observe(
  route: Route,
  seconds: number,
): Promise<{ start: number; end: number; cpu: number | undefined }> {
  const look = (): { at: number; cpu: number } => ({
    at: performance.timeOrigin + performance.now(),
    cpu: route.pid === undefined ? 0 : processCpuMicroseconds(route.pid),
  })
  await sleep(CONNECT_MS)
  const first = look()
  await sleep(seconds * 1000)
  const last = look()
  return { start: first.at, end: last.at, cpu: route.pid === undefined ? undefined : last.cpu - first.cpu }
}

/** Milliseconds of every query that ended in the window, ascending. A line: client, number, microseconds, script, second, microsecond. */
function readLatencies(folder: string, start: number, end: number): Float64Array {
  const found: number[] = []
  for (const file of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, file), 'latin1').split('\n')) {
      const [, , latency, , second, microsecond] = line.split(' ')
      const endedAt = Number(second) * 1000 + Number(microsecond) / 1000
      if (endedAt >= start && endedAt < end) found.push(Number(latency) / 1000)
    }
  }
  if (found.length === 0) throw new Error('pgbench logged no query in the window')
  return Float64Array.from(found).sort()
}

function percentile(sorted: Float64Array, fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN
}

function address(route: Route): string[] {
  return ['-h', '127.0.0.1', '-p', String(route.port), '-U', route.user, route.database]
}

async function environment(route: Route): Promise<NodeJS.ProcessEnv> {
  // The password goes by the environment: arguments are seen by everybody on the machine.
  return {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    PGPASSWORD: await route.password(),
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
  }
}
