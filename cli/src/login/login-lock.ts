import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../failure.ts'

const RETRY_MS = 50
/** Longer than a refresh may take: discovery and the token endpoint, each with its time limit, and a keyring that asks. */
const PATIENCE_MS = 60_000

/**
 * Runs `work` while no other process does so under the same lock. A refresh token that rotates may be used once: whoever
 * uses it a second time loses the login. As the gateway's ledger, it is locked through SQLite (decision 16), since the
 * kernel drops that lock when a process dies.
 *
 * @throws Failure when another holds it for too long
 */
export async function withLoginLock<T>(path: string, work: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite')
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      if (lock(database)) return await work()
    } finally {
      database.close()
    }
    if (performance.now() > untilMs) {
      throw new Failure('another sallyport command keeps the login for itself', 'Try again when it has ended.')
    }
    await sleep(RETRY_MS)
  }
}

function lock(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    // SQLITE_BUSY; anything else will not pass by waiting.
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return false
    throw new Failure('the lock beside the login cannot be taken', 'Give XDG_CONFIG_HOME the path of a folder of your own.')
  }
}
