import { isFields, textOf } from '../../../sql/node-types.ts'
import type { Fields } from '../../../sql/node-types.ts'
import type { ChangeStatement } from '../../../sql/preview/change-statement.ts'
import { literal, type PreviewSession } from './preview-session.ts'

/** What the target's catalog says of the tables in a statement. */
export interface StatementFacts {
  /** Quoted where it must be. */
  readonly target: string
  readonly targetOid: number
  /** OIDs of every relation that the statement names. */
  readonly named: readonly number[]
  /** `pg_class.relkind`. */
  readonly kind: string
  /** Policies for rows hold for the gateway's login. */
  readonly rowSecurity: boolean
  /** A trigger may leave a row out, or do something else in its place. */
  readonly rowTriggers: boolean
  /** Rules replace the statement, or add to it. */
  readonly rules: boolean
  /** Names in the statement that a temporary relation of some session has too. */
  readonly temporary: boolean
  /** One of the functions asked about may return several rows. */
  readonly returnsSets: boolean
  /** Names of functions that decide which rows are meant, and are declared volatile. */
  readonly volatile: string
}

const MAX_RELATIONS = 100
const EVENT = { insert: { trigger: 4, rule: 3 }, delete: { trigger: 8, rule: 4 }, update: { trigger: 16, rule: 2 } } as const
const EVENTS_OF = { insert: ['insert', 'update'], update: ['update'], delete: ['delete'], merge: ['insert', 'update', 'delete'] } as const

/**
 * @param listed functions in a list of values
 * @param deciding functions that decide which rows are meant
 * @returns SQLSTATE when the target does not say
 * @throws NoAnswer
 */
export async function readFacts(session: PreviewSession, statement: ChangeStatement, listed: readonly string[], deciding: readonly string[]): Promise<StatementFacts | string> {
  const ranges = rangesIn(statement.fields)
  if (ranges.length > MAX_RELATIONS) return '54000'
  const wanted = [statement.relation, ...ranges].map((range) => `pg_catalog.to_regclass(${literal(qualified(range))})::pg_catalog.oid`)
  const found = await session.named(`select ${wanted.join(', ')}`)
  if (typeof found === 'string') return found
  const [target, ...others] = found
  // As if it had been run: undefined_table.
  if (target === undefined || target === null) return '42P01'
  const events = EVENTS_OF[statement.kind].map((event) => EVENT[event])
  const names = [statement.relation, ...ranges].map((range) => literal(textOf(range['relname']) ?? ''))
  const answer = await session.own(`select
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind, pg_catalog.row_security_active(c.oid),
    exists (select from pg_trigger t where t.tgrelid in (select c.oid union select relid from pg_partition_tree(c.oid::regclass))
      and not t.tgisinternal and t.tgenabled <> 'D'
      and t.tgtype & 1 <> 0 and t.tgtype & 66 <> 0 and t.tgtype & ${events.reduce((bits, { trigger }) => bits | trigger, 0)} <> 0),
    exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type in (${events.map(({ rule }) => `'${rule}'`).join()})),
    exists (select from pg_class x where x.relpersistence = 't' and x.relname in (${names.join()})),
    exists (select from pg_proc p where p.proretset and p.proname in (${[...listed, ''].map(literal).join()})),
    (select string_agg(distinct p.proname, ', ') from pg_proc p where p.provolatile = 'v' and p.proname in (${[...deciding, ''].map(literal).join()}))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = ${Number(target)}`)
  if (typeof answer === 'string') return answer
  const row = answer[0]?.[0]
  if (row === undefined) return '42P01'
  const isTrue = (index: number) => row[index] === 't'
  return {
    target: row[0] ?? '',
    targetOid: Number(target),
    named: [...new Set([target, ...others].flatMap((oid) => (oid === null || oid === undefined ? [] : [Number(oid)])))],
    kind: row[1] ?? '',
    rowSecurity: isTrue(2),
    rowTriggers: isTrue(3),
    rules: isTrue(4),
    temporary: isTrue(5),
    returnsSets: isTrue(6),
    volatile: row[7] ?? '',
  }
}

function qualified(range: Fields): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`
  const schema = textOf(range['schemaname'])
  const relation = quote(textOf(range['relname']) ?? '')
  return schema === undefined ? relation : `${quote(schema)}.${relation}`
}

function rangesIn(value: unknown, found: Fields[] = []): readonly Fields[] {
  if (Array.isArray(value)) for (const item of value) rangesIn(item, found)
  else if (isFields(value)) {
    if (isFields(value['RangeVar'])) found.push(value['RangeVar'])
    // A statement's own relation stands without its type's name, also in WITH queries.
    if (isFields(value['relation']) && value['relation']['relname'] !== undefined) found.push(value['relation'])
    for (const key in value) rangesIn(value[key], found)
  }
  return found
}
