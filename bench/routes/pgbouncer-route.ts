import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverUser } from '../../gateway/test/support/embedded-binaries.ts'
import { freePort } from '../../gateway/test/support/free-port.ts'
import { startChild } from './child.ts'
import type { Database, Route } from './route.ts'

/**
 * pgbouncer. In session mode, the default, with one server connection for each client, as the gateway has; in transaction
 * mode thousands of clients share a few. It refuses to run as root.
 */
export async function pgbouncerRoute(database: Database, { mode = 'session', clients = 500 }: { mode?: 'session' | 'transaction'; clients?: number } = {}): Promise<Route> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pgbouncer-'))
  const port = await freePort()
  const settings = join(folder, 'pgbouncer.ini')
  const users = join(folder, 'users.txt')
  writeFileSync(users, `"${database.user}" "${database.password}"\n`, { mode: 0o600 })
  writeFileSync(
    settings,
    `[databases]
${database.database} = host=127.0.0.1 port=${database.port} dbname=${database.database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
pool_mode = ${mode}
max_client_conn = ${clients}
default_pool_size = 200
server_round_robin = 0
ignore_startup_parameters = extra_float_digits, default_transaction_read_only
log_connections = 0
log_disconnections = 0
log_stats = 0
logfile = ${join(folder, 'log')}
`,
  )
  const user = serverUser()
  if (user !== undefined) for (const path of [folder, settings, users]) chownSync(path, user.uid, user.gid)
  const child = startChild('pgbouncer', ['--quiet', settings], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  })
  await untilListening(port)
  return {
    name: 'pgbouncer',
    port,
    user: database.user,
    database: database.database,
    pid: child.pid,
    password: () => Promise.resolve(database.password),
    async stop() {
      await child.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.once('connect', () => {
        socket.destroy()
        done(true)
      })
      socket.once('error', () => done(false))
    })
    if (open) return
    await sleep(25)
  }
  throw new Error('pgbouncer does not listen')
}
