import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { type DialectAdapter, SqliteAdapter, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely'

const MAX_STATEMENTS = 200

/** SQLite as Node brings it. */
export class NodeSqliteDialect extends SqliteDialect {
  /** @param path a file, or `:memory:` */
  constructor(path: string) {
    super({ database: openNodeSqlite(path) })
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter()
  }
}

/**
 * Kysely migrates SQLite outside a transaction, for the sake of pragmas that cannot run in one. Ours need none: inside, a
 * migration that is cut off leaves nothing behind, and two processes that start together do not both run it.
 */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** A database that is made anew is nobody else's, also where its folder is open to others; the files beside it get the same. */
export function makePrivate(path: string): void {
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
}

function openFile(path: string): DatabaseSync {
  try {
    makePrivate(path)
    return new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 })
  } catch (error) {
    throw new Error(`the state database ${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/**
 * Lends Node's own SQLite to Kysely's SQLite dialect, which was written for better-sqlite3. Statements are prepared once
 * and kept; the least recently used goes first.
 */
function openNodeSqlite(path: string): SqliteDatabase {
  const database = openFile(path)
  // With WAL, NORMAL may lose the last commits when the machine loses power, but never the database's consistency.
  database.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma trusted_schema = off')
  // A destroyed key of a recording must not stay in a free page.
  database.exec('pragma secure_delete = on')
  const prepared = new Map<string, SqliteStatement>()
  return {
    close: () => database.close(),
    prepare(sql) {
      // A transaction that reads first and writes later would fail at once, not wait, when another process writes between.
      const statement = prepared.get(sql) ?? adapt(database.prepare(sql === 'begin' ? 'begin immediate' : sql))
      prepared.delete(sql)
      prepared.set(sql, statement)
      if (prepared.size > MAX_STATEMENTS) prepared.delete(prepared.keys().next().value ?? '')
      return statement
    },
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  }
}
