import { MODES, type Mode, type Round } from './pgbench.ts'
import { ROUTE_NAMES, type RouteName } from './routes/route.ts'

/** Medians over the rounds of one route, mode and number of clients. */
export interface Figures extends Round {
  readonly route: RouteName
  readonly mode: Mode
  readonly clients: number
  readonly rounds: number
}

/** By mode, then by number of clients. */
export type Ratios = Partial<Record<Mode, Record<string, number>>>

export interface Report {
  readonly figures: readonly Figures[]
  /** CPU a query of the gateway, as a multiple of the bare pipe's. To reach: at most 1.5. */
  readonly cpuVsPipe: Ratios
  /** Queries a second through the gateway, as a fraction of pgbouncer's. To reach: at least 0.8. */
  readonly throughputVsPgbouncer: Ratios
  /** 99th percentile of latency, as a multiple of the bare pipe's. To reach: at most 2. */
  readonly p99VsPipe: Ratios
  /** CPU a query, as a multiple of the same gateway's that records nothing. To reach: at most 1.1. */
  readonly cpuVsUnrecorded: Ratios
}

/** Ratios are the medians of the ratios within each round, because the machine's speed changes between rounds. */
export function makeReport(
  rounds: readonly { mode: Mode; clients: number; byRoute: Partial<Record<RouteName, Round>> }[],
): Report {
  const figures: Figures[] = []
  const report: Report = { figures, cpuVsPipe: {}, throughputVsPgbouncer: {}, p99VsPipe: {}, cpuVsUnrecorded: {} }
  for (const mode of MODES) {
    for (const clients of new Set(rounds.filter((round) => round.mode === mode).map((round) => round.clients))) {
      const same = rounds.filter((round) => round.mode === mode && round.clients === clients)
      for (const route of ROUTE_NAMES) {
        const all = same.flatMap(({ byRoute }) => byRoute[route] ?? [])
        if (all.length === 0) continue
        const cpu = all.flatMap(({ cpuMicroseconds }) => cpuMicroseconds ?? [])
        figures.push({
          route,
          mode,
          clients,
          rounds: all.length,
          queriesPerSecond: median(all.map((round) => round.queriesPerSecond)),
          p50Ms: median(all.map((round) => round.p50Ms)),
          p99Ms: median(all.map((round) => round.p99Ms)),
          ...(cpu.length === 0 ? {} : { cpuMicroseconds: median(cpu) }),
        })
      }
      const ratio = (into: Ratios, other: RouteName, of: (round: Round) => number | undefined): void => {
        const found = same.flatMap(({ byRoute: { gateway, [other]: compared } }) => {
          const [a, b] = [gateway && of(gateway), compared && of(compared)]
          return a === undefined || b === undefined ? [] : a / b
        })
        if (found.length > 0) (into[mode] ??= {})[clients] = Number(median(found).toFixed(3))
      }
      ratio(report.cpuVsPipe, 'pipe', (round) => round.cpuMicroseconds)
      ratio(report.throughputVsPgbouncer, 'pgbouncer', (round) => round.queriesPerSecond)
      ratio(report.p99VsPipe, 'pipe', (round) => round.p99Ms)
      ratio(report.cpuVsUnrecorded, 'unrecorded', (round) => round.cpuMicroseconds)
    }
  }
  return report
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** For people: one line a route, then the ratios beside what is to be reached. */
export function renderReport(report: Report): string {
  const lines = ['mode      clients  route       queries/s   p50 ms   p99 ms   CPU µs/query']
  let previous = ''
  for (const { route, mode, clients, queriesPerSecond, p50Ms, p99Ms, cpuMicroseconds } of report.figures) {
    const group = `${mode.padEnd(9)} ${String(clients).padStart(7)}`
    lines.push(
      `${group === previous ? ' '.repeat(group.length) : group}  ${route.padEnd(10)} ${queriesPerSecond.toFixed(0).padStart(10)} ${p50Ms.toFixed(3).padStart(8)} ` +
        `${p99Ms.toFixed(3).padStart(8)} ${(cpuMicroseconds?.toFixed(1) ?? '-').padStart(14)}`,
    )
    previous = group
  }
  const targets = [
    ['CPU a query, gateway / pipe (at most 1.5)', report.cpuVsPipe],
    ['throughput, gateway / pgbouncer (at least 0.8)', report.throughputVsPgbouncer],
    ['p99, gateway / pipe (at most 2)', report.p99VsPipe],
    ['CPU a query, gateway / the same without ledger and recording (at most 1.1)', report.cpuVsUnrecorded],
  ] as const
  for (const [title, ratios] of targets) {
    lines.push('', title)
    for (const [mode, byClients] of Object.entries(ratios)) {
      lines.push(
        `  ${mode.padEnd(9)} ${Object.entries(byClients)
          .map(([clients, value]) => `${clients}: ${value.toFixed(2)}`)
          .join('   ')}`,
      )
    }
  }
  return lines.join('\n')
}
