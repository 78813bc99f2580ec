/**
 * Texts of views and generated columns. PostgreSQL puts them together when asked, from what is there at that moment and
 * not in the caller's snapshot; it locks what they name, and fails when some of it has just gone.
 */

/** Runs one SQL statement on the target and gives its rows in text format. */
export type CatalogQuery = (sql: string) => Promise<(string | null)[][]>

/** Stands for a text that could not be had. No SQL, so that whoever follows it must take it for anything. */
export const UNREADABLE = ')'

export interface Definition {
  /** The relation that it belongs to. */
  readonly oid: number
  /** `oid`, or `oid.attnum` for a column. */
  readonly key: string
  /** OIDs of the relations that PostgreSQL locks to write it. */
  readonly reads: readonly number[]
}

interface Definitions {
  /** One for each key asked for; {@link UNREADABLE} where there is none. */
  readonly texts: ReadonlyMap<string, string>
  readonly unreadable: number
}

/** A select of key and text from `pg_class c`, to which a condition is added. With an empty search_path names are qualified. */
const WITH_EMPTY_PATH = "with path as materialized (select pg_catalog.set_config('search_path', '', true))"
export const VIEW_TEXT = `${WITH_EMPTY_PATH} select c.oid, pg_catalog.pg_get_viewdef(c.oid)
  from path, pg_catalog.pg_class c where c.relkind in ('v', 'm')`
export const GENERATED_TEXT = `select pg_catalog.concat(c.oid, '.', d.adnum), pg_catalog.pg_get_expr(d.adbin, d.adrelid)
  from pg_catalog.pg_class c join pg_catalog.pg_attrdef d on d.adrelid = c.oid
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum and a.attgenerated <> ''
  where true`

const PATH_SETTING = `select pg_catalog.quote_literal(pg_catalog.current_setting('search_path'))`

/** Of relations that somebody holds for himself, or waits for: nobody else can have their texts until he is done. */
const LOCKED = `select distinct l.relation from pg_catalog.pg_locks l where l.locktype = 'relation'
  and l.mode = 'AccessExclusiveLock' and l.pid <> pg_catalog.pg_backend_pid()
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database())`

/** Each may have waited for a lock; when so many failed the rest is taken for unreadable, to be tried again later. */
const MAX_FAILURES = 32

/**
 * Reads them all in one query. When that fails because of others, those of which one is locked are left out, and the
 * rest is read in halves until what fails stands alone.
 * @param query should end by itself, with SQLSTATE 55P03, when it must wait long for a lock
 * @throws what `query` throws for other reasons
 */
export async function readDefinitions(query: CatalogQuery, select: string, wanted: readonly Definition[]): Promise<Definitions> {
  const texts = new Map(wanted.map(({ key }) => [key, UNREADABLE]))
  if (wanted.length === 0) return { texts, unreadable: 0 }
  const pathSetting = (await query(PATH_SETTING))[0]?.[0] ?? "''"
  let failures = 0
  const read = async (some: readonly Definition[]): Promise<void> => {
    if (some.length === 0 || failures > MAX_FAILURES) return
    const rows = await unlessRaced(query(`${select} and c.oid in (${Array.from(new Set(some.map(({ oid }) => oid))).join()})`))
    // Without a row it is gone; without a value its rule or its relation is.
    for (const [key, text] of rows ?? []) if (typeof key === 'string' && typeof text === 'string' && texts.has(key)) texts.set(key, text)
    if (rows !== undefined) return
    failures++
    if (some.length === 1) return
    const locked = failures > 1 ? new Set() : new Set((await query(LOCKED)).map(([oid]) => Number(oid)))
    const free = some.filter(({ reads }) => !reads.some((oid) => locked.has(oid)))
    const middle = Math.ceil(free.length / 2)
    await read(free.slice(0, middle))
    await read(free.slice(middle))
  }
  await read(wanted)
  // Inside a transaction an empty path would stay until its end.
  await query(`select pg_catalog.set_config('search_path', ${pathSetting}, true)`)
  let unreadable = 0
  for (const text of texts.values()) if (text === UNREADABLE) unreadable++
  return { texts, unreadable }
}

/**
 * What changed definitions and locks of others make of a query: undefined object, `could not open relation` and `cache
 * lookup failed` (XX000), lock not available, deadlock.
 */
const RACED = /^(?:42(?!501)\w{3}|3F000|XX000|55P03|40P01)$/

async function unlessRaced<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Error && 'code' in error && RACED.test(String(error.code))) return undefined
    throw error
  }
}
