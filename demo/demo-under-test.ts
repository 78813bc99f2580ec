import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const root = fileURLToPath(new URL('..', import.meta.url))
const START_TIMEOUT_MS = 60_000

/** The line of JSON, as the documentation promises it: nothing more, nothing less. */
const Ready = z.strictObject({
  ready: z.literal(true),
  api: z.url(),
  issuer: z.url(),
  targets: z.record(z.string(), z.strictObject({ protocol: z.string(), host: z.string(), port: z.int(), database: z.string().optional() })),
  logins: z.record(z.string(), z.strictObject({ user: z.string(), password: z.string(), expiresAt: z.iso.datetime() })),
})

const State = z.object({ pid: z.int(), folder: z.string() })

/** `npm run demo -- --json`, beside any demo that a developer runs in the same clone. */
export interface DemoUnderTest {
  readonly ready: z.infer<typeof Ready>
  readonly readyAfterMs: number
  /** Process id of the demo itself. */
  readonly pid: number
  /** Process id of the npm that started it. */
  readonly npmPid: number
  /** Process id of the database server. */
  readonly postgresPid: number
  /** Process id of the OpenSSH server; undefined when the demo has none. */
  readonly sshPid: number | undefined
  /** What it makes outside the clone. */
  readonly folder: string
  /** What clients of this demo need in their environment. */
  readonly environment: NodeJS.ProcessEnv
  /** What it wrote so far, both streams. */
  output(): string
  /** Ctrl-C in its terminal. Resolves when npm and all below it are done. */
  interrupt(): Promise<void>
  /** Ends whatever is left. */
  clear(): Promise<void>
}

/** A folder for the state of demos under test. */
export function demoDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-demo-state-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Runs `npm run demo` with its arguments. */
export function spawnDemo(directory: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): ChildProcess & { words(): string } {
  const child = spawn('npm', ['run', 'demo', ...(args.length > 0 ? ['--', ...args] : [])], {
    cwd: root, env: { ...demoEnvironment(directory), ...more }, stdio: ['ignore', 'pipe', 'pipe'],
    // As in a terminal: Ctrl-C is for a whole group.
    detached: true,
  })
  let words = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { words += text })
  return Object.assign(child, { words: () => words })
}

export function demoEnvironment(directory: string): NodeJS.ProcessEnv {
  // A demo inside a test is no test.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  return { ...environment, SALLYPORT_DEMO_DIR: directory }
}

/** @throws Error with everything it wrote when it does not become ready */
export async function startDemoUnderTest(directory: string, more: NodeJS.ProcessEnv = {}): Promise<DemoUnderTest> {
  const started = performance.now()
  const child = spawnDemo(directory, ['--json'], more)
  const closed = once(child, 'close')
  const line = await Promise.race([firstJson(child), closed.then(() => undefined)])
  if (line === undefined) throw new Error(`the demo did not become ready:\n${child.words()}`)
  const readyAfterMs = performance.now() - started
  const { pid, folder } = State.parse(JSON.parse(readFileSync(join(directory, 'state.json'), 'utf8')))
  const postgresPid = Number(readFileSync(join(folder, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0])
  const sshPidFile = join(folder, 'ssh/pid')
  const sshPid = existsSync(sshPidFile) ? Number(readFileSync(sshPidFile, 'utf8')) : undefined
  return {
    ready: Ready.parse(JSON.parse(line)), readyAfterMs, pid, postgresPid, sshPid, folder,
    npmPid: child.pid ?? 0,
    environment: demoEnvironment(directory),
    output: () => child.words(),
    async interrupt() {
      process.kill(-child.pid!, 'SIGINT')
      await closed
    },
    async clear() {
      for (const left of [pid, postgresPid, ...(sshPid === undefined ? [] : [sshPid])]) {
        try {
          process.kill(left, 'SIGTERM')
        } catch {
          // It is gone, as it should be.
        }
      }
      await closed
    },
  }
}

/** npm itself writes to stdout before the demo does. */
async function firstJson(child: ChildProcess): Promise<string | undefined> {
  if (child.stdout === null) return undefined
  const lines = createInterface({ input: child.stdout })
  const timeout = setTimeout(() => lines.close(), START_TIMEOUT_MS)
  try {
    for await (const line of lines) if (line.startsWith('{')) return line
    return undefined
  } finally {
    clearTimeout(timeout)
  }
}
