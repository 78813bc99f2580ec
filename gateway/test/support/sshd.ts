import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from './at-exit.ts'
import { freePort } from './free-port.ts'

/** A real OpenSSH server on loopback: its user is the one who runs the tests, its keys are its own. */
export interface Sshd {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Its host key, as in a `.pub` file. */
  readonly hostKey: string
  /** Private key that it takes. */
  readonly keyFile: string
  /** A folder for whatever a test does on the target. */
  readonly folder: string
  readonly pid: number
  log(): string
  /** Removes everything. Safe to call twice. */
  stop(): Promise<void>
}

export interface SshdOptions {
  /** Lines of sshd_config. */
  readonly settings?: readonly string[]
  /** Who logs in; whoever runs the tests when absent. Another only where root runs them. */
  readonly user?: string
}

const START_TIMEOUT_MS = 10_000

/** @throws Error with what it logged when it does not come up */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-sshd-'))
  const removeFolder = atExit(() => rmSync(folder, { recursive: true, force: true }))
  const keygen = (name: string): string => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(folder, name)])
    return join(folder, name)
  }
  chmodSync(folder, 0o755)
  const hostKeyFile = keygen('host_key')
  const keyFile = keygen('user_key')
  writeFileSync(join(folder, 'authorized_keys'), readFileSync(`${keyFile}.pub`), { mode: 0o644 })
  const work = join(folder, 'work')
  mkdirSync(work)
  chmodSync(work, 0o777)
  // Of a server that is started by root; without it none starts.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true })
  const port = await freePort()
  const logFile = join(folder, 'log')
  writeFileSync(join(folder, 'sshd_config'), `${[
    // Of several lines with the same word the first counts.
    ...(options.settings ?? []),
    `Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKeyFile}`, `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'pid')}`, 'PermitRootLogin yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'UsePAM no',
    'StrictModes no', 'MaxStartups 1000', 'MaxSessions 1000', 'PrintMotd no', 'PrintLastLog no', 'AcceptEnv LANG LC_* SALLY_*', 'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
  ].join('\n')}\n`)
  const logTo = openSync(logFile, 'a')
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: ['ignore', logTo, logTo] })
  closeSync(logTo)
  const kill = atExit(() => child.kill('SIGKILL'))
  child.unref()
  const sshd: Sshd = {
    host: '127.0.0.1', port, user: options.user ?? userInfo().username, hostKey: readFileSync(`${hostKeyFile}.pub`, 'utf8').trim(), keyFile, folder: work,
    pid: child.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      kill.forget()
      removeFolder.forget()
      if (child.exitCode === null && child.signalCode === null) {
        child.ref()
        const ended = once(child, 'exit')
        child.kill('SIGTERM')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await untilListening(port, child)
  } catch (error) {
    const words = sshd.log()
    await sshd.stop()
    throw new Error(`sshd did not start:\n${words}`, { cause: error })
  }
  return sshd
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline && child.exitCode === null; await sleep(20)) {
    const socket = connect(port, '127.0.0.1')
    const result = await Promise.race([once(socket, 'connect').then(() => true, () => false), sleep(1_000, false)])
    socket.destroy()
    if (result) return
  }
  throw new Error('nobody listens')
}
