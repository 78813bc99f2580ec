import pg from 'pg'
import type { RuleUse } from '../governance/agents/identity-use.ts'
import type { FoundOperation, SearchPage } from '../governance/recording/operation-index.ts'
import type { SearchQuery } from '../governance/recording/search-query.ts'
import { foundOperation, type FoundRow } from './found-operation.ts'
import {
  assignIds, type EntryRange, IDS_A_MS, idRange, type IndexedOperation, type IndexedSession, type IndexPosition, type IndexSlice, type IndexStore, isNew,
  MAX_CODES, MERGE_WINDOW_MS, type OperationChange, type PendingOperation,
} from './index-store.ts'
import { laterTerms, operationTerms, sessionTerms, termQuery, type TermPhrase, type TermQuery } from './index-terms.ts'
import { ruleUseOf } from './rule-use.ts'

/** Raised with every change of the tables or of the terms; older tables are dropped. */
const VERSION = 5

const DROP = 'drop table if exists index_version, index_logs, index_sessions, index_operations, index_pending, index_rule_use'
const SCHEMA = `
create table index_version (version integer not null);
insert into index_version values (${VERSION});
create table index_logs (log integer generated always as identity primary key, name text not null unique, entries bigint not null default 0,
  next_offset bigint not null default 0, last_offset bigint not null default 0, last_digest text not null default '');
create table index_sessions (id bigint generated always as identity primary key, log integer not null, session text not null unique, kind text not null,
  name text not null, issuer text not null, actors text not null, target text not null, protocol text not null, purpose text not null,
  first_entry bigint not null, last_entry bigint not null);
create table index_operations (id bigint primary key, log integer not null, session bigint not null, decision text not null, rule text not null,
  policy_version integer not null, actions text not null, objects text not null, text_truncated integer not null, first_n bigint not null,
  first_at bigint not null, last_n bigint not null, last_at bigint not null, count bigint not null, completed bigint not null,
  failed bigint not null, aborted bigint not null, rows bigint not null, masked bigint not null, codes text not null, text text not null,
  integers text not null, terms tsvector not null);
create index index_operations_terms on index_operations using gin (terms);
create index index_operations_last on index_operations (last_at);
create table index_pending (log integer not null, session text not null, n bigint not null, operation bigint not null, primary key (session, n));
create table index_rule_use (log integer not null, agent text not null, issuer text not null, rule text not null, count bigint not null,
  last_at bigint not null, primary key (log, agent, issuer, rule));
`

const OPERATION_COLUMNS = {
  id: 'bigint', session: 'bigint', decision: 'text', rule: 'text', policy_version: 'integer', actions: 'text', objects: 'text', text_truncated: 'integer',
  first_n: 'bigint', first_at: 'bigint', last_n: 'bigint', last_at: 'bigint', count: 'bigint', completed: 'bigint', failed: 'bigint',
  aborted: 'bigint', rows: 'bigint', masked: 'bigint', codes: 'text', text: 'text', integers: 'text', terms: 'text',
} as const
type OperationRow = Record<keyof typeof OPERATION_COLUMNS, string | number>

/** Any number, the same in every gateway: one writes at a time, so that ids are given once. */
const WRITE_LOCK = 7_263_541
const TIMEOUT_MS = 30_000
const ROWS_A_STATEMENT = 1_000

/** The index in tables of the state database, shared by gateways that each follow their own ledger. */
export class PostgresIndexStore implements IndexStore {
  readonly #pool: pg.Pool
  readonly #log: number
  readonly #sessions = new Map<string, { readonly row: number; readonly terms: string }>()

  private constructor(pool: pg.Pool, log: number) {
    this.#pool = pool
    this.#log = log
  }

  /** @param name that of the ledger; what the tables hold of others stays, and is searched too */
  static async open(client: pg.PoolConfig, name: string): Promise<PostgresIndexStore> {
    const types = new pg.TypeOverrides()
    types.setTypeParser(pg.types.builtins.INT8, Number)
    const pool = new pg.Pool({
      max: 2, connectionTimeoutMillis: 10_000, idleTimeoutMillis: 60_000, statement_timeout: TIMEOUT_MS, query_timeout: TIMEOUT_MS,
      application_name: 'sallyport index', ...client, types,
    })
    // The next query finds out by itself; without a listener the loss of an idle connection would end the thread.
    pool.on('error', () => undefined)
    pool.on('connect', (connection) => connection.on('error', () => undefined))
    try {
      const log = await transaction(pool, async (db) => {
        const { rows: [known] } = await db.query<{ there: boolean }>("select to_regclass('index_version') is not null as there")
        const version = known?.there === true ? (await db.query<{ version: number }>('select version from index_version')).rows[0]?.version : undefined
        if (version !== VERSION) await db.query(`${DROP}; ${SCHEMA}`)
        await db.query('insert into index_logs (name) values ($1) on conflict do nothing', [name])
        return (await db.query<{ log: number }>('select log from index_logs where name = $1', [name])).rows[0]?.log ?? 0
      })
      return new PostgresIndexStore(pool, log)
    } catch (error) {
      await pool.end()
      throw error
    }
  }

  async position(): Promise<IndexPosition | undefined> {
    const { rows: [row] } = await this.#pool.query<{ entries: number; next_offset: number; last_offset: number; last_digest: string }>(
      'select * from index_logs where log = $1', [this.#log])
    if (row === undefined || row.entries === 0) return undefined
    return { entries: row.entries, offset: row.next_offset, lastOffset: row.last_offset, lastDigest: row.last_digest }
  }

  async reset(): Promise<void> {
    this.#sessions.clear()
    await transaction(this.#pool, async (db) => {
      for (const table of ['operations', 'sessions', 'pending', 'rule_use']) await db.query(`delete from index_${table} where log = $1`, [this.#log])
      await db.query("update index_logs set entries = 0, next_offset = 0, last_offset = 0, last_digest = '' where log = $1", [this.#log])
    })
  }

  async write(slice: IndexSlice): Promise<void> {
    try {
      await transaction(this.#pool, (db) => this.#writeAll(db, slice))
    } catch (error) {
      this.#sessions.clear()
      throw error
    }
  }

  async session(id: string): Promise<IndexedSession | undefined> {
    const { rows: [row] } = await this.#pool.query<SessionRow>('select * from index_sessions where session = $1', [withoutNul(id)])
    return row === undefined ? undefined : sessionOf(row)
  }

  async range(session: string): Promise<EntryRange | undefined> {
    const { rows: [row] } = await this.#pool.query<{ first: number; last: number }>(
      'select first_entry as first, last_entry as last from index_sessions where session = $1 and log = $2', [withoutNul(session), this.#log])
    return row
  }

  async pending(): Promise<readonly PendingOperation[]> {
    const { rows } = await this.#pool.query<{ session: string; n: number; operation: number }>('select * from index_pending where log = $1', [this.#log])
    return rows.map(({ session, n, operation }) => ({ session, number: n, id: operation }))
  }

  async search(query: SearchQuery, page: SearchPage): Promise<{ operations: readonly FoundOperation[]; next?: string }> {
    const { sinceMs = 0, untilMs } = query
    const low = Math.max(0, sinceMs - MERGE_WINDOW_MS) * IDS_A_MS
    const before = Math.min(untilMs === undefined ? Number.MAX_SAFE_INTEGER : untilMs * IDS_A_MS, page.after === undefined ? Infinity : Number(page.after))
    const { rows } = await this.#pool.query<FoundRow>(`
      select o.*, null as terms, s.session as session_id, s.kind, s.name, s.issuer, s.actors, s.target, s.protocol, s.purpose
      from index_operations o join index_sessions s on s.id = o.session
      where o.terms @@ $1::tsquery and o.id >= $2 and o.id < $3 and o.last_at >= $4 order by o.id desc limit $5`,
    [tsquery(termQuery(query, page.owner)), low, before, sinceMs, page.limit + 1])
    const last = rows.length > page.limit ? rows[page.limit - 1] : undefined
    return { operations: rows.slice(0, page.limit).map(foundOperation), ...(last !== undefined && { next: String(last.id) }) }
  }

  async ruleUse(): Promise<readonly RuleUse[]> {
    const { rows } = await this.#pool.query<RuleUse>(
      'select agent, issuer, rule, sum(count)::bigint as count, max(last_at) as "lastAtMs" from index_rule_use group by agent, issuer, rule')
    return rows
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  async #writeAll(db: pg.PoolClient, slice: IndexSlice): Promise<void> {
    const { position, sessions, lastEntries, changes, settled, unsettled } = slice
    const fresh = changes.map(({ row }) => row).filter(isNew)
    for (const session of new Set([...sessions, ...fresh.map((row) => row.session)])) await this.#keepSession(db, session)
    if (fresh.length > 0) {
      const { low, high } = idRange(fresh)
      const { rows } = await db.query<{ id: number }>('select id from index_operations where id between $1 and $2', [low, high])
      assignIds(fresh, new Set(rows.map(({ id }) => id)))
    }
    const isFresh = new Set<unknown>(fresh)
    const added = changes.filter(({ row }) => isFresh.has(row))
    for (let at = 0; at < added.length; at += ROWS_A_STATEMENT) await this.#insert(db, added.slice(at, at + ROWS_A_STATEMENT))
    await this.#update(db, changes.filter(({ row }) => !isFresh.has(row)))
    await db.query('update index_sessions s set last_entry = greatest(s.last_entry, e.entry) from unnest($1::text[], $2::bigint[]) as e (session, entry) where s.session = e.session',
      [Array.from(lastEntries.keys(), withoutNul), [...lastEntries.values()]])
    await this.#addRuleUse(db, ruleUseOf(slice))
    await db.query('delete from index_pending where (session, n) in (select * from unnest($1::text[], $2::bigint[]))',
      [settled.map(({ session }) => withoutNul(session)), settled.map(({ number }) => number)])
    await db.query('insert into index_pending select $1, * from unnest($2::text[], $3::bigint[], $4::bigint[]) on conflict (session, n) do update set operation = excluded.operation',
      [this.#log, unsettled.map(({ session }) => withoutNul(session)), unsettled.map(({ number }) => number), unsettled.map(({ row }) => row.id)])
    const { entries, offset, lastOffset, lastDigest } = position
    await db.query('update index_logs set entries = $2, next_offset = $3, last_offset = $4, last_digest = $5 where log = $1',
      [this.#log, entries, offset, lastOffset, lastDigest])
  }

  async #addRuleUse(db: pg.PoolClient, uses: readonly RuleUse[]): Promise<void> {
    // Names that PostgreSQL holds as one would be one row twice in a statement, which it does not take.
    for (const { agent, issuer, rule, count, lastAtMs } of uses) {
      await db.query(`insert into index_rule_use as u values ($1, $2, $3, $4, $5, $6) on conflict (log, agent, issuer, rule)
        do update set count = u.count + excluded.count, last_at = greatest(u.last_at, excluded.last_at)`,
      [this.#log, ...[agent, issuer, rule].map(withoutNul), count, lastAtMs])
    }
  }

  async #insert(db: pg.PoolClient, changes: readonly OperationChange[]): Promise<void> {
    if (changes.length === 0) return
    const rows = changes.map((change) => this.#rowOf(change.row as IndexedOperation, change))
    const names = Object.keys(OPERATION_COLUMNS) as (keyof OperationRow)[]
    const arrays = names.map((name, index) => `$${index + 2}::${OPERATION_COLUMNS[name]}[]`)
    const selected = names.map((name) => (name === 'terms' ? 'terms::tsvector' : name))
    await db.query(`insert into index_operations (log, ${names.join(', ')}) select $1, ${selected.join(', ')} from unnest(${arrays.join(', ')}) as new (${names.join(', ')})`,
      [this.#log, ...names.map((name) => rows.map((row) => row[name]))])
  }

  #rowOf(row: IndexedOperation, { count, lastNumber, lastAtMs, outcomes }: OperationChange): OperationRow {
    const session = this.#sessions.get(row.session.id) ?? { row: 0, terms: '' }
    const codes = [...outcomes.codes].slice(0, MAX_CODES)
    return {
      id: row.id ?? 0, session: session.row, decision: row.decision, rule: withoutNul(row.rule), policy_version: row.policyVersion,
      actions: withoutNul(JSON.stringify(row.actions)), objects: withoutNul(JSON.stringify(row.objects)), text_truncated: row.textTruncated ? 1 : 0,
      first_n: row.firstNumber, first_at: row.firstAtMs, last_n: lastNumber, last_at: lastAtMs, count, completed: outcomes.completed,
      failed: outcomes.failed, aborted: outcomes.aborted, rows: outcomes.rows, masked: outcomes.masked, codes: JSON.stringify(codes), text: withoutNul(row.text), integers: row.integers,
      terms: tsvector(`${session.terms} ${operationTerms(row, outcomes.masked, codes)}`),
    }
  }

  async #update(db: pg.PoolClient, changes: readonly OperationChange[]): Promise<void> {
    if (changes.length === 0) return
    const of = (value: (change: OperationChange) => number) => changes.map(value)
    await db.query(`update index_operations o set count = o.count + c.count, last_n = greatest(o.last_n, c.last_n), last_at = greatest(o.last_at, c.last_at),
      completed = o.completed + c.completed, failed = o.failed + c.failed, aborted = o.aborted + c.aborted, rows = o.rows + c.rows,
      masked = o.masked + c.masked
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
        as c (id, count, last_n, last_at, completed, failed, aborted, rows, masked) where o.id = c.id`,
    [of(({ row }) => row.id ?? 0), of(({ count }) => count), of(({ lastNumber }) => lastNumber), of(({ lastAtMs }) => lastAtMs),
      of(({ outcomes }) => outcomes.completed), of(({ outcomes }) => outcomes.failed), of(({ outcomes }) => outcomes.aborted), of(({ outcomes }) => outcomes.rows),
      of(({ outcomes }) => outcomes.masked)])
    for (const { row, addsIntegers, outcomes } of changes) {
      const integers = addsIntegers && 'integers' in row ? row.integers : undefined
      if (outcomes.codes.size > 0 || outcomes.masked > 0 || integers !== undefined) await this.#addTerms(db, row.id ?? 0, outcomes, integers)
    }
  }

  /** Errors, masks or integers that came in a later slice than the row: all its terms are written again. */
  async #addTerms(db: pg.PoolClient, id: number, added: OperationChange['outcomes'], newIntegers: string | undefined): Promise<void> {
    const { rows: [row] } = await db.query<FoundRow & SessionRow>(
      'select o.*, s.*, o.session as session_row from index_operations o join index_sessions s on s.id = o.session where o.id = $1', [id])
    if (row === undefined) return
    const later = laterTerms(row, added, newIntegers)
    if (later === undefined) return
    await db.query('update index_operations set codes = $2, integers = $3, terms = $4::tsvector where id = $1',
      [id, JSON.stringify(later.codes), later.integers, tsvector(`${sessionTerms(sessionOf(row))} ${later.terms}`)])
  }

  async #keepSession(db: pg.PoolClient, session: IndexedSession): Promise<void> {
    if (this.#sessions.has(session.id)) return
    const { id, identity, actors, target, protocol, purpose, firstEntry } = session
    const { rows: [row] } = await db.query<{ id: number }>(
      `insert into index_sessions (log, session, kind, name, issuer, actors, target, protocol, purpose, first_entry, last_entry)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
       on conflict (session) do update set log = excluded.log returning id`,
      [this.#log, ...[id, identity.kind, identity.name, identity.issuer, JSON.stringify(actors), target, protocol, purpose].map(withoutNul), firstEntry])
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '')
    this.#sessions.set(id, { row: row?.id ?? 0, terms: sessionTerms(session) })
  }
}

/** More than a slice can hold, so that those of a slice are all there while it is written. */
const MAX_SESSIONS = 20_000

interface SessionRow {
  readonly session: string
  readonly kind: 'agent' | 'person'
  readonly name: string
  readonly issuer: string
  readonly actors: string
  readonly target: string
  readonly protocol: string
  readonly purpose: string
  readonly first_entry: number
}

function sessionOf({ session, kind, name, issuer, actors, target, protocol, purpose, first_entry: firstEntry }: SessionRow): IndexedSession {
  return { id: session, identity: { kind, name, issuer }, actors: JSON.parse(actors) as string[], target, protocol, purpose, firstEntry }
}

async function transaction<T>(pool: pg.Pool, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const db = await pool.connect()
  try {
    await db.query('begin')
    await db.query('select pg_advisory_xact_lock($1)', [WRITE_LOCK])
    const result = await work(db)
    await db.query('commit')
    db.release()
    return result
  } catch (error) {
    // A connection in an unknown state is not used again.
    db.release(true)
    throw error
  }
}

/** PostgreSQL's text has no NUL. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '')
}

/** What PostgreSQL keeps of positions (textsearch-limitations): the first 16,383, 255 of one lexeme. */
const MAX_POSITION = 16_383
const MAX_POSITIONS = 255

function tsvector(terms: string): string {
  const positions = new Map<string, number[]>()
  let position = 0
  for (const term of terms.split(' ')) {
    if (term === '') continue
    position = Math.min(position + 1, MAX_POSITION)
    const known = positions.get(term)
    if (known === undefined) positions.set(term, [position])
    else if (known.length < MAX_POSITIONS) known.push(position)
  }
  return Array.from(positions, ([term, at]) => `${quoted(term)}:${at.join(',')}`).join(' ')
}

function tsquery({ all, none }: TermQuery): string {
  const wanted = all.map((phrases) => `(${phrases.map(tsphrase).join(' | ')})`)
  return [...wanted, ...none.map((phrase) => `!(${tsphrase(phrase)})`)].join(' & ')
}

function tsphrase({ terms, beginning }: TermPhrase): string {
  return terms.map((term, index) => quoted(term) + (beginning && index === terms.length - 1 ? ':*' : '')).join(' <-> ')
}

/** Terms hold neither quotes nor backslashes, but a lexeme is quoted as if they did. */
function quoted(term: string): string {
  return `'${term.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
