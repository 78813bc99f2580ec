import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Certificate, makeCertificate } from './certificate.ts'
import { embeddedBinaries, serverUser } from './embedded-binaries.ts'
import { freePort } from './free-port.ts'
import { atExit } from './at-exit.ts'
import { makeCluster } from './postgres-cluster.ts'

export interface PostgresOptions {
  /** How clients prove their password. */
  readonly auth?: 'scram-sha-256' | 'md5' | 'password' | 'trust'
  /** `required` refuses cleartext. */
  readonly tls?: 'off' | 'offered' | 'required'
  /** Another address of this machine to listen on, in a network that nobody else is in. */
  readonly alsoAt?: string
  /** Lines of postgresql.conf, by setting. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Folder with `bin/initdb` and `bin/postgres`; embedded PostgreSQL 18 when absent. */
  readonly installation?: string
}

/** A real server on loopback, with a data folder of its own. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  /** Its name is `postgres`. */
  readonly superuser: string
  readonly password: string
  /** The database every server starts with. */
  readonly database: string
  /** What a client must trust; only with TLS. */
  readonly certificate?: Certificate
  /** Process id of the postmaster. */
  readonly pid: number
  /** Everything the server logged so far. */
  log(): string
  /** Runs SQL as superuser over a connection of its own; the rows of the last statement. */
  query(sql: string, parameters?: readonly unknown[], database?: string): Promise<Record<string, unknown>[]>
  /** Connection settings of the superuser, for `pg`. */
  client(database?: string): pg.ClientConfig
  /** Ends it at once and removes its data. Safe to call twice. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

/**
 * Starts PostgreSQL on 127.0.0.1 with a free port. Data are removed by `stop`, and at the latest when this process ends.
 * @throws Error with the server's own log when it does not come up
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const user = serverUser()
  const installation = options.installation ?? embeddedBinaries(user)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'))
  const removeFolder = atExit(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  const data = join(folder, 'data')
  const logFile = join(folder, 'log')
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const identity = user === undefined ? {} : { uid: user.uid, gid: user.gid }
  const auth = options.auth ?? 'scram-sha-256'
  const password = makeCluster({ installation, name: options.installation ?? 'embedded', folder, auth, user })

  const tls = options.tls ?? 'off'
  const certificate = tls === 'off' ? undefined : makeCertificate(data)
  if (certificate !== undefined && user !== undefined) chownSync(certificate.keyFile, user.uid, user.gid)
  const kind = tls === 'required' ? 'hostssl' : 'host'
  const addresses = ['127.0.0.1', ...(options.alsoAt === undefined ? [] : [options.alsoAt])]
  const rules = addresses.flatMap((address) =>
    ['all', 'replication'].map((what) => `${kind} ${what} all ${address}/32 ${auth}\n`),
  )
  writeFileSync(join(data, 'pg_hba.conf'), `local all all ${auth}\n${rules.join('')}`)

  const port = await freePort()
  const settings = {
    listen_addresses: addresses.join(),
    port,
    unix_socket_directories: folder,
    fsync: false,
    max_connections: 300,
    shared_buffers: '64MB',
    timezone: 'UTC',
    ssl: certificate !== undefined,
    password_encryption: auth === 'md5' ? 'md5' : 'scram-sha-256',
    ...options.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`)
  writeFileSync(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`)

  const logTo = openSync(logFile, 'a')
  const child = spawn(join(installation, 'bin', 'postgres'), ['-D', data], {
    ...identity,
    cwd: folder,
    stdio: ['ignore', logTo, logTo],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  })
  closeSync(logTo)
  const kill = atExit(() => child.kill('SIGQUIT'))
  // A test that forgets to stop its server must not hang for it.
  child.unref()

  const server: PostgresServer = {
    host: '127.0.0.1',
    port,
    superuser: 'postgres',
    password,
    database: 'postgres',
    ...(certificate === undefined ? {} : { certificate }),
    pid: child.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    client: (database = 'postgres') => ({
      host: '127.0.0.1',
      port,
      user: 'postgres',
      password,
      database,
      ...(certificate === undefined ? {} : { ssl: { ca: certificate.cert } }),
    }),
    async query(sql, parameters = [], database = 'postgres') {
      const client = new pg.Client(server.client(database))
      await client.connect()
      try {
        const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql, [...parameters])
        return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? []
      } finally {
        await client.end()
      }
    },
    async stop() {
      await end(child)
      kill.forget()
      removeFolder.forget()
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
  try {
    await untilReady(server, child)
  } catch (error) {
    const words = server.log()
    await server.stop()
    throw new Error(`PostgreSQL did not start:\n${words}`, { cause: error })
  }
  return server
}

async function untilReady(server: PostgresServer, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!server.log().includes('ready to accept connections')) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('not ready')
    await sleep(20)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.ref()
  const ended = once(child, 'exit')
  // A backend that a test stopped would keep the postmaster waiting.
  child.kill('SIGINT')
  const force = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS)
  const last = setTimeout(() => child.kill('SIGKILL'), 2 * STOP_TIMEOUT_MS)
  await ended
  clearTimeout(force)
  clearTimeout(last)
}
