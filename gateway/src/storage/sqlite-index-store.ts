import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { RuleUse } from '../governance/agents/identity-use.ts'
import type { FoundOperation, SearchPage } from '../governance/recording/operation-index.ts'
import type { SearchQuery } from '../governance/recording/search-query.ts'
import { foundOperation, type FoundRow } from './found-operation.ts'
import {
  assignIds, type EntryRange, IDS_A_MS, idRange, type IndexedOperation, type IndexedSession, type IndexPosition, type IndexSlice, type IndexStore, isNew,
  MAX_CODES, MERGE_WINDOW_MS, type OperationChange, type PendingOperation,
} from './index-store.ts'
import { laterTerms, operationTerms, sessionTerms, termQuery, type TermPhrase, type TermQuery } from './index-terms.ts'
import { makePrivate } from './node-sqlite.ts'
import { ruleUseOf } from './rule-use.ts'

/** Raised with every change of the tables or of the terms; an older file is thrown away. */
const VERSION = 5

/** Terms hold only letters, digits and what is named here, so that the tokenizer leaves each as it is. */
const SCHEMA = `
create table log (id integer primary key check (id = 1), name text not null, entries integer not null, next_offset integer not null,
  last_offset integer not null, last_digest text not null);
create table sessions (id integer primary key, session text not null unique, kind text not null, name text not null, issuer text not null,
  actors text not null, target text not null, protocol text not null, purpose text not null,
  first_entry integer not null, last_entry integer not null);
create table operations (id integer primary key, session integer not null, decision text not null, rule text not null,
  policy_version integer not null, actions text not null, objects text not null, text_truncated integer not null,
  first_n integer not null, first_at integer not null, last_n integer not null, last_at integer not null, count integer not null,
  completed integer not null, failed integer not null, aborted integer not null, rows integer not null, masked integer not null, codes text not null, text text not null,
  integers text not null);
create table pending (session text not null, n integer not null, operation integer not null, primary key (session, n)) without rowid;
create table rule_use (agent text not null, issuer text not null, rule text not null, count integer not null, last_at integer not null,
  primary key (agent, issuer, rule)) without rowid;
create virtual table terms using fts5(term, content='', contentless_delete=1, tokenize="ascii tokenchars '=._-%~'");
pragma user_version = ${VERSION};
`

const FOUND = `select o.*, s.session as session_id, s.kind, s.name, s.issuer, s.actors, s.target, s.protocol, s.purpose
  from terms t join operations o on o.id = t.rowid join sessions s on s.id = o.session`

/** The index in a SQLite file of its own: nobody else waits for its writes. Blocks its thread, so it belongs in a worker. */
export class SqliteIndexStore implements IndexStore {
  readonly #path: string
  readonly #log: string
  #db: DatabaseSync
  #statements = new Map<string, StatementSync>()
  /** Row ids of sessions written or read lately. */
  readonly #sessions = new Map<string, { readonly row: number; readonly terms: string }>()

  /** @param log names the ledger; what an index holds of another is thrown away */
  constructor(path: string, log: string) {
    this.#path = path
    this.#log = log
    this.#db = this.#open()
    const known = this.#prepare('select name from log').get()
    if (known !== undefined && known['name'] !== log) this.#clear()
  }

  position(): Promise<IndexPosition | undefined> {
    const row = this.#prepare('select * from log').get()
    if (row === undefined) return Promise.resolve(undefined)
    return Promise.resolve({
      entries: Number(row['entries']), offset: Number(row['next_offset']), lastOffset: Number(row['last_offset']), lastDigest: String(row['last_digest']),
    })
  }

  reset(): Promise<void> {
    this.#clear()
    return Promise.resolve()
  }

  async write(slice: IndexSlice): Promise<void> {
    this.#db.exec('begin immediate')
    try {
      this.#writeAll(slice)
      this.#db.exec('commit')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback')
      this.#sessions.clear()
      throw error
    }
  }

  session(id: string): Promise<IndexedSession | undefined> {
    const row = this.#prepare('select * from sessions where session = ?').get(id)
    return Promise.resolve(row === undefined ? undefined : sessionOf(row as unknown as SessionRow))
  }

  range(session: string): Promise<EntryRange | undefined> {
    const row = this.#prepare('select first_entry, last_entry from sessions where session = ?').get(session)
    return Promise.resolve(row === undefined ? undefined : { first: Number(row['first_entry']), last: Number(row['last_entry']) })
  }

  pending(): Promise<readonly PendingOperation[]> {
    const rows = this.#prepare('select session, n, operation from pending').all()
    return Promise.resolve(rows.map((row) => ({ session: String(row['session']), number: Number(row['n']), id: Number(row['operation']) })))
  }

  search(query: SearchQuery, page: SearchPage): Promise<{ operations: readonly FoundOperation[]; next?: string }> {
    const { sinceMs, untilMs } = query
    // A row stands at its first operation, and may hold later ones.
    const low = sinceMs === undefined ? 0 : Math.max(0, sinceMs - MERGE_WINDOW_MS) * IDS_A_MS
    const before = Math.min(untilMs === undefined ? Number.MAX_SAFE_INTEGER : untilMs * IDS_A_MS, page.after === undefined ? Infinity : Number(page.after))
    const rows = this.#prepare(`${FOUND} where t.terms match ? and t.rowid >= ? and t.rowid < ? and o.last_at >= ? order by t.rowid desc limit ?`)
      .all(matchExpression(termQuery(query, page.owner)), low, before, sinceMs ?? 0, page.limit + 1) as unknown as FoundRow[]
    const last = rows.length > page.limit ? rows[page.limit - 1] : undefined
    return Promise.resolve({ operations: rows.slice(0, page.limit).map(foundOperation), ...(last !== undefined && { next: String(last.id) }) })
  }

  ruleUse(): Promise<readonly RuleUse[]> {
    const rows = this.#prepare('select agent, issuer, rule, count, last_at as "lastAtMs" from rule_use').all()
    return Promise.resolve(rows.map((row) => ({ ...row }) as unknown as RuleUse))
  }

  close(): Promise<void> {
    this.#statements.clear()
    this.#db.close()
    return Promise.resolve()
  }

  #writeAll(slice: IndexSlice): void {
    const { position, sessions, lastEntries, changes, settled, unsettled } = slice
    for (const session of sessions) this.#sessionRow(session)
    const fresh = changes.map(({ row }) => row).filter(isNew)
    if (fresh.length > 0) {
      const { low, high } = idRange(fresh)
      const taken = this.#prepare('select id from operations where id between ? and ?').all(low, high)
      assignIds(fresh, new Set(taken.map((row) => Number(row['id']))))
    }
    const isFresh = new Set<unknown>(fresh)
    for (const change of changes) {
      if (isFresh.has(change.row)) this.#insert(change.row as IndexedOperation, change)
      else this.#update(change)
    }
    for (const [session, entry] of lastEntries) this.#run('update sessions set last_entry = max(last_entry, ?) where session = ?', entry, session)
    for (const { agent, issuer, rule, count, lastAtMs } of ruleUseOf(slice)) {
      this.#run(`insert into rule_use values (?, ?, ?, ?, ?)
        on conflict do update set count = count + excluded.count, last_at = max(last_at, excluded.last_at)`, agent, issuer, rule, count, lastAtMs)
    }
    for (const { session, number } of settled) this.#run('delete from pending where session = ? and n = ?', session, number)
    for (const { session, number, row } of unsettled) this.#run('insert or replace into pending values (?, ?, ?)', session, number, row.id ?? 0)
    const { entries, offset, lastOffset, lastDigest } = position
    this.#run('insert or replace into log values (1, ?, ?, ?, ?, ?)', this.#log, entries, offset, lastOffset, lastDigest)
  }

  #insert(row: IndexedOperation, { count, lastNumber, lastAtMs, outcomes }: OperationChange): void {
    const session = this.#sessionRow(row.session)
    const codes = [...outcomes.codes].slice(0, MAX_CODES)
    const id = row.id ?? 0
    this.#run('insert into operations values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id, session.row, row.decision, row.rule, row.policyVersion, JSON.stringify(row.actions), JSON.stringify(row.objects), row.textTruncated ? 1 : 0,
      row.firstNumber, row.firstAtMs, lastNumber, lastAtMs, count, outcomes.completed, outcomes.failed, outcomes.aborted, outcomes.rows, outcomes.masked,
      JSON.stringify(codes), row.text, row.integers)
    this.#run('insert into terms (rowid, term) values (?, ?)', id, `${session.terms} ${operationTerms(row, outcomes.masked, codes)}`)
  }

  #update({ row, count, lastNumber, lastAtMs, addsIntegers, outcomes }: OperationChange): void {
    const id = row.id ?? 0
    this.#run(`update operations set count = count + ?, last_n = max(last_n, ?), last_at = max(last_at, ?), completed = completed + ?,
      failed = failed + ?, aborted = aborted + ?, rows = rows + ?, masked = masked + ? where id = ?`,
    count, lastNumber, lastAtMs, outcomes.completed, outcomes.failed, outcomes.aborted, outcomes.rows, outcomes.masked, id)
    const integers = addsIntegers && 'integers' in row ? row.integers : undefined
    if (outcomes.codes.size > 0 || outcomes.masked > 0 || integers !== undefined) this.#addTerms(id, outcomes, integers)
  }

  /** Errors, masks or integers that came in a later slice than the row: all its terms are written again. */
  #addTerms(id: number, added: OperationChange['outcomes'], newIntegers: string | undefined): void {
    const row = this.#prepare('select o.*, s.session as session_id from operations o join sessions s on s.id = o.session where o.id = ?').get(id) as unknown as
      (Pick<FoundRow, 'actions' | 'objects' | 'decision' | 'rule' | 'text' | 'integers' | 'masked' | 'codes' | 'session_id'>) | undefined
    if (row === undefined) return
    const later = laterTerms(row, added, newIntegers)
    if (later === undefined) return
    this.#run('update operations set codes = ?, integers = ? where id = ?', JSON.stringify(later.codes), later.integers, id)
    this.#run('insert or replace into terms (rowid, term) values (?, ?)', id, `${this.#knownSession(row.session_id).terms} ${later.terms}`)
  }

  #sessionRow(session: IndexedSession): { readonly row: number; readonly terms: string } {
    const known = this.#sessions.get(session.id)
    if (known !== undefined) return known
    const { id, identity, actors, target, protocol, purpose, firstEntry } = session
    this.#run(`insert or ignore into sessions (session, kind, name, issuer, actors, target, protocol, purpose, first_entry, last_entry)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id, identity.kind, identity.name, identity.issuer, JSON.stringify(actors), target, protocol, purpose, firstEntry, firstEntry)
    return this.#knownSession(id)
  }

  #knownSession(id: string): { readonly row: number; readonly terms: string } {
    const row = this.#prepare('select * from sessions where session = ?').get(id) as unknown as SessionRow & { id: number }
    const found = { row: row.id, terms: sessionTerms(sessionOf(row)) }
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.clear()
    this.#sessions.set(id, found)
    return found
  }

  #open(): DatabaseSync {
    makePrivate(this.#path)
    const db = new DatabaseSync(this.#path, { timeout: 5_000 })
    db.exec(`pragma journal_mode = wal; pragma synchronous = normal; pragma trusted_schema = off; pragma cache_size = -${CACHE_KIB}`)
    const version = Number(db.prepare('pragma user_version').get()?.['user_version'])
    if (version === VERSION) return db
    const tables = Number(db.prepare('select count(*) as count from sqlite_schema').get()?.['count'])
    if (tables > 0) {
      db.close()
      this.#remove()
      return this.#open()
    }
    db.exec(`begin immediate; ${SCHEMA} commit`)
    return db
  }

  #clear(): void {
    this.#statements.clear()
    this.#sessions.clear()
    this.#db.close()
    this.#remove()
    this.#db = this.#open()
  }

  #remove(): void {
    if (this.#path === ':memory:') return
    for (const file of ['', '-wal', '-shm']) if (existsSync(this.#path + file)) rmSync(this.#path + file)
  }

  #run(sql: string, ...parameters: SQLInputValue[]): void {
    this.#prepare(sql).run(...parameters)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

const MAX_SESSIONS = 10_000
const CACHE_KIB = 16_384

interface SessionRow {
  session: string
  kind: 'agent' | 'person'
  name: string
  issuer: string
  actors: string
  target: string
  protocol: string
  purpose: string
  first_entry: number
}

function sessionOf({ session, kind, name, issuer, actors, target, protocol, purpose, first_entry: firstEntry }: SessionRow): IndexedSession {
  return { id: session, identity: { kind, name, issuer }, actors: JSON.parse(actors) as string[], target, protocol, purpose, firstEntry }
}

/** The query in FTS5's own language. Every term stands in quotes and holds none. */
function matchExpression({ all, none }: TermQuery): string {
  const wanted = all.map((phrases) => `(${phrases.map(phraseExpression).join(' OR ')})`).join(' AND ')
  return none.length === 0 ? wanted : `(${wanted}) NOT (${none.map(phraseExpression).join(' OR ')})`
}

function phraseExpression({ terms, beginning }: TermPhrase): string {
  return `"${terms.join(' ')}"${beginning ? ' *' : ''}`
}
