import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startSshd } from '../gateway/test/support/sshd.ts'
import { startSshJourney } from '../gateway/test/support/ssh-journey.ts'
import { processCpuMicroseconds, processMemory } from './process-cpu.ts'

/**
 * The gateway beside OpenSSH's own way through another host, `ssh -J`, and beside no host in between: throughput of one and of
 * eight connections, connections a second, and what the machine in between pays for it. All with the same cipher, in turns.
 * The jump host forwards what stays encrypted between client and target; the gateway decrypts, judges, records and encrypts.
 */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, megabytes: { type: 'string', default: '512' }, rounds: { type: 'string', default: '3' }, connections: { type: 'string', default: '60' } } })
const megabytes = Number(values.megabytes)
const rounds = Number(values.rounds)
const connections = Number(values.connections)
const CIPHER = 'aes128-gcm@openssh.com'
const AT_ONCE = 4

const journey = await startSshJourney()
const jump = await startSshd()
const { sshd, gateway } = journey
const common = ['-F', '/dev/null', '-c', CIPHER, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR', '-i', sshd.keyFile]
// The proxy command instead of `-J` itself: both are `ssh -W`, and only here each step can have a key and settings of its own.
const through = ['ssh', ...common.slice(0, -1), jump.keyFile, '-p', String(jump.port), '-W', '%h:%p', `${jump.user}@127.0.0.1`].join(' ')

interface Route {
  readonly name: 'direct' | 'jump' | 'gateway'
  /** What stands in between; nothing does on the direct way. */
  readonly pid?: number
  readonly command: readonly string[]
}

const routes: readonly Route[] = [
  { name: 'direct', command: ['ssh', ...common, '-p', String(sshd.port), `${sshd.user}@127.0.0.1`] },
  { name: 'jump', pid: jump.pid, command: ['ssh', ...common, '-o', `ProxyCommand=${through}`, '-p', String(sshd.port), `${sshd.user}@127.0.0.1`] },
  { name: 'gateway', pid: gateway.pid, command: ['sshpass', '-e', 'ssh', ...journey.flags, '-c', CIPHER, '-o', 'LogLevel=ERROR', 'shop'] },
]

async function run({ command: [program = '', ...args] }: Route, what: string): Promise<void> {
  const child = spawn(program, [...args, what], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...journey.environment } })
  const [status] = await once(child, 'exit') as [number | null]
  if (status !== 0) throw new Error(`${program} ended with ${status} where it ran ${what}`)
}

/** @returns seconds, and CPU microseconds of what stands in between */
async function measured(route: Route, work: () => Promise<unknown>): Promise<{ readonly seconds: number; readonly cpu: number }> {
  const cpu = (): number => (route.pid === undefined ? 0 : processCpuMicroseconds(route.pid))
  const [before, began] = [cpu(), performance.now()]
  await work()
  return { seconds: (performance.now() - began) / 1_000, cpu: cpu() - before }
}

async function connect(route: Route): Promise<void> {
  let left = connections
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (left-- > 0) await run(route, 'true')
  }))
}

const tests = [
  { name: 'one stream', unit: 'MB/s', amount: megabytes, work: (route: Route) => run(route, `head -c ${megabytes}M /dev/zero`) },
  { name: 'eight streams', unit: 'MB/s', amount: megabytes, work: (route: Route) => Promise.all(Array.from({ length: 8 }, () => run(route, `head -c ${megabytes / 8}M /dev/zero`))) },
  { name: 'connections', unit: 'a second', amount: connections, work: connect },
] as const

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
const round = (number: number): number => Number(number.toPrecision(3))

const found: { test: string; route: string; unit: string; rate: number; cpuMicrosecondsEach: number }[] = []
for (const { name, unit, amount, work } of tests) {
  const results = new Map(routes.map((route) => [route.name, [] as { seconds: number; cpu: number }[]]))
  for (let turn = 0; turn < rounds; turn += 1) for (const route of routes) results.get(route.name)?.push(await measured(route, () => work(route)))
  for (const { name: route } of routes) {
    const of = results.get(route) ?? []
    found.push({ test: name, route, unit, rate: round(median(of.map(({ seconds }) => amount / seconds))), cpuMicrosecondsEach: round(median(of.map(({ cpu }) => cpu / amount))) })
  }
}
const figure = (test: string, route: string) => found.find((one) => one.test === test && one.route === route) ?? { rate: Number.NaN, cpuMicrosecondsEach: Number.NaN }
const ratios = Object.fromEntries(tests.map(({ name }) => [name, {
  rateVsJump: round(figure(name, 'gateway').rate / figure(name, 'jump').rate),
  cpuVsJump: round(figure(name, 'gateway').cpuMicrosecondsEach / figure(name, 'jump').cpuMicrosecondsEach),
}]))
const { residentBytes, peakBytes } = processMemory(gateway.pid)
const memory = { residentMegabytes: Math.round(residentBytes / 1e6), peakMegabytes: Math.round(peakBytes / 1e6) }

if (values.json) console.log(JSON.stringify({ cipher: CIPHER, megabytes, rounds, found, ratios, memory }))
else {
  console.log(`${CIPHER}, ${megabytes} MB and ${connections} connections, median of ${rounds} rounds\n`)
  for (const { test, route, unit, rate, cpuMicrosecondsEach } of found) {
    console.log(`${test.padEnd(14)} ${route.padEnd(8)} ${String(rate).padStart(8)} ${unit.padEnd(8)}  CPU in between, µs ${unit === 'MB/s' ? 'a MB' : 'a connection'}: ${cpuMicrosecondsEach}`)
  }
  console.log(`\ngateway beside ssh -J: ${Object.entries(ratios).map(([name, { rateVsJump, cpuVsJump }]) => `${name} ${rateVsJump} of the rate at ${cpuVsJump} of the CPU`).join('; ')}`)
  console.log(`gateway's memory: ${memory.residentMegabytes} MB, at most ${memory.peakMegabytes} MB`)
}
await jump.stop()
await journey.stop()
