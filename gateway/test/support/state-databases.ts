import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StorageLocation } from '../../src/storage/open-storage.ts'
import { startPostgres } from './postgres.ts'

export interface StateDatabase {
  /** A place with nothing in it yet. */
  fresh(): Promise<StorageLocation>
  stop(): Promise<void>
}

/** Where a gateway can keep its state, for suites that must pass on each. */
export const stateDatabases: Readonly<Record<string, () => Promise<StateDatabase>>> = {
  SQLite() {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-storage-'))
    let files = 0
    return Promise.resolve({
      fresh: () => Promise.resolve({ kind: 'sqlite', path: join(folder, `state-${(files += 1)}.db`) }),
      stop: () => Promise.resolve(rmSync(folder, { recursive: true })),
    })
  },
  async PostgreSQL() {
    const server = await startPostgres()
    let names = 0
    return {
      async fresh() {
        const name = `state_${(names += 1)}`
        await server.query(`create database ${name}`)
        return { kind: 'postgres', client: server.client(name) }
      },
      stop: () => server.stop(),
    }
  },
}
