/**
 * Whether running a statement and rolling it back leaves nothing outside the transaction. Told from the target's catalog,
 * and by the words in the source of what could run besides: a word too many means a count instead, never a rehearsal.
 */
import type { Analysis } from '../../../sql/analysis.ts'
import { functionHarm } from '../../../sql/function-harm.ts'
import { literal, type PreviewSession } from './preview-session.ts'
import type { StatementFacts } from './statement-facts.ts'

/** First OID of what was made after initdb. */
const FIRST_USER_OID = 16384

/** Their compiled functions compute, or write nothing but rows. */
const HARMLESS_EXTENSIONS = `plpgsql pgcrypto uuid-ossp citext hstore pg_trgm btree_gin btree_gist ltree intarray unaccent
  fuzzystrmatch cube earthdistance isn seg tablefunc pg_stat_statements moddatetime autoinc insert_username refint tcn
  postgis postgis_topology vector bloom dict_int dict_xsyn intagg tsm_system_rows tsm_system_time`.split(/\s+/)

/** They carry a statement to other servers, or to processes of their own, by ways that no catalog tells of. */
const REACHING_EXTENSIONS = ['citus', 'timescaledb', 'pglogical', 'bdr', 'spock']

/** Statements of a procedural language that run a text, a program, or a file of the server's. */
const REACHING_WORDS = ['execute', 'copy', 'load']

/** Undone by the rollback, or told (sequences). */
const UNDONE = new Set(['nextval', 'pg_notify', 'set_config', 'txid_current', 'txid_current_if_assigned', 'pg_current_xact_id',
  'pg_current_xact_id_if_assigned', 'pg_advisory_xact_lock', 'pg_advisory_xact_lock_shared', 'pg_try_advisory_xact_lock', 'pg_try_advisory_xact_lock_shared'])

const REACHABLE = (oids: readonly number[]) => `with recursive reachable(oid) as (
    select x.oid from unnest(array[${oids.join()}]::oid[]) x(oid)
    union select n.oid from reachable r cross join lateral (
      select i.inhrelid from pg_inherits i where i.inhparent = r.oid
      union all select k.conrelid from pg_constraint k where k.contype = 'f' and k.confrelid = r.oid
        and (k.confdeltype in ('c', 'n', 'd') or k.confupdtype in ('c', 'n', 'd'))
      union all select d.refobjid from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        where w.ev_class = r.oid and d.refclassid = 'pg_class'::regclass) n(oid))`

const named = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"

/** Kind and name of each relation that cannot be rehearsed on, and the function of each trigger that would run. */
const RELATIONS = (oids: readonly number[]) => `${REACHABLE(oids)}
  select 'foreign', ${named}, null from reachable join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'f'
  union all select 'rule', ${named}, null from reachable join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    where exists (select from pg_rewrite w where w.ev_class = c.oid and w.ev_type <> '1')
  union all select 'system', ${named}, null from reachable join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    where c.oid < ${FIRST_USER_OID}
  union all select 'trigger', ${named}, t.tgfoid::text from reachable join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
    join pg_trigger t on t.tgrelid = c.oid where not t.tgisinternal and t.tgenabled <> 'D'`

/** Somebody's own functions with what they are made of. Constructors of range types are the server's own code. */
const FUNCTIONS = `select p.oid, p.proname, l.lanname in ('sql', 'plpgsql'),
    case when p.prosrc = '' then pg_get_functiondef(p.oid) else p.prosrc end
  from pg_proc p join pg_language l on l.oid = p.prolang
  where p.oid >= ${FIRST_USER_OID} and p.prokind <> 'a' and not (l.lanname = 'internal' and p.prosrc ~ '^(multi)?range_constructor[0-9]$')
  and not exists (select from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass
    and e.extname in (${HARMLESS_EXTENSIONS.map(literal).join()}))`

const WHOLE = `select
  (select string_agg(extname, ', ') from pg_extension where extname in (${REACHING_EXTENSIONS.map(literal).join()})),
  exists (select from pg_foreign_table),
  exists (select from pg_depend d join pg_proc p on p.oid = d.refobjid where d.refclassid = 'pg_proc'::regclass
    and p.oid >= ${FIRST_USER_OID} and p.provolatile = 'v' and ${IMPLICIT('d')})`

/** Uses that need no call: defaults, checks, operators, casts, types, indexes, policies, views, aggregates. */
function IMPLICIT(depend: string): string {
  const explicit = ['pg_trigger', 'pg_event_trigger', 'pg_language', 'pg_foreign_data_wrapper', 'pg_transform', 'pg_conversion']
  return `${depend}.classid not in (${explicit.map((name) => `'pg_catalog.${name}'::regclass`).join()})`
}

/** @returns why it must not be rehearsed, a sentence; undefined when it may. @throws NoAnswer */
export async function riskOf(session: PreviewSession, facts: StatementFacts, analysis: Analysis): Promise<string | undefined> {
  const called = analysis.facts.functions.find((name) => !isUndone(name.split('.').at(-1) ?? ''))
  if (called !== undefined) return `It was not rehearsed: it calls ${called}, which a rollback does not undo.`
  const answer = await session.own(RELATIONS(facts.named), FUNCTIONS, WHOLE)
  if (typeof answer === 'string') return 'It was not rehearsed: what it would run on the target could not be found out.'
  const [relations = [], functions = [], [whole] = []] = answer
  const obstacle = relations.find(([kind]) => kind !== 'trigger')
  if (obstacle !== undefined) return `It was not rehearsed: ${OBSTACLES[obstacle[0] ?? '']?.(obstacle[1] ?? '') ?? 'the target is unusual'}.`
  const [reaching, hasForeign, runsImplicitly] = whole ?? []
  if (reaching === undefined) return 'It was not rehearsed: what it would run on the target could not be found out.'
  if (reaching !== null) return `It was not rehearsed: the extension ${reaching} may carry it to other servers.`
  const harmful = harmfulOf(functions.map(([oid, name, readable, source]) => ({ oid: oid ?? '', name: name ?? '', readable: readable === 't', source: source ?? '' })))
  const triggers = relations.filter(([kind]) => kind === 'trigger')
  const trigger = triggers.find(([, , oid]) => harmful.has(oid ?? ''))
  if (trigger !== undefined) return `It was not rehearsed: a trigger on ${trigger[1]} may do what a rollback does not undo.`
  const runsOwnCode = triggers.length > 0 || runsImplicitly === 't'
  if (runsOwnCode && hasForeign === 't') return 'It was not rehearsed: it runs functions or triggers of the database, which also has foreign tables.'
  if (harmful.size === 0) return undefined
  return harmfulUse(session, [...harmful], runsOwnCode)
}

const OBSTACLES: Readonly<Record<string, (name: string) => string>> = {
  foreign: (name) => `${name} is a foreign table, whose server would be changed`,
  rule: (name) => `rules on ${name} would run`,
  system: (name) => `it names ${name}, which belongs to the server itself`,
}

async function harmfulUse(session: PreviewSession, oids: readonly string[], runsOwnCode: boolean): Promise<string | undefined> {
  const list = oids.map(Number).join()
  const answer = await session.own(`select
    exists (select from pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid in (${list}) and ${IMPLICIT('d')}),
    exists (select from pg_trigger t where t.tgfoid in (${list}) and t.tgenabled <> 'D')`)
  const row = typeof answer === 'string' ? undefined : answer[0]?.[0]
  if (row === undefined || row[0] !== 'f') return 'It was not rehearsed: functions of the database that a rollback may not undo run for defaults, checks, operators, types or indexes.'
  if (runsOwnCode && row[1] !== 'f') return 'It was not rehearsed: it runs functions or triggers, which could set off other triggers that a rollback may not undo.'
  return undefined
}

function isUndone(name: string): boolean {
  return UNDONE.has(name) || functionHarm('pg_catalog', name, undefined) === 'none'
}

interface StoredFunction {
  readonly oid: string
  readonly name: string
  /** In a language whose statements stand in the source as they are. */
  readonly readable: boolean
  readonly source: string
}

/** OIDs of those that may reach outside the transaction, by themselves or through others that they name. */
export function harmfulOf(functions: readonly StoredFunction[]): ReadonlySet<string> {
  const rest = functions.map((each) => ({ ...each, words: wordsOf(each.source) }))
  const harmful = new Set<string>()
  const names = new Set<string>()
  for (let found = true; found; ) {
    found = false
    for (const { oid, name, readable, source, words } of rest) {
      if (harmful.has(oid)) continue
      if (readable && !ESCAPED_NAME.test(source) && ![...words].some((word) => reachesOut(word) || names.has(word)) && !namesUnusual(source, names)) continue
      harmful.add(oid)
      names.add(name.toLowerCase())
      found = true
    }
  }
  return harmful
}

/** Whatever stands in the source, be it in a text or a comment: names can come by any of them. */
function wordsOf(source: string): ReadonlySet<string> {
  return new Set(source.toLowerCase().match(WORD))
}

/** A name by the numbers of its characters. */
const ESCAPED_NAME = /u&"/i
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/gu

function reachesOut(word: string): boolean {
  if (REACHING_WORDS.includes(word) || word.includes('_to_xml') || word === 'ts_stat' || word === 'ts_rewrite') return true
  return functionHarm('pg_catalog', word, undefined) === 'changes' && !UNDONE.has(word)
}

/** A name that is no word stands in quotes where it is used. */
function namesUnusual(source: string, names: ReadonlySet<string>): boolean {
  const text = source.toLowerCase()
  return [...names].some((name) => !/^[\p{L}_][\p{L}\p{N}_$]*$/u.test(name) && text.includes(name))
}
