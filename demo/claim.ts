import { mkdtempSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { DEMO_STATE_FILE, type DemoState, readDemoState, type RunningDemo } from 'sallyport/demo-state'
import { stopLeftover } from './embedded-postgres.ts'
import { commandLine, isAlive } from './processes.ts'
import { stopSshLeftover } from './ssh-host.ts'

const FOLDER_PREFIX = 'sallyport-demo-'

/** That this clone's demo is this process, and the folder for everything it makes. */
export interface Claim {
  readonly folder: string
  /** Tells clients in this clone how to reach the demo. */
  publish(ready: RunningDemo): Promise<void>
  /** Removes the folder and what was published. */
  release(): Promise<void>
}

/** Another demo runs in this clone. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning'
}

/**
 * Claims the clone for one demo, and cleans up behind one that was killed.
 * @throws AlreadyRunning
 */
export async function claimDemo(): Promise<Claim> {
  await mkdir(dirname(DEMO_STATE_FILE), { recursive: true, mode: 0o700 })
  // Others may enter, because the database server runs as another user; what is in it is shut for itself.
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX))
  await chmod(folder, 0o711)
  const state: DemoState = { pid: process.pid, folder }
  while (!(await tryCreate(state))) {
    const other = await readDemoState()
    if (other !== undefined && await isRunning(other)) {
      await rm(folder, { recursive: true })
      const where = other.ready === undefined ? 'and is about to be ready' : `with its API at ${other.ready.api}`
      throw new AlreadyRunning(`The demo is running already, as process ${other.pid}, ${where}. Stop that one with Ctrl-C first.`)
    }
    if (other !== undefined) await removeLeftovers(other.folder)
    await rm(DEMO_STATE_FILE, { force: true })
  }
  return {
    folder,
    async publish(ready) {
      await writeFile(`${DEMO_STATE_FILE}.new`, JSON.stringify({ ...state, ready } satisfies DemoState), { mode: 0o600 })
      await rename(`${DEMO_STATE_FILE}.new`, DEMO_STATE_FILE)
    },
    async release() {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      await rm(DEMO_STATE_FILE, { force: true })
    },
  }
}

async function tryCreate(state: DemoState): Promise<boolean> {
  try {
    await writeFile(DEMO_STATE_FILE, JSON.stringify(state), { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function isRunning({ pid }: DemoState): Promise<boolean> {
  return isAlive(pid) && (await commandLine(pid)).includes(join('demo', 'main.ts'))
}

async function removeLeftovers(folder: string): Promise<void> {
  // The path comes from a file: nothing but what a demo makes is ever removed.
  if (!basename(folder).startsWith(FOLDER_PREFIX) || dirname(folder) !== tmpdir()) return
  await stopLeftover(join(folder, 'postgres'))
  await stopSshLeftover(join(folder, 'ssh'))
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
