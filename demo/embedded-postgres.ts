import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { embeddedBinaries, type ServerUser, serverUser } from './embedded-binaries.ts'
import { freePort } from './free-port.ts'
import { commandLine, isAlive } from './processes.ts'

/** A real PostgreSQL 18 on loopback whose data live in a folder of their own. */
export interface EmbeddedPostgres {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
  /** Ends the server. The folder stays. Safe to call twice. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 8_000

/**
 * Makes a database cluster in `folder`, which must be empty and reachable by the server's user, and starts it.
 * @throws Error with the last lines of what the server said when it does not come up
 */
export async function startEmbeddedPostgres(folder: string): Promise<EmbeddedPostgres> {
  const user = serverUser()
  const bin = join(embeddedBinaries(user), 'bin')
  const data = join(folder, 'data')
  const password = randomBytes(24).toString('base64url')
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  await initialise(bin, folder, data, password, user)
  const port = await freePort()
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...SETTINGS, '-c', `port=${port}`], {
    ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment(),
    // A group of its own: Ctrl-C in the terminal is for the demo, which then stops the server in its turn.
    detached: true,
  })
  const kill = () => child.kill('SIGQUIT')
  process.once('exit', kill)
  const stop = async () => {
    await end(child)
    process.off('exit', kill)
  }
  try {
    await untilReady(child)
  } catch (error) {
    await stop()
    throw error
  }
  return { host: '127.0.0.1', port, superuser: 'postgres', password, stop }
}

// The data do not outlive the demo: nothing is worth waiting for the disk.
const SETTINGS = [
  'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'synchronous_commit=off', 'full_page_writes=off',
  'max_connections=250', 'shared_buffers=64MB', 'timezone=UTC', 'password_encryption=scram-sha-256',
].flatMap((setting) => ['-c', setting])

function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
}

async function initialise(bin: string, folder: string, data: string, password: string, user?: ServerUser): Promise<void> {
  // initdb takes a password from a file alone; it is gone as soon as it was read.
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
  const child = spawn(join(bin, 'initdb'), [
    '-D', data, '-U', 'postgres', '--encoding=UTF8', '--locale=C', '--no-sync', '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
  ], { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: serverEnvironment() })
  const words = tail(child)
  await once(child, 'close')
  await rm(passwordFile)
  if (child.exitCode !== 0) throw new Error(`initdb failed: ${words()}`)
}

/** The last of what a child wrote to stderr, at most 4,000 characters. */
function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-4_000)
  })
  return () => text.trim()
}

async function untilReady(child: ChildProcess): Promise<void> {
  const words = tail(child)
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!words().includes('ready to accept connections')) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`PostgreSQL did not start: ${words()}`)
    if (Date.now() > deadline) throw new Error(`PostgreSQL was not ready in ${START_TIMEOUT_MS / 1_000} s: ${words()}`)
    await sleep(20)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  // Fast shutdown first, which ends open connections in good order.
  child.kill('SIGINT')
  const harder = setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT_MS)
  const hardest = setTimeout(() => child.kill('SIGKILL'), 2 * STOP_TIMEOUT_MS)
  await ended
  clearTimeout(harder)
  clearTimeout(hardest)
}

/** Runs SQL of one or more statements over a connection of its own. */
export async function runSql(server: EmbeddedPostgres, database: string, sql: string): Promise<void> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Ends a server that a killed demo left running in `folder`; does nothing when there is none. */
export async function stopLeftover(folder: string): Promise<void> {
  const pid = Number((await readFile(join(folder, 'data/postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0])
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await commandLine(pid)).includes(folder)) return
  process.kill(pid, 'SIGQUIT')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (isAlive(pid) && Date.now() < deadline) await sleep(50)
}
