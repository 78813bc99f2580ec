import { bind, close, cstring, execute, FLUSH, frame, int16, int32, parse, query, SYNC } from '../support/raw-client.ts'

/** What an agent tries so that something else runs than people approved, more, twice, or before they did. */

/** Under `masks`, what cannot be analysed is refused without a review; under `plain` there are none. */
export type Under = 'masks' | 'plain'
type Settings = Readonly<Record<string, string>>

/** Each write goes out at once, and its answers are waited for. */
export interface Conversation {
  readonly writes: readonly Buffer[]
  readonly startup?: Settings
  /** Another agent than support-bot. */
  readonly agent?: string
}

/** One conversation ends with a ticket, which is approved; another wants to use the approval for something else. */
export interface Substitution {
  readonly name: string
  readonly under?: Under
  readonly approved: Conversation
  /** By a superuser, after the approval. */
  readonly between?: string
  readonly tried: Conversation
  /** The same as what was approved: shows that the others are told apart by what they differ in. */
  readonly same?: true
  readonly undo?: string
}

export const all = (...messages: readonly Buffer[]): Buffer => Buffer.concat(messages)
const run = (sql: string): Buffer[] => [parse('', sql), bind('', ''), execute()]
const latin = (text: string): Buffer => frame('Q', Buffer.from(`${text}\0`, 'latin1'))
const typed = (statement: string, sql: string, ...types: readonly number[]): Buffer => frame('P', cstring(statement), cstring(sql), int16(types.length), ...types.map(int32))
/** @param format 0 text, 1 binary */
const bound = (statement: string, format: number, ...values: readonly (Buffer | null)[]): Buffer =>
  frame('B', cstring(''), cstring(statement), int16(1), int16(format), int16(values.length),
    ...values.flatMap((value) => (value === null ? [int32(-1)] : [int32(value.length), value])), int16(0))
const says = (...texts: readonly string[]): Conversation => ({ writes: texts.map(query) })

const UPDATE = "update orders set placed_at = '03/04/2024' where id = 50"
const DMY = "set datestyle = 'ISO, DMY'"
const LOCAL = "set local datestyle = 'ISO, DMY'"
const PLACE = 'update orders set placed_at = $1 where id = $2'
const HALF = 'update orders set total = $1 / 2 where id = 51'
const WHO = "update orders set status = current_user where id = 52"
const bindPlace = (...values: readonly string[]): Buffer => all(parse('', PLACE), bind('', '', values), execute(), SYNC)
const startup = (options: string): Settings => ({ options: `-c sallyport.review=ticket ${options}` })

export const substitutions: readonly Substitution[] = [
  { name: 'the same statement', approved: says(UPDATE), tried: says(UPDATE), same: true },
  { name: 'the same after the same settings', approved: says(DMY, UPDATE), tried: says(DMY, UPDATE), same: true },
  { name: 'the same in the same transaction', approved: says('begin', LOCAL, UPDATE), tried: says('begin', LOCAL, UPDATE), same: true },
  { name: 'the same by the extended protocol', approved: { writes: [bindPlace('2024-03-04', '50')] }, tried: { writes: [bindPlace('2024-03-04', '50')] }, same: true },
  { name: 'a setting that was rolled back when it was asked, and held when it ran', approved: says('begin', DMY, 'rollback', UPDATE), tried: says('begin', DMY, 'commit', UPDATE) },
  { name: 'a setting of one transaction, after it and within it', approved: says('begin', LOCAL, 'commit', UPDATE), tried: says('begin', LOCAL, UPDATE) },
  { name: 'a setting whose transaction failed', approved: says('begin', DMY, 'select 1/0', 'commit', UPDATE), tried: says('begin', DMY, 'select 1', 'commit', UPDATE) },
  { name: 'a setting behind a savepoint', approved: says('begin', 'savepoint a', DMY, 'rollback to a', 'commit', UPDATE), tried: says('begin', 'savepoint a', DMY, 'release a', 'commit', UPDATE) },
  { name: 'a setting that was skipped after an error', approved: { writes: [all(...run('select 1/0'), ...run(DMY), SYNC), query(UPDATE)] }, tried: { writes: [all(...run('select 1/1'), ...run(DMY), SYNC), query(UPDATE)] } },
  { name: 'a setting that a later statement of its message took back', approved: says(`${DMY}; select 1/0`, UPDATE), tried: says(`${DMY}; select 1/1`, UPDATE) },
  { name: 'a setting of which another message of the same write failed', approved: { writes: [all(query('begin'), query(DMY), query('select 1/0'), query('commit')), query(UPDATE)] }, tried: { writes: [all(query('begin'), query(DMY), query('select 1/1'), query('commit')), query(UPDATE)] } },
  { name: 'a role that was taken back', under: 'plain', approved: says('begin', 'set role other', 'rollback', WHO), tried: says('begin', 'set role other', 'commit', WHO) },
  { name: 'a role by set_config for one transaction', under: 'plain', approved: says('begin', "select set_config('role', 'other', true)", 'commit', WHO), tried: says('begin', "select set_config('role', 'other', true)", WHO) },
  { name: 'a setting that triggers read', under: 'plain', approved: says('begin', "set local app.tenant = '1'", 'commit', UPDATE), tried: says('begin', "set local app.tenant = '1'", UPDATE) },
  { name: 'triggers switched off', under: 'plain', approved: says(UPDATE), tried: says('set session_replication_role = replica', UPDATE) },
  { name: 'a setting in the same part of a pipeline', approved: { writes: [all(...run(UPDATE), SYNC)] }, tried: { writes: [all(...run(DMY), ...run(UPDATE), SYNC)] } },
  { name: 'a setting in the same write', approved: says(UPDATE), tried: { writes: [all(query(DMY), query(UPDATE))] } },
  { name: 'a setting by set_config', approved: says(UPDATE), tried: says("select set_config('datestyle', 'ISO, DMY', false)", UPDATE) },
  { name: 'a setting by set_config in a pipeline', approved: { writes: [all(...run(UPDATE), SYNC)] }, tried: { writes: [all(...run("select set_config('datestyle', 'ISO, DMY', false)"), ...run(UPDATE), SYNC)] } },
  { name: 'a setting at startup', approved: says(UPDATE), tried: { ...says(UPDATE), startup: startup('-c datestyle=ISO,DMY') } },
  { name: 'a startup parameter in capitals', approved: says(UPDATE), tried: { ...says(UPDATE), startup: { ...startup(''), DATESTYLE: 'ISO, DMY' } } },
  { name: 'settings taken back by DISCARD', approved: says(DMY, UPDATE), tried: says(DMY, 'discard all', UPDATE) },
  { name: 'settings taken back by RESET', approved: says(DMY, UPDATE), tried: says(DMY, 'reset all', UPDATE) },
  { name: 'a setting of the role on the target', approved: says(UPDATE), between: "alter role sallyport set datestyle = 'ISO, DMY'", tried: says(UPDATE), undo: 'alter role sallyport reset datestyle' },
  { name: 'a setting of the database', approved: says(UPDATE), between: "alter database shop set timezone = 'Asia/Kathmandu'", tried: says(UPDATE), undo: 'alter database shop reset timezone' },
  { name: 'another search path', approved: says(UPDATE), tried: says('set search_path = evil, public', UPDATE) },
  { name: 'another search path of the role', approved: says(UPDATE), between: 'alter role sallyport set search_path = evil, public', tried: says(UPDATE), undo: 'alter role sallyport reset search_path' },
  { name: 'a temporary table of the same name', under: 'plain', approved: says(UPDATE), tried: says('create temp table orders (id int, status text, placed_at timestamptz)', UPDATE) },
  { name: 'a temporary table that was rolled back when it was asked', under: 'plain', approved: says('begin', 'create temp table orders (id int, status text, placed_at timestamptz)', 'commit', UPDATE), tried: says('begin', 'create temp table orders (id int, status text, placed_at timestamptz)', 'rollback', UPDATE) },
  { name: 'a temporary table that ends with its transaction', under: 'plain', approved: says('begin', 'create temp table orders (id int, status text, placed_at timestamptz) on commit drop', UPDATE), tried: says('begin', 'create temp table orders (id int, status text, placed_at timestamptz) on commit drop', 'commit', UPDATE) },
  { name: 'backslashes', under: 'plain', approved: says("update orders set status = 'a' where id = 50"), tried: says('set standard_conforming_strings = off', "update orders set status = 'a' where id = 50") },
  { name: 'one byte more', approved: says(UPDATE), tried: says(`${UPDATE} `) },
  { name: 'a comment less', approved: says(`${UPDATE} /* only one */`), tried: says(UPDATE) },
  { name: 'a second statement', approved: says(UPDATE), tried: says(`${UPDATE}; delete from payments where id = 1`) },
  { name: 'the beginning of several statements', approved: says(`${UPDATE}; select 1`), tried: says(`${UPDATE};`) },
  { name: 'another end of a text that is cut on the card', approved: says(`${UPDATE} /* ${'x'.repeat(20_000)} */ and id > 0`), tried: says(`${UPDATE} /* ${'x'.repeat(20_000)} */ or id > 0`) },
  { name: 'another end of a value that is cut on the card', approved: { writes: [bindPlace(`2024-03-04${' '.repeat(3_000)} `, '50')] }, tried: { writes: [bindPlace(`2024-03-04${' '.repeat(3_000)}\n`, '50')] } },
  { name: 'another value', approved: { writes: [bindPlace('2024-03-04', '50')] }, tried: { writes: [bindPlace('2024-03-04', '53')] } },
  { name: 'values in another order', approved: { writes: [all(parse('', 'update orders set status = $1 where id in ($2, $3)'), bind('', '', ['x', '1', '2']), execute(), SYNC)] }, tried: { writes: [all(parse('', 'update orders set status = $1 where id in ($2, $3)'), bind('', '', ['x', '2', '1']), execute(), SYNC)] } },
  { name: 'null in place of the word', approved: { writes: [all(parse('', 'update orders set status = coalesce($1, $1) where id = 50'), bound('', 0, Buffer.from('null')), execute(), SYNC)] }, tried: { writes: [all(parse('', 'update orders set status = coalesce($1, $1) where id = 50'), bound('', 0, null), execute(), SYNC)] } },
  { name: 'the same bytes in the other format', approved: { writes: [all(typed('', 'update orders set status = status where id = $1', 23), bound('', 0, Buffer.from('0050')), execute(), SYNC)] }, tried: { writes: [all(typed('', 'update orders set status = status where id = $1', 23), bound('', 1, Buffer.from('0050')), execute(), SYNC)] } },
  { name: 'parameters of another type', approved: { writes: [all(typed('', HALF, 23), bind('', '', ['3']), execute(), SYNC)] }, tried: { writes: [all(typed('', HALF, 1700), bind('', '', ['3']), execute(), SYNC)] } },
  { name: 'another text under the same name', under: 'plain', approved: { writes: [all(parse('a', "update orders set status = 'a' where id = 50"), SYNC), query('execute a')] }, tried: { writes: [all(parse('a', "update orders set status = 'a' where id > 50"), SYNC), query('execute a')] } },
  { name: 'the same by another agent', approved: says(UPDATE), tried: { ...says(UPDATE), agent: 'nightly-report' } },
]

/** What cannot be shown to people as it runs is refused, and nobody is asked. */
export interface Unreviewable {
  readonly name: string
  readonly under?: Under
  readonly startup?: Settings
  readonly writes: readonly Buffer[]
}

const CAFE = "update orders set status = 'caf\u00e9' where id = 50"
const HIDDEN = "update orders set status = 'a\\' where id = 50 --' where id > 0"

export const unreviewable: readonly Unreviewable[] = [
  { name: 'text in LATIN1', under: 'plain', writes: [query("set client_encoding = 'LATIN1'"), latin(CAFE)] },
  { name: 'text in LATIN1 from startup', under: 'plain', startup: { client_encoding: 'LATIN1' }, writes: [latin(CAFE)] },
  { name: 'text in SJIS, in which a character may end like a backslash', under: 'plain', writes: [query("set client_encoding = 'SJIS'"), frame('Q', Buffer.from("update orders set status = '\x83\x5c' where id = 50\0", 'latin1'))] },
  { name: 'a parsed text in LATIN1', under: 'plain', writes: [query("set client_encoding = 'LATIN1'"), all(frame('P', cstring(''), Buffer.from(`${CAFE}\0`, 'latin1'), int16(0)), bind('', ''), execute(), SYNC)] },
  { name: 'a value in LATIN1 that is another character in UTF-8', under: 'plain', writes: [query("set client_encoding = 'LATIN1'"), all(parse('', PLACE.replace('placed_at', 'status')), bind('', '', ['\u00e9', '50']), execute(), SYNC)] },
  { name: 'a value in LATIN1 in the part of the pipeline that sets it', under: 'plain', writes: [all(...run("set client_encoding = 'LATIN1'"), parse('', PLACE.replace('placed_at', 'status')), bind('', '', ['\u00e9', '50']), execute(), SYNC)] },
  { name: 'a string that ends elsewhere while a backslash escapes', under: 'plain', writes: [query('set standard_conforming_strings = off'), query(HIDDEN)] },
  { name: 'the same from startup', under: 'plain', startup: { standard_conforming_strings: 'off' }, writes: [query(HIDDEN)] },
  { name: 'the same, parsed', under: 'plain', writes: [query('set standard_conforming_strings = off'), all(...run(HIDDEN), SYNC)] },
  { name: 'the same in one write', under: 'plain', writes: [all(query('set standard_conforming_strings = off'), query(HIDDEN))] },
  { name: 'EXECUTE of a parsed statement whose parameter has a type', writes: [all(typed('s', HALF, 23), SYNC), query('execute s(3)')] },
  { name: 'FETCH of a portal, whose values stand nowhere', under: 'plain', writes: [query('begin'), all(parse('', `${PLACE} returning id`), bind('p', '', ['2024-03-04', '50']), SYNC), query('fetch all from p')] },
  { name: 'EXECUTE of a name that nothing is known of', under: 'plain', writes: [query('execute nothing')] },
  { name: 'FETCH of a cursor that nothing is known of', under: 'plain', writes: [query('begin'), query('fetch all from nothing')] },
  { name: 'EXECUTE of a name before its text is sent', under: 'plain', writes: [query("execute later; prepare later as update orders set status = 'later' where id = 50")] },
]

/** What the card must say, so that people see what runs. */
export interface Shown {
  readonly name: string
  readonly under?: Under
  readonly startup?: Settings
  readonly writes: readonly Buffer[]
  /** Found in the card, as JSON. */
  readonly says: readonly RegExp[]
}

const many = Array.from({ length: 120 }, (_, index) => index + 2)

export const shown: readonly Shown[] = [
  { name: 'an end that is cut off', writes: [query(`${UPDATE} /* ${'x'.repeat(20_000)} */ or true`)], says: [/"textTruncated":true/] },
  { name: 'more parameters than there is room for', writes: [all(parse('', `update orders set status = $1 where id in (${many.map((n) => `$${n}`).join()})`), bind('', '', ['x', ...many.map(String)]), execute(), SYNC)], says: [/"textTruncated":true/] },
  { name: 'a parameter longer than there is room for', writes: [all(parse('', PLACE.replace('placed_at', 'status')), bind('', '', ['y'.repeat(2_000), '50']), execute(), SYNC)], says: [/"textTruncated":true/, /y…"/] },
  { name: 'a binary parameter', writes: [all(typed('', 'update orders set status = status where id = $1', 23), bound('', 1, int32(50)), execute(), SYNC)], says: [/"\\\\x00000032"/, /"textTruncated":false/] },
  { name: 'a second statement behind a harmless one', writes: [query(`select 1; ${UPDATE}; delete from payments where id = 1`)], says: [/"actions":\["delete","select","update"\]/, /public\.payments/] },
  { name: 'a comment that ends sooner than it looks', writes: [query('/* select 1 /* */ */ delete from payments where id = 1 --')], says: [/"actions":\["delete"\]/] },
  { name: 'a delete in WITH under the name of a read', writes: [query('with gone as (delete from payments returning id) select count(*) from gone')], says: [/"actions":\["delete","select"\]/, /"filtered":false/] },
  { name: 'a delete in WITH beside an update', writes: [query(`with gone as (delete from payments where id = 599 returning id) ${UPDATE}`)], says: [/"delete"/, /Its WITH queries change rows too|"table":"public.payments","inserted":0,"updated":0,"deleted":1/] },
  { name: 'EXPLAIN that runs it', writes: [query('explain (analyze, costs off) delete from payments where id = 1')], says: [/"delete"/, /public\.payments/] },
  { name: 'MERGE', writes: [query("merge into orders o using (values (50)) v(id) on o.id = v.id when matched then delete")], says: [/"delete"/, /public\.orders/] },
  { name: 'ON CONFLICT', writes: [query("insert into orders (id, customer_id, status, total) values (50, 1, 'x', 1) on conflict (id) do update set status = 'taken over'")], says: [/"insert","update"|"update","insert"/] },
  { name: 'a transaction that began in the same write', writes: [all(query('begin'), query(UPDATE))], says: [/"inTransaction":true/] },
  { name: 'a transaction that began in the same part of a pipeline', writes: [all(...run('update carts set items = items'), ...run(UPDATE), SYNC)], says: [/"inTransaction":true/] },
  { name: 'a transaction that another part of a pipeline began', writes: [all(...run('begin'), SYNC, ...run(UPDATE), SYNC)], says: [/"inTransaction":true/] },
  { name: 'a row that another part of the transaction stands on', writes: [query('begin'), query('declare c cursor for select * from orders order by id'), query('fetch 3 from c'), query("update orders set status = 'x' where current of c")], says: [/depends on a cursor/] },
  { name: 'what COPY will load, which nobody sees', writes: [query('copy payments from stdin')], says: [/rows that the client sends/] },
  { name: 'DO', under: 'plain', writes: [query('do $$ begin delete from payments; end $$')], says: [/unknown/, /could not be analysed/] },
  { name: 'CALL', under: 'plain', writes: [query('call clear()')], says: [/"call"/] },
  { name: 'a function that writes', under: 'plain', writes: [query('select clear_all()')], says: [/clear_all/] },
  { name: 'a view whose rule deletes', under: 'plain', writes: [query("update ruled set status = 'x' where id = 50")], says: [/"method":"none"/, /[Rr]ules on/] },
  { name: 'the text of a prepared statement that is executed before its name is given away', under: 'plain', writes: [query("prepare x as update orders set status = 'hidden' where id > 0"), query('execute x; deallocate x; prepare x as select 1')], says: [/"definitions":\["prepare x as update orders set status = 'hidden' where id > 0"\]/] },
  { name: 'the text of a prepared statement that is bound', under: 'plain', writes: [query("prepare x as update orders set status = 'hidden' where id > 0"), all(bind('', 'x'), execute(), SYNC)], says: [/"definitions":\["prepare x as update orders set status = 'hidden' where id > 0"\]/] },
  { name: 'the text of a parsed statement that is executed by name', under: 'plain', writes: [all(parse('x', "update orders set status = 'hidden' where id > 0"), SYNC), query('execute x')], says: [/"definitions":\["update orders set status = 'hidden' where id > 0"\]/] },
  { name: 'masked values', writes: [query("update customers set city = 'Here' where id < 4 returning *")], says: [/"method":"counted"/, /\[redacted\]/] },
]

/** What a preview must not do. */
export interface Effect {
  readonly name: string
  readonly sql: string
  /** Asked of the target before and after, with the same answer. */
  readonly untouched: string
}

const LOCKS = "select count(*) from pg_locks where locktype = 'advisory'"
const SEQUENCE = 'select last_value, is_called from kept_seq'
const LOG = 'select count(*) from preview_log'

export const previewEffects: readonly Effect[] = [
  { name: 'a sequence in the filter', sql: "update orders set status = 'p' where nextval('kept_seq') > 0", untouched: SEQUENCE },
  { name: 'a sequence that is set', sql: "update orders set status = setval('kept_seq', 77)::text where id = 50", untouched: SEQUENCE },
  { name: 'an advisory lock in the filter', sql: "update orders set status = 'p' where pg_advisory_lock(42) is not null and id = 50", untouched: LOCKS },
  { name: 'an advisory lock in RETURNING', sql: "update orders set status = 'p' where id = 50 returning pg_advisory_lock(42)", untouched: LOCKS },
  { name: 'an advisory lock by a trigger', sql: "update locking set a = 2", untouched: LOCKS },
  { name: 'an advisory lock by a check', sql: 'update checking set a = 2', untouched: LOCKS },
  { name: 'an advisory lock by a function that says it is immutable', sql: "update orders set status = lying(1)::text where id = lying(1)", untouched: LOCKS },
  { name: 'an advisory lock by a deferred trigger', sql: 'insert into deferring values (1)', untouched: LOCKS },
  { name: 'an advisory lock by a default', sql: 'insert into defaulting (b) values (1)', untouched: LOCKS },
  { name: 'an advisory lock by a generated column', sql: 'insert into generating (b) values (1)', untouched: LOCKS },
  { name: 'an advisory lock by a cascade', sql: 'delete from cascading where a = 1', untouched: LOCKS },
  { name: 'an advisory lock by an index', sql: 'update indexing set a = a + 1', untouched: LOCKS },
  { name: 'an advisory lock by a policy of rows', sql: 'update secured set a = 2', untouched: LOCKS },
  { name: 'a row by a trigger', sql: 'update logging set a = 2', untouched: LOG },
  { name: 'a setting of the session', sql: "update orders set status = set_config('app.x', 'y', false) where id = 50", untouched: "select count(*) from pg_db_role_setting where 'app.x' = any(setconfig)" },
  { name: 'a large object', sql: "update orders set status = lo_create(0)::text where id = 50", untouched: 'select count(*) from pg_largeobject_metadata' },
  { name: 'the end of another session', sql: "update orders set status = (select count(pg_terminate_backend(pid))::text from pg_stat_activity where application_name = 'victim') where id = 50", untouched: "select count(*) from pg_stat_activity where application_name = 'victim'" },
  { name: 'a program', sql: "copy orders from program 'touch /tmp/sallyport-preview'", untouched: 'select pg_stat_file(\'/tmp/sallyport-preview\', true) is null' },
]

/** Something happens around a statement while it is held. */
export interface Around {
  readonly name: string
  readonly under?: Under
  readonly before?: readonly Buffer[]
  /** Sent at once, the held statement among them; it holds the word `HELD`. One that is denied is no other's: nobody is asked about it again. */
  readonly held: Buffer
  readonly answer: 'approve' | 'deny'
  /** Notices aside. Up to as many ReadyForQuery as Query and Sync messages were sent. */
  readonly letters: string
  /** Orders whose status is HELD afterwards. */
  readonly changed: number
}

const HELD = "update orders set status = 'HELD' where id in (70, 71)"
const OTHER = "update orders set status = 'HELD' where id between 80 and 100"
const LOAD = "copy orders (id, customer_id, status, total) from stdin /* HELD */"
const DATA = frame('d', Buffer.from('9001\t1\tHELD\t1\n'))
const COPY_DONE = frame('c')

export const arounds: readonly Around[] = [
  { name: 'nothing', held: all(query(HELD)), answer: 'approve', letters: 'C ZI', changed: 2 },
  { name: 'the name parsed anew behind it', held: all(parse('s', HELD), bind('p', 's'), execute('p'), close('S', 's'), parse('s', OTHER), SYNC), answer: 'approve', letters: '1 2 C 3 1 ZI', changed: 2 },
  { name: 'the unnamed portal bound anew behind it', held: all(parse('', HELD), bind('', ''), execute(), parse('', 'select 1'), bind('', ''), execute(), SYNC), answer: 'approve', letters: '1 2 C 1 2 D C ZI', changed: 2 },
  { name: 'another text parsed between its Bind and its Execute', held: all(parse('', HELD), bind('', ''), parse('', OTHER), execute(), SYNC), answer: 'approve', letters: '1 2 1 C ZI', changed: 2 },
  { name: 'its portal closed behind it', held: all(parse('', HELD), bind('p', ''), execute('p'), close('P', 'p'), execute('p'), SYNC), answer: 'approve', letters: '1 2 C 3 E ZI', changed: 0 },
  { name: 'its statement closed before it runs', held: all(parse('s', HELD), bind('p', 's'), close('S', 's'), execute('p'), SYNC), answer: 'approve', letters: '1 2 3 C ZI', changed: 2 },
  { name: 'Flush before and behind', held: all(FLUSH, parse('', HELD), FLUSH, bind('', ''), execute(), FLUSH, FLUSH, SYNC), answer: 'approve', letters: '1 2 C ZI', changed: 2 },
  { name: 'Sync before and behind', held: all(SYNC, parse('', HELD), SYNC, bind('', ''), execute(), SYNC, SYNC), answer: 'approve', letters: 'ZI 1 ZI 2 C ZI ZI', changed: 2 },
  { name: 'a statement that fails before it', held: all(...run('select 1/0'), parse('', HELD), bind('', ''), execute(), SYNC), answer: 'approve', letters: '1 E ZI', changed: 0 },
  { name: 'a statement that fails behind it', held: all(parse('', HELD), bind('', ''), execute(), ...run('select 1/0'), SYNC), answer: 'approve', letters: '1 2 C 1 E ZI', changed: 0 },
  { name: 'a denial, and statements behind it', held: all(parse('', `${HELD} /* piped */`), bind('', ''), execute(), ...run('update carts set items = 9'), SYNC), answer: 'deny', letters: 'E ZI', changed: 0 },
  { name: 'a denial, and a statement of its own behind it', held: all(query(`${HELD} /* alone */`), query('select 1')), answer: 'deny', letters: 'E ZI T D C ZI', changed: 0 },
  { name: 'a part of its rows asked for', held: all(parse('', `${HELD} returning id`), bind('', ''), execute('', 1), SYNC), answer: 'approve', letters: '1 2 D E ZI', changed: 0 },
  { name: 'a savepoint, rolled back to', before: [query('begin'), query('savepoint a')], held: all(query(HELD), query('rollback to a'), query('commit')), answer: 'approve', letters: 'C ZT C ZT C ZI', changed: 0 },
  { name: 'a savepoint, released', before: [query('begin'), query('savepoint a')], held: all(query(HELD), query('release a'), query('commit')), answer: 'approve', letters: 'C ZT C ZT C ZI', changed: 2 },
  { name: 'an unnamed statement from before it', before: [all(parse('', OTHER), SYNC)], held: all(query(HELD), bind('', ''), execute(), SYNC), answer: 'approve', letters: 'C ZI E ZI', changed: 2 },
  { name: 'an unnamed portal from before it', before: [query('begin'), all(parse('', 'select 1'), bind('', ''), SYNC)], held: all(query(HELD), execute(), SYNC, query('commit')), answer: 'approve', letters: 'C ZT E ZE C ZI', changed: 0 },
  { name: 'COPY and its data', held: all(query(LOAD), DATA, COPY_DONE), answer: 'approve', letters: 'G C ZI', changed: 1 },
  { name: 'COPY and its data, denied', held: all(query(LOAD), DATA, COPY_DONE), answer: 'deny', letters: 'E ZI', changed: 0 },
  { name: 'COPY by the extended protocol, denied', held: all(...run(`${LOAD} /* extended */`), DATA, COPY_DONE, SYNC), answer: 'deny', letters: 'E ZI', changed: 0 },
  { name: 'COPY data where no COPY is', held: all(query(HELD), DATA, COPY_DONE, query('select 1')), answer: 'approve', letters: 'C ZI T D C ZI', changed: 2 },
  { name: 'an end of its transaction in its own text', held: all(query(`begin; ${HELD}; commit; select 1/0`)), answer: 'approve', letters: 'C C C E ZI', changed: 2 },
  { name: 'a cursor on its rows', before: [query('begin'), query('declare c cursor for select * from orders where id = 70'), query('fetch c')], held: all(query("update orders set status = 'HELD' where current of c"), query('commit')), answer: 'approve', letters: 'C ZT C ZI', changed: 1 },
]

/** Messages that make the target plan a statement, with none that runs it. */
export interface Binding {
  readonly name: string
  readonly under?: Under
  readonly writes: readonly Buffer[]
}

const LYING = 'select lying_deeply()'

export const bindings: readonly Binding[] = [
  { name: 'Bind and Sync', under: 'plain', writes: [all(parse('', LYING), bind('', ''), SYNC)] },
  { name: 'Bind, Describe and Sync', under: 'plain', writes: [all(parse('', LYING), bind('', ''), frame('D', Buffer.from('P'), cstring('')), SYNC)] },
  { name: 'Bind of a statement from before', under: 'plain', writes: [all(parse('a', LYING), SYNC), all(bind('', 'a'), SYNC)] },
  { name: 'Bind of what PREPARE made', under: 'plain', writes: [query(`prepare b as ${LYING}`), all(bind('', 'b'), SYNC)] },
  { name: 'Bind and Flush', under: 'plain', writes: [all(parse('', LYING), bind('', ''), FLUSH, SYNC)] },
  { name: 'Bind and a Parse', under: 'plain', writes: [all(parse('', LYING), bind('p', ''), parse('', 'select 1'), SYNC)] },
  { name: 'Bind and another Bind', under: 'plain', writes: [all(parse('', LYING), bind('p', ''), bind('q', ''), SYNC)] },
  { name: 'Bind and the Execute of another portal', under: 'plain', writes: [all(parse('', LYING), bind('p', ''), ...run('select 1'), SYNC)] },
  { name: 'Bind and its end', under: 'plain', writes: [all(parse('', LYING), bind('p', ''), close('P', 'p'), SYNC)] },
  { name: 'Bind and an Execute that is denied', under: 'masks', writes: [all(parse('', LYING), bind('', ''), execute(), SYNC)] },
  { name: 'Bind and an Execute that gets a ticket', under: 'plain', writes: [all(parse('', LYING), bind('', ''), execute(), SYNC)] },
  { name: 'Bind with more behind it than is looked at', under: 'plain', writes: [all(parse('', LYING), bind('p', ''), ...Array.from({ length: 10_100 }, () => frame('D', Buffer.from('S'), cstring(''))), SYNC)] },
  { name: 'EXPLAIN', under: 'plain', writes: [query(`explain ${LYING}`)] },
  { name: 'Describe of the statement', under: 'plain', writes: [all(parse('a', LYING), frame('D', Buffer.from('S'), cstring('a')), SYNC)] },
]
