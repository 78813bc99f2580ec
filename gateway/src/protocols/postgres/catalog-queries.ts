import { catalogOf } from '../../sql/catalog.ts'
import type { Cast, Catalog, CatalogFunction, Column, Relation } from '../../sql/catalog.ts'
import { type CatalogQuery, GENERATED_TEXT, readDefinitions, UNREADABLE, VIEW_TEXT } from './catalog-definitions.ts'

/** What was read of a database. */
export interface CatalogReading {
  readonly catalog: Catalog
  /** How many stored definitions could not be had: their relations are in the catalog as ones that could do anything. */
  readonly unreadable: number
}

/**
 * Reads the parts of a database's catalog that statements are analysed with, from PostgreSQL 13 to 18. Leaves the
 * session as it was, also inside a transaction. Not for a session whose `search_path` a client can set: operators in the
 * queries are not qualified.
 * @throws what `query` throws, and Error for rows that are not as asked for
 */
export async function loadCatalog(query: CatalogQuery): Promise<Catalog> {
  return (await complete(await readRows(query), query)).catalog
}

/**
 * Does what {@link loadCatalog} does, outside of any transaction, while others change definitions: all rows are of one
 * moment, and so is the {@link CATALOG_FINGERPRINT} that comes with them. Definitions are read afterwards, so that a
 * fingerprint asked for later tells when they were of a later moment.
 * @throws as {@link loadCatalog}
 */
export async function readCatalog(query: CatalogQuery): Promise<CatalogReading & { readonly fingerprint: string }> {
  await query('begin transaction isolation level repeatable read, read only')
  try {
    const fingerprint = text((await query(CATALOG_FINGERPRINT))[0] ?? [], 0)
    const rows = await readRows(query)
    await query('commit')
    return { ...(await complete(rows, query)), fingerprint }
  } catch (error) {
    // Says nothing but a warning when the transaction is over; without a connection there is nothing to roll back.
    await query('rollback').catch(() => undefined)
    throw error
  }
}

/** One after the other: the caller's session is one connection. */
async function readRows(query: CatalogQuery) {
  const casts = await query(CASTS)
  return {
    casts,
    typeNames: casts.length === 0 ? [] : await query(TYPE_NAMES),
    searchPath: await query(SEARCH_PATH),
    relations: await query(RELATIONS),
    columns: await query(COLUMNS),
    generated: await query(GENERATED),
    parents: await query(PARENTS),
    changingOthers: await query(CHANGING_OTHERS),
    views: await query(VIEWS),
    viewReads: await query(VIEW_READS),
    functions: await query(FUNCTIONS),
    userOperators: await query(USER_OPERATORS),
    activeTypes: await query(ACTIVE_TYPES),
    typeParts: await query(TYPE_PARTS),
  }
}

async function complete(rows: Awaited<ReturnType<typeof readRows>>, query: CatalogQuery): Promise<CatalogReading> {
  const reads = numbersByOid(rows.viewReads)
  const expressions = await readDefinitions(query, GENERATED_TEXT, rows.generated.map((row) => {
    const oid = number(row, 0)
    return { oid, reads: [oid], key: `${oid}.${text(row, 1)}` }
  }))
  const queries = await readDefinitions(query, VIEW_TEXT, rows.views.map((row) => {
    const oid = number(row, 0)
    return { oid, reads: [oid, ...(reads.get(oid) ?? [])], key: `${oid}` }
  }))
  const columns = columnsByRelation(rows.columns, expressions.texts)
  const parents = numbersByOid(rows.parents)
  const changingOthers = new Set(rows.changingOthers.map((row) => number(row, 0)))
  const views = new Map(rows.views.map((row) => {
    const oid = number(row, 0)
    const definition = queries.texts.get(`${oid}`) ?? UNREADABLE
    return [oid, { definition, reads: reads.get(oid) ?? [], callsUnknown: definition === UNREADABLE || text(row, 1) === 't' }]
  }))
  const relations = rows.relations.map((row): Relation => {
    const oid = number(row, 0)
    return {
      oid,
      schema: text(row, 1),
      name: text(row, 2),
      kind: text(row, 3),
      columns: columns.get(oid) ?? [],
      parents: parents.get(oid) ?? [],
      ...(changingOthers.has(oid) && { changesOthers: true }),
      ...views.get(oid),
    }
  })
  const functions = rows.functions.map((row): CatalogFunction => ({
    schema: text(row, 0),
    name: text(row, 1),
    volatility: text(row, 2),
    trusted: text(row, 3) === 't',
  }))
  const userOperators = rows.userOperators.map((row) => text(row, 0))
  const activeTypes = rows.activeTypes.map((row) => text(row, 0))
  const parts = numbersByOid(rows.typeParts)
  const castTypes = rows.casts.flatMap((row) => mentionedBy(row) ?? [])
  const activeTypeOids = withAllMadeOf([...rows.activeTypes.map((row) => number(row, 1)), ...castTypes], parts)
  const searchPath = rows.searchPath.map((row) => text(row, 0))
  return {
    catalog: catalogOf({ relations, functions, userOperators, activeTypes, activeTypeOids, casts: castsIn(rows, parts), searchPath }),
    unreadable: expressions.unreadable + queries.unreadable,
  }
}

/** First OID of what was made after initdb (`FirstNormalObjectId`). */
const FIRST_USER_OID = 16384

/**
 * An extension's immutable function (language `internal`, `c` or `sql`) computes from its arguments, and so does an aggregate
 * made of such; anything else of a user's could read or write tables.
 */
const COMPUTES_ONLY = `(p.oid < ${FIRST_USER_OID} or (${isComputing('p')} and not exists (
    select from pg_catalog.pg_aggregate g join pg_catalog.pg_proc s on s.oid in (
      g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn)
    where g.aggfnoid = p.oid and s.oid >= ${FIRST_USER_OID} and not ${isComputing('s')})))`

/**
 * Besides: compiled ones of an extension that take nothing but numbers and give one value, such as `uuid_generate_v4()`. A
 * trigger's function takes nothing either, and may look into any table (`check_primary_key()` of refint).
 */
const READS_NOTHING = `(${COMPUTES_ONLY} or (p.prolang = 13 and p.prokind = 'f' and not p.proretset and p.prorettype <> 2279 and ${isExtensions('p')}
    and p.proargtypes::pg_catalog.oid[] operator(pg_catalog.<@) array[20, 21, 23, 700, 701, 1700]::pg_catalog.oid[]))`

function isComputing(procedure: string): string {
  return `(${procedure}.provolatile = 'i' and ${procedure}.prolang in (12, 13, 14) and ${isExtensions(procedure)})`
}

function isExtensions(alias: string, catalog = 'pg_proc'): string {
  return `exists (select from pg_catalog.pg_depend e where e.classid = 'pg_catalog.${catalog}'::pg_catalog.regclass
    and e.objid = ${alias}.oid and e.deptype = 'e')`
}

/** Of an operator or a cast nobody sees which function it runs: one that reads anything is never immutable. */
const COMPUTES_UNSEEN = `(p.provolatile = 'i' and ${COMPUTES_ONLY})`

/** An extension's own operator may depend on a setting besides (pg_trgm's `%` on what counts as similar). */
const OPERATOR_COMPUTES = `(${COMPUTES_UNSEEN} or (
    p.prolang = 13 and p.provolatile = 's' and ${isExtensions('p')} and ${isExtensions('o', 'pg_operator')}))`

const SEARCH_PATH = `select pg_catalog.unnest(pg_catalog.current_schemas(true))`

// Indexes and composite types cannot be read by name.
const RELATIONS = `select c.oid, n.nspname, c.relname, c.relkind
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind not in ('i', 'I', 'c') order by c.oid`

// One row a relation: thousands of small rows would take several times as long.
const COLUMNS = `select a.attrelid,
    pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.attnum, a.atttypid::int8) order by a.attnum)
  from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
  where a.attnum > 0 and not a.attisdropped and c.relkind not in ('i', 'I', 'c') group by a.attrelid`

const GENERATED = `select attrelid, attnum from pg_catalog.pg_attribute where attgenerated <> '' and not attisdropped
  and attrelid in (select adrelid from pg_catalog.pg_attrdef)`

const PARENTS = `select inhrelid, inhparent from pg_catalog.pg_inherits i
  join pg_catalog.pg_class c on c.oid = i.inhrelid where c.relkind not in ('i', 'I')`

/** Foreign keys have triggers; those of most only look. */
const CHANGING_OTHERS = `select t.tgrelid from pg_catalog.pg_trigger t join pg_catalog.pg_proc p on p.oid = t.tgfoid
  where p.oid >= ${FIRST_USER_OID} or p.proname !~ '^RI_FKey_(check|noaction|restrict)_'
  union select ev_class from pg_catalog.pg_rewrite where ev_class >= ${FIRST_USER_OID} and ev_type <> '1'`

const VIEWS = `select c.oid, exists (
    select from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d on d.objid = r.oid
    left join pg_catalog.pg_operator o on d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass and o.oid = d.refobjid
    join pg_catalog.pg_proc p on p.oid = case
      when d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass then d.refobjid else o.oprcode::oid end
    where r.ev_class = c.oid and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
      and not case when o.oid >= ${FIRST_USER_OID} then ${OPERATOR_COMPUTES} else ${READS_NOTHING} end)
  from pg_catalog.pg_class c where c.relkind in ('v', 'm') and c.oid >= ${FIRST_USER_OID}`

const VIEW_READS = `select distinct r.ev_class, d.refobjid
  from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d on d.objid = r.oid
  join pg_catalog.pg_class c on c.oid = r.ev_class
  where d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and c.relkind in ('v', 'm')
  and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> r.ev_class
  and c.oid >= ${FIRST_USER_OID}`

const FUNCTIONS = `select distinct n.nspname, p.proname, p.provolatile, ${READS_NOTHING}
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace`

const USER_OPERATORS = `select distinct o.oprname from pg_catalog.pg_operator o
  left join pg_catalog.pg_proc p on p.oid = o.oprcode
  where o.oid >= ${FIRST_USER_OID} and (p.oid is null or not ${OPERATOR_COMPUTES})`

const CASTS = `select c.castcontext, c.castsource, c.casttarget from pg_catalog.pg_cast c
  join pg_catalog.pg_proc p on p.oid = c.castfunc where c.oid >= ${FIRST_USER_OID} and not ${COMPUTES_UNSEEN}`

const TYPE_NAMES = 'select oid, typname from pg_catalog.pg_type'

const ACTIVE_TYPES = `select distinct t.typname, t.oid from pg_catalog.pg_type t
  where t.oid >= ${FIRST_USER_OID} and (
    t.typtype = 'd' and exists (select from pg_catalog.pg_constraint k where k.contypid = t.oid)
    or exists (select from pg_catalog.pg_proc p where p.oid in (t.typinput, t.typmodin) and not ${COMPUTES_ONLY})
    or exists (select from pg_catalog.pg_range r join pg_catalog.pg_proc p on p.oid = r.rngcanonical
      where r.rngtypid = t.oid and not ${COMPUTES_ONLY}))`

/** What types are made of, where that is a user's type or one that a user's cast gives: of arrays, domains, rows and ranges. */
const TYPE_PARTS = [
  'select oid, typelem from pg_catalog.pg_type',
  'select oid, typbasetype from pg_catalog.pg_type',
  'select t.oid, a.atttypid from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.typrelid = a.attrelid where a.attnum > 0',
  'select rngtypid, rngsubtype from pg_catalog.pg_range',
  // Not every version has multiranges.
  "select (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid, rngtypid from pg_catalog.pg_range r",
].map((parts) => `select part, whole from (${parts}) p (whole, part)
  where (part >= ${FIRST_USER_OID} or part in (select casttarget from pg_catalog.pg_cast where oid >= ${FIRST_USER_OID} and castfunc <> 0))
  and whole is not null`).join(' union ')

/**
 * SQL for one value that is another one after anything changed that {@link loadCatalog} reads: every change of a row of
 * the system catalogs leaves its transaction's number in `xmin`, and neither VACUUM nor ANALYZE does. It misses changes
 * of temporary relations (left out, or each of them would load the catalog again; their views and defaults count), and of
 * a role's or database's own `search_path`, which holds from the next session. Takes about a millisecond for a hundred
 * relations. Ask it on a session whose `search_path` no client can set: operators in it are not qualified.
 */
export const CATALOG_FINGERPRINT = `select pg_catalog.concat_ws('.', ${[
  `pg_class where oid >= ${FIRST_USER_OID} and relpersistence <> 't'`,
  `pg_attribute where attrelid >= ${FIRST_USER_OID} and attnum > 0 and attrelid not in (
    select oid from pg_catalog.pg_class where relpersistence = 't')`,
  `pg_rewrite where oid >= ${FIRST_USER_OID}`,
  'pg_inherits',
  'pg_trigger',
  'pg_attrdef',
  `pg_proc where oid >= ${FIRST_USER_OID}`,
  `pg_operator where oid >= ${FIRST_USER_OID}`,
  `pg_type where oid >= ${FIRST_USER_OID} and typtype in ('d', 'r', 'b') and typcategory <> 'A'`,
  'pg_constraint where contypid <> 0',
  `pg_cast where oid >= ${FIRST_USER_OID}`,
  `pg_namespace where nspname !~ '^pg_(toast_)?temp_'`,
]
  .map((source) => `(select pg_catalog.concat(pg_catalog.count(*), ':', pg_catalog.sum(
    pg_catalog.hashint8extended(xmin::text::int8, 0))) from pg_catalog.${source})`)
  .join(', ')})`

function columnsByRelation(rows: (string | null)[][], expressions: ReadonlyMap<string, string>): Map<number, Column[]> {
  return new Map(
    rows.map((row) => {
      const oid = number(row, 0)
      const columns = (JSON.parse(text(row, 1)) as [string, number, number][]).map(([name, attribute, typeOid]) => {
        const expression = expressions.get(`${oid}.${attribute}`)
        return { name, number: attribute, typeOid, ...(expression === undefined ? {} : { generated: expression }) }
      })
      return [oid, columns]
    }),
  )
}

function numbersByOid(rows: (string | null)[][]): Map<number, number[]> {
  const lists = new Map<number, number[]>()
  for (const row of rows) {
    const list = lists.get(number(row, 0))
    if (list === undefined) lists.set(number(row, 0), [number(row, 1)])
    else list.push(number(row, 1))
  }
  return lists
}

function text(row: (string | null)[], index: number): string {
  const value = row[index]
  if (value === null || value === undefined) throw new Error('a catalog row has no value where one was asked for')
  return value
}

function number(row: (string | null)[], index: number): number {
  return Number(text(row, index))
}

function castsIn(rows: { casts: (string | null)[][]; typeNames: (string | null)[][] }, parts: ReadonlyMap<number, readonly number[]>): Cast[] {
  const names = new Map(rows.typeNames.map((row) => [number(row, 0), text(row, 1)]))
  const namesOf = (oid: number) => new Set(Array.from(withAllMadeOf([oid], parts), (one) => names.get(one) ?? ''))
  return rows.casts.map((row) => {
    const mentioned = mentionedBy(row)
    return { context: text(row, 0), targets: namesOf(number(row, 2)), mentions: mentioned === undefined ? undefined : namesOf(mentioned) }
  })
}

/** A cast's source, or its target where that alone is a user's type. */
function mentionedBy(cast: (string | null)[]): number | undefined {
  return [number(cast, 1), number(cast, 2)].find((oid) => oid >= FIRST_USER_OID)
}

/** The types, and all that are made of them, by however many steps. */
function withAllMadeOf(types: readonly number[], wholes: ReadonlyMap<number, readonly number[]>): ReadonlySet<number> {
  const all = new Set(types)
  // A set takes what is added while it is gone through.
  for (const type of all) for (const whole of wholes.get(type) ?? []) all.add(whole)
  return all
}
