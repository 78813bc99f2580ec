import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { atExit } from './at-exit.ts'
import { type Certificate, makeCertificate } from './certificate.ts'
import { type Issuer, startIssuer } from './issuer.ts'

/** A database that the gateway stands before. */
export interface TestTarget {
  /** Name in the policy document, and the database name that clients ask for; `shop` when absent. */
  readonly name?: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
  /** The document's `perSession` of the target's credential, as YAML. */
  readonly perSession?: string
  /** PEM of what the target's certificate is checked against; absent: the connection is in cleartext. */
  readonly ca?: string
  /** The document's `record` of the target, as YAML. */
  readonly record?: string
}

export interface GatewayOptions {
  /** Databases. The first is the one that {@link TestGateway.database} names. */
  readonly targets: readonly TestTarget[]
  /** Targets of other protocols: entries of the document, as YAML. */
  readonly otherTargets?: string
  /** The document from `masks` on: see policies.ts. */
  readonly policy: string
  /** Offer TLS to clients; default true. */
  readonly tls?: boolean
  /** Where the ledger and the state go; a new folder when absent. One that is given is not removed. */
  readonly data?: string
  /** Lines of the document's `gateway` section besides those that say where it listens and keeps its data. */
  readonly settings?: string
  /** Whose tokens it takes; one of its own, closed with it, when absent. */
  readonly issuer?: Issuer
  /** More of the environment, for references in `settings`. */
  readonly environment?: Readonly<Record<string, string>>
  /** Flags for the gateway's own node, such as `--max-old-space-size`. */
  readonly nodeFlags?: readonly string[]
}

/** A gateway in a process of its own: its CPU and memory can be measured, and it can be killed. */
export interface TestGateway {
  readonly host: string
  readonly port: number
  /** Where clients of SSH connect, on the same host. */
  readonly sshPort: number
  /** Name of the target, which clients give as the database. */
  readonly database: string
  readonly apiUrl: string
  readonly pid: number
  readonly issuer: Issuer
  readonly ledgerDirectory: string
  readonly certificate?: Certificate
  /**
   * Bytes that its objects and buffers take after a forced collection: what it holds on to, whatever the collector and
   * the allocator keep for later. Much steadier than resident memory.
   */
  memoryInUse(): Promise<number>
  /** What the gateway printed so far. */
  log(): string
  /** SIGTERM, or SIGKILL when it does not end in time; removes its data. Safe to call twice. */
  stop(): Promise<void>
  /** SIGKILL. Data stay. */
  kill(): Promise<void>
  /** Starts it again on the same data, on another port, with a changed document if that is wanted. Only after {@link kill}. */
  restart(change?: (document: string) => string): Promise<TestGateway>
}

const ready = z.object({
  apiUrl: z.string(),
  listeners: z.object({ postgres: z.object({ host: z.string(), port: z.number() }), ssh: z.object({ port: z.number() }) }),
})

const DEFAULT_NAME = 'shop'
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 10_000
const ANSWER_TIMEOUT_MS = 30_000

/** @throws Error with what the gateway printed when it does not come up */
export async function startTestGateway(options: GatewayOptions): Promise<TestGateway> {
  const data = options.data ?? mkdtempSync(join(tmpdir(), 'sallyport-gateway-'))
  mkdirSync(data, { recursive: true })
  const removeData = atExit(() => {
    if (options.data === undefined) rmSync(data, { recursive: true, force: true })
  })
  const issuer = options.issuer ?? (await startIssuer())
  const certificate = options.tls === false ? undefined : makeCertificate(data, 'listener')
  const { targets } = options
  const entries = targets.map((target, index) => {
    const caFile = join(data, `target-${index}-ca.crt`)
    if (target.ca !== undefined) writeFileSync(caFile, target.ca)
    return `  - name: ${target.name ?? DEFAULT_NAME}
    protocol: postgres
    host: 127.0.0.1
    port: ${target.port}
    database: ${target.database}
    credential: { user: ${target.user}, password: 'env:TEST_TARGET_PASSWORD_${index}'${target.perSession === undefined ? '' : `, perSession: ${target.perSession}`} }
    tls: ${target.ca === undefined ? '{ mode: disable }' : `{ mode: verify-full, ca: 'file:${caFile}' }`}
    labels: { env: test }
${target.record === undefined ? '' : `    record: ${target.record}\n`}`
  })
  const passwords = Object.fromEntries(
    targets.map(({ password }, index) => [`TEST_TARGET_PASSWORD_${index}`, password]),
  )
  const configText = `version: 1
gateway:
  dataDir: ${data}
  api: { port: 0 }
  protocols: { postgres: { port: 0 }, ssh: { port: 0 } }
${options.settings === undefined ? '' : `  ${options.settings}\n`}\
${certificate === undefined ? '' : `  tls: { cert: 'file:${certificate.certFile}', key: 'file:${certificate.keyFile}' }\n`}\
issuers:
  - { name: test, issuer: '${issuer.url}', audience: ${issuer.audience}, groups: groups, person: preferred_username }
agents:
  - { name: support-bot, issuer: test, match: { azp: support-bot }, owner: dana@example.com, purpose: answers customer tickets }
  - { name: nightly-report, issuer: test, match: { azp: nightly-report }, owner: dana@example.com, purpose: counts orders }
targets:
${entries.join('')}${options.otherTargets ?? ''}${options.policy}`

  const start = async (document: string): Promise<TestGateway> => {
    const logFile = join(data, 'gateway.log')
    const logTo = openSync(logFile, 'a')
    const child = spawn(
      process.execPath,
      ['--expose-gc', ...(options.nodeFlags ?? []), join(import.meta.dirname, 'gateway-process.ts')],
      {
        stdio: ['pipe', 'pipe', logTo, 'ipc'],
        env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'], ...passwords, ...options.environment },
      },
    )
    closeSync(logTo)
    const killAtExit = atExit(() => child.kill('SIGKILL'))
    child.stdin?.end(document)
    const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '')
    const { apiUrl, listeners } = await untilReady(child).catch((error: unknown) => {
      throw new Error(`the gateway did not start:\n${log()}`, { cause: error })
    })
    child.unref()
    child.channel?.unref()
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      killAtExit.forget()
      if (child.exitCode !== null || child.signalCode !== null) return
      child.ref()
      const ended = once(child, 'exit')
      child.kill(signal)
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
      await ended
      clearTimeout(force)
    }
    return {
      ...listeners.postgres,
      sshPort: listeners.ssh.port,
      database: targets[0]?.name ?? DEFAULT_NAME,
      apiUrl,
      pid: child.pid ?? 0,
      issuer,
      log,
      async memoryInUse() {
        const answer = once(child, 'message', { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
        child.send('how much memory is in use?')
        return z.number().parse((await answer)[0])
      },
      ledgerDirectory: join(data, 'ledger'),
      ...(certificate === undefined ? {} : { certificate }),
      kill: () => end('SIGKILL'),
      restart: (change) => start(change === undefined ? document : change(document)),
      async stop() {
        await end('SIGTERM')
        if (options.issuer === undefined) await issuer.close()
        removeData.forget()
        if (options.data === undefined) rmSync(data, { recursive: true, force: true })
      },
    }
  }
  return start(configText)
}

async function untilReady(child: ChildProcess): Promise<z.infer<typeof ready>> {
  if (child.stdout === null) throw new Error('no output')
  const lines = createInterface({ input: child.stdout })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('it ended')))
  const line = once(lines, 'line', { signal: AbortSignal.timeout(START_TIMEOUT_MS) })
  const [text] = await Promise.race([line, ended])
  lines.close()
  return ready.parse(JSON.parse(String(text)))
}
