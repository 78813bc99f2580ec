import type { IndexLocation, IndexStore } from './index-store.ts'
import { PostgresIndexStore } from './postgres-index-store.ts'
import { SqliteIndexStore } from './sqlite-index-store.ts'

/**
 * @param log names the ledger that is indexed, such as its verifier key
 * @throws Error when the database cannot be reached
 */
export async function openIndexStore(location: IndexLocation, log: string): Promise<IndexStore> {
  return location.kind === 'sqlite' ? new SqliteIndexStore(location.path, log) : PostgresIndexStore.open(location.client, log)
}
