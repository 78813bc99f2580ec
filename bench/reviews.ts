import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startTestGateway, type TestGateway } from '../gateway/test/support/gateway.ts'
import { startPostgres } from '../gateway/test/support/postgres.ts'
import { openRaw, query, type RawClient } from '../gateway/test/support/raw-client.ts'
import { ApiUser } from '../gateway/test/support/reviewing.ts'
import { startTwoGateways } from '../gateway/test/support/two-gateways.ts'
import { pgbouncerRoute } from './routes/pgbouncer-route.ts'

/**
 * What operations cost that wait for people: memory for each, and how long after the answer the statement has run, on one
 * gateway and across two. The target is a real server behind pgbouncer in transaction mode, so that it need not have
 * thousands of processes.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, held: { type: 'string', default: '5000' }, answers: { type: 'string', default: '200' } } })
const held = Number(values.held)
const answers = Number(values.answers)
/** Nobody may ask for more at once. */
const PER_IDENTITY = 100
const TOGETHER = 50

const POLICY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: writes, when: '!operation.readOnly', then: review, reviewers: [dba], preview: none, hold: 10m, transactionHold: 10m, expires: 1h }
roles: { reviewer: [dba], operator: [], auditor: [], administrator: [] }
`

const server = await startPostgres()
await server.query('create table held (id integer primary key, n integer not null); insert into held select i, 0 from generate_series(1, 10000) i')
const database = { host: server.host, port: server.port, user: server.superuser, password: server.password, database: server.database }
const pooler = await pgbouncerRoute(database, { mode: 'transaction', clients: held + 500 })
const target = { port: pooler.port, user: pooler.user, password: server.password, database: pooler.database }

const percentile = (numbers: readonly number[], at: number): number => Math.round((numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * at))] ?? Number.NaN) * 10) / 10
const residentBytes = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function connect(gateway: TestGateway, n: number): Promise<RawClient> {
  const name = `person-${Math.floor(n / PER_IDENTITY)}`
  const client = await openRaw(gateway)
  const login = await client.logIn({ user: name, database: gateway.database }, await gateway.issuer.personToken(name, []))
  if (login.at(-1)?.type !== 'Z') throw new Error(`no login: ${login.at(-1)?.body.toString('utf8')}`)
  return client
}

async function inTurns<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let from = 0; from < count; from += TOGETHER) {
    results.push(...(await Promise.all(Array.from({ length: Math.min(TOGETHER, count - from) }, (_, i) => work(from + i)))))
  }
  return results
}

/** @throws Error when it is not held */
async function ticketOf(client: RawClient, n: number): Promise<string> {
  client.send(query(`update held set n = n + 1 where id = ${n + 1}`))
  const message = await client.receive()
  const ticket = /ticket (rv_[\w-]{22})/.exec(message?.body.toString('utf8') ?? '')?.[1]
  if (ticket === undefined) throw new Error(`not held: ${message?.body.toString('utf8')}`)
  return ticket
}

/** Milliseconds from sending the answer until the statement has run. */
async function wakes(answeredAt: TestGateway, clients: readonly RawClient[], tickets: readonly string[]): Promise<number[]> {
  const dana = new ApiUser(() => answeredAt, await answeredAt.issuer.personToken('dana', ['dba']))
  const found: number[] = []
  for (let n = 0; n < Math.min(answers, clients.length); n += 1) {
    const review = await dana.review(tickets[n] ?? '')
    const ran = clients[n]?.receiveUntil('Z').then(() => performance.now()) ?? missing()
    const began = performance.now()
    await dana.approve(review)
    found.push((await ran) - began)
  }
  return found
}

function missing(): never {
  throw new Error('no client')
}

async function one() {
  const gateway = await startTestGateway({ targets: [target], policy: POLICY, tls: false, settings: `limits: { connections: ${held + 100} }` })
  try {
    const clients = await inTurns(held, (n) => connect(gateway, n))
    await sleep(2_000)
    const idle = { inUse: await gateway.memoryInUse(), resident: residentBytes(gateway.pid) }
    const began = performance.now()
    const tickets = await inTurns(held, (n) => ticketOf(clients[n] ?? missing(), n))
    const seconds = (performance.now() - began) / 1000
    await sleep(2_000)
    const waiting = { inUse: await gateway.memoryInUse(), resident: residentBytes(gateway.pid) }
    const before = cpuSeconds(gateway.pid)
    await sleep(10_000)
    const idleCpu = (cpuSeconds(gateway.pid) - before) / 10
    const times = await wakes(gateway, clients, tickets)
    for (const client of clients) client.end()
    return {
      held: tickets.length,
      askedASecond: Math.round(held / seconds),
      bytesInUseEach: Math.round((waiting.inUse - idle.inUse) / held),
      residentBytesEach: Math.round((waiting.resident - idle.resident) / held),
      percentOfACoreWhileWaiting: Math.round(idleCpu * 1000) / 10,
      wakeMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), most: percentile(times, 1) },
    }
  } finally {
    await gateway.stop()
  }
}

async function two() {
  const gateways = await startTwoGateways(server, { targets: [target], policy: POLICY, tls: false })
  try {
    const count = Math.min(held, answers)
    const clients = await inTurns(count, (n) => connect(gateways.one, n))
    const tickets = await inTurns(count, (n) => ticketOf(clients[n] ?? missing(), n))
    const times = await wakes(gateways.two, clients, tickets)
    for (const client of clients) client.end()
    return { wakeMs: { p50: percentile(times, 0.5), p99: percentile(times, 0.99), most: percentile(times, 1) } }
  } finally {
    await gateways.stop()
  }
}

try {
  const report = { oneGateway: await one(), twoGateways: await two() }
  if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
  else {
    const { wakeMs, ...rest } = report.oneGateway
    console.table([rest])
    console.table({ 'one gateway': wakeMs, 'two gateways': report.twoGateways.wakeMs })
    process.stdout.write('wakeMs: from sending the answer until the statement has run, answers of the API and the run included\n')
  }
} finally {
  await pooler.stop()
  await server.stop()
}
process.exit()
