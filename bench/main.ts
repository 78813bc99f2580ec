import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startPostgres } from '../gateway/test/support/postgres.ts'
import { MODES, type Round, initialise, measure } from './pgbench.ts'
import { makeReport, renderReport } from './report.ts'
import { directRoute } from './routes/direct-route.ts'
import { pgbouncerRoute } from './routes/pgbouncer-route.ts'
import { pipeRoute } from './routes/pipe-route.ts'
import { ROUTE_NAMES, type Database, type Route, type RouteName } from './routes/route.ts'

const USAGE = `npm run bench -- [options]
  --json               one JSON object on standard output
  --seconds N          length of a round (default 2)
  --rounds N           rounds for each mode and number of clients (default 3)
  --modes LIST         of ${MODES.join(',')}
  --clients LIST       default 1,8,32
  --routes LIST        of ${ROUTE_NAMES.join(',')}
`

/** The compiler works beside a route on Node for its first 20,000 queries or so of each mode, and takes CPU time meanwhile. */
const WARM_UP_SECONDS: Readonly<Record<RouteName, number>> = { direct: 1, pgbouncer: 1, pipe: 5, unrecorded: 5, gateway: 5 }

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    modes: { type: 'string', default: MODES.join(',') },
    clients: { type: 'string', default: '1,8,32' },
    routes: { type: 'string', default: ROUTE_NAMES.join(',') },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  process.stdout.write(USAGE)
} else {
  await bench()
}

async function bench(): Promise<void> {
  const modes = MODES.filter((mode) => values.modes.split(',').includes(mode))
  const names = ROUTE_NAMES.filter((name) => values.routes.split(',').includes(name))
  const clientCounts = values.clients.split(',').map(Number)
  const seconds = Number(values.seconds)
  const server = await startPostgres()
  const database = { port: server.port, user: server.superuser, password: server.password, database: server.database }
  const routes: Route[] = []
  try {
    await initialise(directRoute(database))
    for (const name of names) routes.push(await openRoute(name, database))
    say('warming up')
    for (const route of routes) for (const mode of modes) await measure(route, mode, 8, WARM_UP_SECONDS[route.name])
    const rounds: { mode: (typeof MODES)[number]; clients: number; byRoute: Partial<Record<RouteName, Round>> }[] = []
    for (const mode of modes) {
      for (const clients of clientCounts) {
        for (let number = 1; number <= Number(values.rounds); number += 1) {
          say(`${mode}, ${clients} clients, round ${number} of ${values.rounds}`)
          const byRoute: Partial<Record<RouteName, Round>> = {}
          // Each round begins with another route: whatever disturbs the machine hits all of them in turn.
          for (let turn = 0; turn < routes.length; turn += 1) {
            const route = routes[(turn + number) % routes.length]
            if (route !== undefined) byRoute[route.name] = await measure(route, mode, clients, seconds)
          }
          rounds.push({ mode, clients, byRoute })
        }
      }
    }
    const report = makeReport(rounds)
    const machine = { processor: cpus()[0]?.model, cores: cpus().length, node: process.version }
    process.stdout.write(
      `${values.json ? JSON.stringify({ ...report, machine, seconds, rounds: Number(values.rounds) }) : renderReport(report)}\n`,
    )
  } finally {
    for (const route of routes) await route.stop()
    await server.stop()
  }
}

async function openRoute(name: RouteName, database: Database): Promise<Route> {
  switch (name) {
    case 'direct':
      return directRoute(database)
    case 'pipe':
      return pipeRoute(database)
    case 'pgbouncer':
      return pgbouncerRoute(database)
    case 'unrecorded':
    case 'gateway':
      return (await import('./routes/gateway-route.ts')).gatewayRoute(database, name)
  }
}

function say(words: string): void {
  process.stderr.write(`${words}\n`)
}
