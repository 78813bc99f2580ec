import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { commandLine, isAlive } from './processes.ts'

/** A real OpenSSH server on loopback, whose sessions begin in a folder made for them. */
export interface SshHost {
  readonly port: number
  /** Login of whoever runs the demo: a server that is not root's can log in nobody else. */
  readonly user: string
  /** The host's public key, as in a `.pub` file. */
  readonly hostKey: string
  /** Process id of the server. */
  readonly pid: number
  /** From now on, whoever has a certificate of this authority may log in; nobody could before. */
  trust(authority: string): Promise<void>
  /** Ends the server; sessions end with their connections. Safe to call twice. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 5_000
const STOP_TIMEOUT_MS = 3_000
/** Where systems keep what is not for everybody's PATH. */
const SERVERS = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd', '/opt/homebrew/sbin/sshd']
const SFTP_SERVERS = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server', '/usr/libexec/sftp-server', '/usr/lib/ssh/sftp-server', '/usr/lib/sftp-server', '/opt/homebrew/libexec/sftp-server']
/** Where a server of root's locks itself up before a login. */
const EMPTY_FOLDER = '/run/sshd'

/** Path of the OpenSSH server of this machine, which only starts by its whole path; or of the one that SALLYPORT_DEMO_SSHD names. Undefined when there is none. */
export function findSshServer(): string | undefined {
  const named = process.env['SALLYPORT_DEMO_SSHD']
  if (named !== undefined) return existsSync(named) ? named : undefined
  const inPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/')).map((folder) => join(folder, 'sshd'))
  return [...inPath, ...SERVERS].find((path) => existsSync(path))
}

/**
 * @param folder an empty one, for keys, settings and the sandbox
 * @throws Error with what the server said when it does not come up
 */
export async function startSshHost(server: string, folder: string): Promise<SshHost> {
  const { username: user, uid } = userInfo()
  const box = join(folder, 'box')
  await fillBox(box)
  const hostKeyFile = join(folder, 'host_key')
  await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'box', '-f', hostKeyFile])
  const authorityFile = join(folder, 'authority.pub')
  await writeFile(authorityFile, '')
  const shell = join(folder, 'enter-box')
  await writeFile(shell, enterBox(box), { mode: 0o700 })
  if (uid === 0 && !existsSync(EMPTY_FOLDER)) await mkdir(EMPTY_FOLDER, { recursive: true, mode: 0o755 })
  const port = await freePort()
  const sftpServer = SFTP_SERVERS.find((path) => existsSync(path))
  const settings = [
    `ListenAddress 127.0.0.1:${port}`, `HostKey ${hostKeyFile}`, 'PidFile none', 'StrictModes no', `UsePAM ${await isLocked(user) ? 'yes' : 'no'}`,
    `TrustedUserCAKeys ${authorityFile}`, 'AuthorizedKeysFile none', 'AuthenticationMethods publickey', 'PermitRootLogin prohibit-password',
    `AllowUsers ${user}`, 'PermitUserRC no', 'X11Forwarding no', 'PrintMotd no', 'PrintLastLog no', 'LogLevel ERROR', `ForceCommand ${shell}`,
    ...(sftpServer === undefined ? [] : [`Subsystem sftp ${sftpServer}`]),
  ]
  const configFile = join(folder, 'sshd_config')
  await writeFile(configFile, `${settings.join('\n')}\n`)
  const child = spawn(server, ['-D', '-e', '-f', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], LANG: 'C.UTF-8' },
    // A group of its own: Ctrl-C in the terminal is for the demo, which then stops the server in its turn.
    detached: true,
  })
  const words = tail(child)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async () => {
    await end(child)
    process.off('exit', kill)
  }
  try {
    // For a demo that comes after one that was killed.
    await writeFile(join(folder, 'pid'), String(child.pid))
    await untilListening(port, child)
  } catch (error) {
    await stop()
    throw new Error(`the OpenSSH server did not start: ${words()}`, { cause: error })
  }
  const hostKey = (await readFile(`${hostKeyFile}.pub`, 'utf8')).trim()
  return { port, user, hostKey, pid: child.pid ?? 0, stop, trust: (authority) => writeFile(authorityFile, `${authority}\n`) }
}

/** Ends a server that a killed demo left running in `folder`; does nothing when there is none. */
export async function stopSshLeftover(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''))
  if (!Number.isSafeInteger(pid) || pid <= 1 || !(await commandLine(pid)).includes(folder)) return
  process.kill(pid, 'SIGTERM')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while (isAlive(pid) && Date.now() < deadline) await sleep(50)
}

/** Sessions begin in the sandbox, not in the home of whoever runs the demo: nothing there is theirs to try things on. */
function enterBox(box: string): string {
  return `#!/bin/sh
cd '${box}' || exit 1
HOME='${box}'
export HOME
[ -n "$SSH_ORIGINAL_COMMAND" ] && exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
exec /bin/sh
`
}

async function fillBox(box: string): Promise<void> {
  for (const folder of ['logs', 'reports', 'srv']) await mkdir(join(box, folder), { recursive: true })
  await chmod(box, 0o700)
  // An empty repository, as "git init --bare" makes one.
  for (const name of ['objects', 'refs']) await mkdir(join(box, 'shop.git', name), { recursive: true })
  await writeFile(join(box, 'shop.git/HEAD'), 'ref: refs/heads/main\n')
  await writeFile(join(box, 'shop.git/config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  const lines = Array.from({ length: 200 }, (_, index) => `2026-11-02T08:${String(Math.floor(index / 4)).padStart(2, '0')}:00Z order ${1_000 + index} paid by customer${index}@example.com`)
  await writeFile(join(box, 'logs/shop.log'), `${lines.join('\n')}\n`)
  await writeFile(join(box, 'reports/october.csv'), 'day,orders\n2026-10-30,412\n2026-10-31,388\n')
  await writeFile(join(box, 'srv/index.html'), '<h1>Shop</h1>\n')
}

/** Without PAM, a server of root's lets nobody in whose password is locked, whatever else they have. */
async function isLocked(user: string): Promise<boolean> {
  const shadow = await readFile('/etc/shadow', 'utf8').catch(() => '')
  return shadow.split('\n').some((line) => line.startsWith(`${user}:!`))
}

/** The last of what a child wrote to stderr, at most 2,000 characters. */
function tail(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2_000)
  })
  return () => text.trim()
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(20)) {
    if (child.exitCode !== null || child.signalCode !== null) break
    const socket = connect(port, '127.0.0.1')
    const listens = await once(socket, 'connect').then(() => true, () => false)
    socket.destroy()
    if (listens) return
  }
  throw new Error('nobody listens')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const harder = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(harder)
}
