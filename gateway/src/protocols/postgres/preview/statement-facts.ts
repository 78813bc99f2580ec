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
  /** Triggers run that may do more. */
  readonly triggers: boolean
  /** Tables whose rows change with those that they refer to. */
  readonly cascades: string
  /** Rules replace the statement, or add to it. */
  readonly rules: boolean
  /** Names in the statement that a temporary relation of some session has too. */
  readonly temporary: boolean
  /** Reading or changing what it names asks another server, a program, or a file. */
  readonly foreign: boolean
  /** An unqualified name in the statement means another relation under another search_path. */
  readonly ambiguous: boolean
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
  const named = [...new Set([target, ...others].flatMap((oid) => (oid === null || oid === undefined ? [] : [Number(oid)])))]
  const events = EVENTS_OF[statement.kind].map((event) => EVENT[event])
  const bits = events.reduce((all, { trigger }) => all | trigger, 0)
  const kinds: readonly string[] = EVENTS_OF[statement.kind]
  const cascading = [
    ...(kinds.includes('delete') ? ["k.confdeltype in ('c', 'n', 'd')"] : []),
    ...(kinds.includes('update') ? ["k.confupdtype in ('c', 'n', 'd')"] : []),
    'false',
  ].join(' or ')
  const names = [statement.relation, ...ranges].map((range) => literal(textOf(range['relname']) ?? ''))
  const unqualified = [...[statement.relation, ...ranges].filter((range) => range['schemaname'] === undefined).map((range) => textOf(range['relname']) ?? ''), ''].map(literal)
  const answer = await session.own(`select
    pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind, pg_catalog.row_security_active(c.oid),
    exists (select from pg_trigger t where t.tgrelid in (select c.oid union select relid from pg_partition_tree(c.oid::regclass))
      and not t.tgisinternal and t.tgenabled <> 'D'
      and t.tgtype & 1 <> 0 and t.tgtype & 66 <> 0 and t.tgtype & ${bits} <> 0),
    exists (select from pg_rewrite r where r.ev_class = c.oid and r.ev_type in (${events.map(({ rule }) => `'${rule}'`).join()})),
    exists (select from pg_class x where x.relpersistence = 't' and x.relname in (${names.join()})),
    exists (select from pg_proc p where p.proretset and p.proname in (${[...listed, ''].map(literal).join()})),
    (select string_agg(distinct p.proname, ', ') from pg_proc p where p.provolatile = 'v' and p.proname in (${[...deciding, ''].map(literal).join()})),
    exists (select from pg_class x where x.relname in (${unqualified.join()}) and x.relkind in ('r', 'p', 'v', 'm', 'f')
      group by x.relname having count(*) > 1),
    exists (select from pg_trigger t where t.tgrelid in (select c.oid union select relid from pg_partition_tree(c.oid::regclass))
      and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & ${bits} <> 0),
    (select string_agg(distinct quote_ident(m.nspname) || '.' || quote_ident(x.relname), ', ')
      from pg_constraint k join pg_class x on x.oid = k.conrelid join pg_namespace m on m.oid = x.relnamespace
      where k.contype = 'f' and k.confrelid = c.oid and (${cascading}))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = ${Number(target)}`, FOREIGN(named))
  if (typeof answer === 'string') return answer
  const [about, foreign] = answer
  const row = about?.[0]
  if (row === undefined) return '42P01'
  const isTrue = (index: number) => row[index] === 't'
  return {
    target: row[0] ?? '',
    targetOid: Number(target),
    named,
    foreign: foreign?.[0]?.[0] !== 'f',
    kind: row[1] ?? '',
    rowSecurity: isTrue(2),
    rowTriggers: isTrue(3),
    rules: isTrue(4),
    temporary: isTrue(5),
    returnsSets: isTrue(6),
    volatile: row[7] ?? '',
    ambiguous: isTrue(8),
    triggers: isTrue(9),
    cascades: row[10] ?? '',
  }
}

/** Partitions, children, and what views read. */
const FOREIGN = (oids: readonly number[]) => `with recursive read(oid) as (
    select x.oid from unnest(array[${oids.join()}]::oid[]) x(oid)
    union select n.oid from read r cross join lateral (
      select i.inhrelid from pg_inherits i where i.inhparent = r.oid
      union all select d.refobjid from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        where w.ev_class = r.oid and d.refclassid = 'pg_class'::regclass) n(oid))
  select exists (select from read join pg_class c using (oid) where c.relkind = 'f')`

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
