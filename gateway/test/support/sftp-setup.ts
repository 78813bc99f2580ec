import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation } from '../../src/governance/operation.ts'
import type { Sessions } from '../../src/governance/sessions.ts'
import { Governor } from '../../src/governance/govern-exchange.ts'
import { compilePolicy } from '../../src/governance/policy/compile-policy.ts'
import type { RuleEntry } from '../../src/governance/policy/policy-document.ts'
import { document, subject } from '../../src/governance/policy/policy-samples.test-support.ts'
import type { Session } from '../../src/governance/session.ts'
import { namesOrderOf } from '../../src/protocols/ssh/sftp/names-order.ts'
import { SftpRelay } from '../../src/protocols/ssh/sftp/sftp-relay.ts'
import type { SftpContentRecorder } from '../../src/protocols/ssh/sftp/sftp-ports.ts'
import { atExit } from './at-exit.ts'
import { type ClientResult, startClient } from './run-client.ts'
import { type Desk, openDesk, session } from './review-desks.ts'

export const SFTP_SERVER = '/usr/lib/openssh/sftp-server'
export const SFTP_MISSING = existsSync(SFTP_SERVER) ? false : 'no OpenSSH sftp-server on this machine'

/** What a client may send ahead of what was passed on, as an SSH channel's window says it. */
const CREDIT = 2 * 1024 * 1024

/** A folder tree that stands for a machine, OpenSSH's sftp-server in it, and the relay with a real governor before it. */
export interface SftpSetup {
  /** The folder that stands for `/`; real paths. */
  readonly root: string
  /** `root` + path. */
  at(path: string): string
  readonly desk: Desk
  readonly session: Session
  readonly socketPath: string
  /** Lines told to the client's stderr, and reasons why relays ended. */
  readonly lines: string[]
  readonly failures: string[]
  /** Highest number of bytes that any relay held. */
  readonly peak: { fromClient: number; fromTarget: number }
  /** Called when paths are resolved, and nothing is decided yet. */
  readonly hooks: { onGovern: (operation: Operation) => void }
  /** Puts all files back as they were, and nothing besides. */
  restore(): void
  setRules(rules: readonly RuleEntry[]): void
  /** OpenSSH's sftp with a batch of commands. */
  sftp(batch: string, flags?: readonly string[]): Promise<ClientResult>
  /** The same without the gateway. */
  sftpDirectly(batch: string, flags?: readonly string[]): Promise<ClientResult>
  close(): Promise<void>
}

export interface SftpSetupOptions {
  readonly rules: readonly RuleEntry[]
  readonly content?: SftpContentRecorder
  readonly maxHoldMs?: number
  /** Cuts what goes to the relay into pieces of so many bytes. */
  readonly cut?: () => number
}

export async function startSftp(options: SftpSetupOptions): Promise<SftpSetup> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-sftp-')))
  const removal = atExit(() => rmSync(root, { recursive: true, force: true }))
  furnish(root)
  const desk = await openDesk({ rules: options.rules })
  const target = { ...subject(), target: { name: 'shop', protocol: 'ssh', labels: { env: 'prod' } } }
  let version = 0
  const policyOf = (rules: readonly RuleEntry[]) =>
    compilePolicy(document({ targets: [target.target], rules, roles: { viewer: [], reviewer: ['leads'], operator: [], auditor: [], administrator: [] } }), ++version).forSession(target)
  const base = session()
  const live = { ...base, protocol: 'ssh', target: target.target, admission: { ...base.admission, identity: target.identity }, policy: policyOf(options.rules), operations: 0, refused: 0 } as Session
  const governor = new Governor({ ledger: desk.ledger, sessions: undefined as unknown as Sessions, reviews: desk.reviews, followPolicy: () => Promise.resolve(), onError: (error) => void desk.errors.push(error as Error) })
  const lines: string[] = []
  const failures: string[] = []
  const peak = { fromClient: 0, fromTarget: 0 }
  const hooks: SftpSetup['hooks'] = { onGovern: () => undefined }
  const children = new Set<ChildProcessWithoutNullStreams>()
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    const child = spawn(SFTP_SERVER, ['-e'], { cwd: join(root, 'home/dana'), env: { HOME: join(root, 'home/dana'), PATH: process.env['PATH'] } })
    children.add(child)
    child.once('exit', () => children.delete(child))
    relayBetween(socket, child)
  })

  const relayBetween = (socket: Socket, child: ChildProcessWithoutNullStreams): void => {
    const relay = new SftpRelay({
      toTarget: (bytes) => {
        if (!child.stdin.destroyed) child.stdin.write(Buffer.from(bytes))
      },
      toClient: (bytes) => {
        if (!socket.destroyed) socket.write(Buffer.from(bytes))
      },
      tell: (line) => void lines.push(line),
      govern: (exchange) => {
        hooks.onGovern(exchange.operation)
        governor.govern(live, exchange)
      },
      finish: (number, outcome) => governor.finish(live, number, outcome),
      policy: () => live.policy,
      content: options.content,
      fail: (reason) => {
        failures.push(reason)
        setImmediate(() => end('left'))
      },
    }, { names: namesOrderOf(live), maxHoldMs: options.maxHoldMs ?? 60_000 })
    const settle = (): void => {
      peak.fromClient = Math.max(peak.fromClient, relay.heldFromClient)
      peak.fromTarget = Math.max(peak.fromTarget, relay.heldFromTarget)
      if (relay.heldFromClient + child.stdin.writableLength + socket.writableLength > CREDIT) socket.pause()
      else socket.resume()
      if (socket.writableLength > CREDIT) child.stdout.pause()
      else child.stdout.resume()
    }
    const end = (how: 'cancelled' | 'left'): void => {
      relay.close(how)
      socket.end()
      child.kill('SIGKILL')
    }
    const feed = (bytes: Buffer, push: (piece: Buffer) => void): void => {
      for (let at = 0; at < bytes.length;) {
        const size = options.cut?.() ?? bytes.length
        // A copy, made useless afterwards: what is kept of it beyond the call shows.
        const piece = Buffer.from(bytes.subarray(at, at + size))
        push(piece)
        if (options.cut !== undefined) piece.fill(0xff)
        at += size
      }
      settle()
    }
    socket.on('data', (bytes: Buffer) => feed(bytes, (piece) => relay.fromClient(piece)))
    child.stdout.on('data', (bytes: Buffer) => feed(bytes, (piece) => relay.fromTarget(piece)))
    socket.on('drain', settle)
    child.stdin.on('drain', settle)
    child.stdin.on('error', () => undefined)
    socket.on('error', () => end('left'))
    // No client of the tests sends its end and goes on reading.
    socket.on('end', () => end('cancelled'))
    socket.on('close', () => end('cancelled'))
    child.on('exit', () => {
      setImmediate(() => {
        relay.close('left')
        socket.end()
      })
    })
    child.stderr.resume()
  }
  const socketPath = join(root, 'relay.sock')
  await listen(server, socketPath)
  const direct = join(root, 'direct.sh')
  writeFileSync(direct, `#!/bin/sh\ncd '${join(root, 'home/dana')}' && exec ${SFTP_SERVER} -e 2>/dev/null\n`, { mode: 0o755 })
  const run = (server: string, batch: string, flags: readonly string[]): Promise<ClientResult> =>
    startClient('sftp', ['-b', '-', ...flags, '-D', server], batch, { cwd: join(root, 'work'), env: { PATH: process.env['PATH'], HOME: '/nonexistent', TZ: 'UTC' } }).result
  return {
    root, desk, session: live, socketPath, lines, failures, peak, hooks,
    at: (path) => `${root}${path}`,
    restore: () => furnish(root),
    setRules: (rules) => void (live.policy = policyOf(rules)),
    sftp: (batch, flags = []) => run(`${process.execPath} ${join(import.meta.dirname, 'sftp-bridge.child.ts')} ${socketPath}`, batch, flags),
    sftpDirectly: (batch, flags = []) => run(direct, batch, flags),
    async close() {
      for (const socket of sockets) socket.destroy()
      for (const child of children) child.kill('SIGKILL')
      await new Promise((resolve) => { server.close(resolve) })
      await desk.storage.close()
      removal.forget()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Puts all files back: `/srv/drop` to write in, `/srv/pub` to read from, homes with keys, and accounts; `work` is the client's. */
export function furnish(root: string): void {
  for (const folder of ['srv', 'home', 'etc', 'work']) rmSync(join(root, folder), { recursive: true, force: true })
  for (const folder of ['srv/drop', 'srv/pub/deep', 'home/dana/.ssh', 'home/erin/.ssh', 'etc/cron.d', 'work']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'srv/pub/readme.txt'), 'all may read this\n')
  writeFileSync(join(root, 'srv/pub/deep/more.txt'), 'deeper\n')
  writeFileSync(join(root, 'srv/drop/old.txt'), 'old\n')
  writeFileSync(join(root, 'home/dana/notes.txt'), 'notes\n')
  for (const name of ['dana', 'erin']) writeFileSync(join(root, `home/${name}/.ssh/id_ed25519`), `PRIVATE KEY of ${name}\n`)
  for (let number = 0; number < 250; number++) writeFileSync(join(root, `srv/pub/deep/many-${number}`), '')
  writeFileSync(join(root, 'work/local.txt'), 'from here\n')
  writeFileSync(join(root, 'work/large.bin'), Buffer.alloc(3 * 1024 * 1024, 'abcdefghijklm'))
  mkdirSync(join(root, 'work/tree/inner'), { recursive: true })
  writeFileSync(join(root, 'work/tree/one.txt'), 'one\n')
  writeFileSync(join(root, 'work/tree/inner/two.txt'), 'two\n')
  writeFileSync(join(root, 'etc/shadow'), 'root:SECRETHASH:1::::::\n')
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n')
  chmodSync(join(root, 'etc/shadow'), 0o600)
  // Lists by time are the same each time, whenever the files were put back.
  for (const [at, path] of ['deep', 'readme.txt'].entries()) utimesSync(join(root, 'srv/pub', path), 1_700_000_000, 1_700_000_000 + at)
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
