import { DatabaseSync } from 'node:sqlite'
import { lockPath } from './layout.ts'

/**
 * Holds the ledger for this process. An exclusive transaction on an empty SQLite file is used for its operating-system
 * lock: the kernel drops it when the process dies in whatever way, so nothing is ever stale, no process id can be
 * mistaken for another's, and it also holds between two openers inside one process. Node has no flock of its own.
 * @throws Error when somebody else holds it
 */
export function lockLedger(directory: string): () => void {
  const database = new DatabaseSync(lockPath(directory))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw new Error(`the ledger in ${directory} is in use by another process: each gateway has a dataDir of its own`, { cause: error })
  }
  return () => database.close()
}
