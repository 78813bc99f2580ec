import { bind, close, cstring, describe, execute, FLUSH, frame, int16, int32, parse, query, startup, SYNC } from '../support/raw-client.ts'

/** Sequences of messages that want masked values, or another statement to run than the one that was decided. */
export interface RelayAttack {
  readonly name: string
  /** Absent: under both. */
  readonly under?: 'masks' | 'reads'
  readonly startup?: Readonly<Record<string, string>>
  /** Each goes out at once, and its answers are waited for. */
  readonly writes: readonly Buffer[]
  /** ReadyForQuery to wait for after each write, where counting Query and Sync does not tell. */
  readonly answers?: readonly number[]
}

const all = (...messages: readonly Buffer[]): Buffer => Buffer.concat(messages)
const LONG = 'n'.repeat(63)
const REFUSED_NAME = 'refused by the gateway'
const SSN = 'select id, ssn from customers'
const CITY = 'select id, city from customers'
/** A statement that is allowed when prepared, and refused when it is bound to what a mask shows. */
const WRITE_BACK = 'update customers set email = $1 where id = 1 returning id, city'
const SHOWN = '[redacted]'
const latin = (name: number): Buffer => Buffer.from([name, 0])
const rawParse = (name: Buffer, sql: string): Buffer => frame('P', name, cstring(sql), int16(0))
const rawBind = (portal: Buffer, statement: string): Buffer => frame('B', portal, cstring(statement), int16(0), int16(0), int16(0))
const rawExecute = (portal: Buffer): Buffer => frame('E', portal, int32(0))
/** Read with strings that conform it is two harmless strings, read otherwise it is a string and a statement. */
const twoReadings = (evil: string): string => `rollback; select '\\', ' ; ${evil}; --'`
const strings = (value: string): Buffer => query(`set standard_conforming_strings = ${value}`)
const EVIL_READ = 'select lower(ssn) from customers'
const EVIL_WRITE = 'commit; begin read write; delete from payments; commit'

const confusedReading = (evil: string): Omit<RelayAttack, 'name'>[] => [
  { writes: [strings('off'), query('begin'), strings('on'), all(query('select 1/0'), query(twoReadings(evil)))] },
  { startup: { options: '-c standard_conforming_strings=off' }, writes: [query('begin'), strings('on'), all(query('select 1/0'), query(twoReadings(evil)))] },
  { writes: [strings('off'), all(query('begin'), query('set local standard_conforming_strings = on'), query('select 1/0'), query(twoReadings(evil)))] },
  { writes: [strings('off'), query('begin'), strings('on'), all(parse('', 'select 1/0'), bind('', ''), execute(), SYNC, query(twoReadings(evil)))] },
  { writes: [strings('off'), query('begin'), query('savepoint a'), strings('on'), all(query('select 1/0'), query(twoReadings(evil).replace('rollback', 'rollback to a')))] },
  { writes: [strings('off'), all(parse('', 'set standard_conforming_strings = on'), bind('', ''), execute(), parse('', 'wrong'), SYNC, query(twoReadings(evil)))] },
  { writes: [strings('off'), all(query("select set_config('standard_conforming_strings', 'on', true)"), query(twoReadings(evil)))] },
  { writes: [strings('off'), all(query("select set_config('standard_conforming_strings', 'on', false)"), query('discard all'), query(twoReadings(evil)))] },
  { startup: { options: '-c standard_conforming_strings=off' }, writes: [all(strings('on'), query('reset all'), query(twoReadings(evil)))] },
  { startup: { standard_conforming_strings: 'off' }, writes: [query(twoReadings(evil))] },
  { startup: { client_encoding: 'SJIS' }, writes: [frame('Q', Buffer.from("select '\x83\\', ' ; ", 'latin1'), Buffer.from(`${evil}; --'\0`))] },
  { writes: [all(query("set client_encoding = 'SJIS'"), frame('Q', Buffer.from("select '\x83', ' ; ", 'latin1'), Buffer.from(`${evil}; --'\0`)))] },
]

const bothReadings = (name: string, under: 'masks' | 'reads', evil: string): RelayAttack[] => confusedReading(evil).map((attack, at) => ({ ...attack, name: `${name}, way ${at + 1}`, under }))

const ONLY_MASKS: readonly Omit<RelayAttack, 'under'>[] = [
  { name: "a portal under the name that the gateway's own refusals used, run with another's plan", writes: [query('begin'), all(parse('x', SSN), bind(REFUSED_NAME, 'x'), parse('u', WRITE_BACK), bind('p', 'u', [SHOWN]), SYNC), all(execute('p'), SYNC)] },
  { name: 'a cursor under that name', writes: [query('begin'), query(`declare "${REFUSED_NAME}" cursor for ${SSN}`), all(parse('u', WRITE_BACK), bind('p', 'u', [SHOWN]), execute('p'), SYNC)] },
  { name: 'statements whose long names are one to the target', writes: [all(parse(`${LONG}a`, CITY), SYNC), all(close('S', `${LONG}b`), parse(`${LONG}c`, SSN), SYNC), all(bind('', `${LONG}a`), execute(), SYNC)] },
  { name: 'portals whose long names are one to the target', writes: [query('begin'), all(parse('a', CITY), parse('c', SSN), bind(`${LONG}a`, 'a'), describe('P', `${LONG}a`), SYNC), all(close('P', `${LONG}b`), bind(`${LONG}c`, 'c'), SYNC), all(execute(`${LONG}a`), SYNC)] },
  { name: 'portals whose names differ in bytes that are not UTF-8', writes: [query("set client_encoding = 'LATIN1'"), query('begin'), all(parse('a', CITY), parse('c', SSN), rawBind(latin(0xe9), 'c'), rawBind(latin(0xe8), 'a'), SYNC), all(rawExecute(latin(0xe9)), SYNC)] },
  { name: 'statements whose names differ in bytes that are not UTF-8', writes: [query("set client_encoding = 'LATIN1'"), all(rawParse(latin(0xe9), SSN), rawParse(latin(0xe8), CITY), SYNC), all(frame('B', cstring(''), latin(0xe9), int16(0), int16(0), int16(0)), execute(), SYNC)] },
  { name: 'a portal kept by a skipped Bind: its refused parameters run', writes: [all(parse('u', WRITE_BACK), parse('h', CITY), SYNC), query('begin'), all(bind('p', 'u', [SHOWN]), SYNC), query('savepoint s'), all(parse('', 'wrong'), close('P', 'p'), bind('p', 'h'), SYNC, query('rollback to s'), execute('p'), SYNC, query('commit'))] },
  { name: 'a portal name taken by DECLARE behind a COMMIT', writes: [query('begin'), all(parse('a', CITY), bind('p', 'a'), describe('P', 'p'), SYNC), query(`commit; begin; declare p cursor for ${SSN}; savepoint s`), all(bind('p', 'a'), SYNC, query('rollback to s'), execute('p'), SYNC)] },
  { name: 'a portal name taken by DECLARE in a message that fails later', writes: [query('begin'), all(parse('a', CITY), bind('p', 'a'), describe('P', 'p'), SYNC), query(`commit; begin; declare p cursor for ${SSN}; savepoint s; select 1/0`), query('rollback to s'), all(bind('p', 'a'), SYNC), query('rollback to s'), all(execute('p'), SYNC)] },
  { name: 'a statement name taken by PREPARE in a message that fails later', writes: [all(parse('a', CITY), SYNC), query(`deallocate a; prepare a as ${SSN}; select 1/0`), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'a cursor declared again while a FETCH of it is bound', writes: [query('begin'), query(`declare c cursor for ${CITY}`), all(parse('f', 'fetch 5 from c'), bind('p', 'f'), describe('P', 'p'), SYNC), query(`close c; declare c cursor for ${SSN}`), all(execute('p'), SYNC)] },
  { name: 'the same in one pipeline', writes: [all(query('begin'), query(`declare c cursor for ${CITY}`), parse('f', 'fetch 5 from c'), bind('p', 'f'), describe('P', 'p'), query(`close c; declare c cursor for ${SSN}`), execute('p'), SYNC)] },
  { name: 'an EXECUTE bound while its name changes', writes: [query(`prepare a as ${CITY}`), query('begin'), all(parse('f', 'execute a'), bind('p', 'f'), describe('P', 'p'), SYNC), query(`deallocate a; prepare a as ${SSN}`), all(execute('p'), SYNC)] },
  { name: 'binary results', writes: [all(parse('', SSN), bind('', '', [], 1), execute(), SYNC)] },
  { name: 'a portal without any Describe', writes: [all(parse('', SSN), bind('', ''), execute(), SYNC)] },
  { name: 'a portal run in parts', writes: [query('begin'), all(parse('', SSN), bind('p', ''), execute('p', 2), SYNC), all(execute('p', 2), SYNC), all(execute('p', -1), SYNC)] },
  { name: 'a Describe of the statement only', writes: [all(parse('a', SSN), describe('S', 'a'), SYNC), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'a Describe that fails, then the portal', writes: [query('begin'), query('savepoint s'), all(parse('a', SSN), SYNC), all(describe('P', 'p'), bind('p', 'a'), describe('P', 'p'), execute('p'), SYNC), query('rollback to s'), all(bind('p', 'a'), execute('p'), SYNC)] },
  { name: 'a FETCH with another row format', writes: [query('begin'), query(`declare c binary cursor for ${SSN}`), query('fetch all from c'), query('move backward all in c'), all(parse('', 'fetch all from c'), bind('', '', [], 1), execute(), SYNC)] },
  { name: 'the wire portal of a cursor', writes: [query('begin'), query(`declare c cursor for ${SSN}`), all(execute('c'), SYNC)] },
  { name: 'DECLARE and FETCH of a wire portal', writes: [query('begin'), all(parse('', SSN), bind('p', ''), SYNC), query('fetch all from p'), query('fetch backward all from p')] },
  { name: 'several statements, masked and not', writes: [query(`${CITY}; ${SSN}; ${CITY}; select 1; ${SSN}`)] },
  { name: 'a row description without rows, then others', writes: [query(`${CITY} where false; ${SSN}`)] },
  { name: 'COPY of a masked table', writes: [query('copy customers to stdout'), query(`copy (${SSN}) to stdout`), query('copy customers (ssn) to stdout (format binary)'), all(parse('', 'copy customers to stdout'), bind('', ''), execute(), SYNC)] },
  { name: 'the context of a COPY that fails', answers: [1], writes: [all(query('copy customers (id, name, email, ssn) from stdin'), frame('d', Buffer.from('notanumber\tx\ty\t1\n')), frame('c'))] },
  { name: 'a violated constraint', writes: [query("insert into customers (name, email) select name, email from customers where id = 7"), query("insert into customers (id, name, email) values (7, 'x', 'y')")] },
  { name: 'a violated constraint by a parameter', writes: [all(parse('', "update customers set name = null where id = $1 returning ssn"), bind('', '', ['7']), execute(), SYNC)] },
  { name: 'messages at every level', startup: { options: '-c client_min_messages=debug5' }, writes: [query('set client_min_messages = debug5'), query(SSN), query('set debug_print_parse = on'), query('set debug_print_plan = on'), query(SSN)] },
  { name: 'a notification', writes: [query('listen x'), query("select pg_notify('x', ssn) from customers"), query("notify x, 'y'")] },
  { name: 'a FunctionCall', writes: [frame('F', int32(1598), int16(0), int16(0), int16(0)), frame('F', int32(0))] },
  { name: 'another database of the target by a startup option', startup: { options: '-c database=postgres' }, writes: [query('select current_database()')] },
  { name: 'the database under a name in capitals', startup: { Database: 'postgres' }, writes: [query('select current_database()')] },
  { name: 'a value hidden in a setting that the target reports', writes: [query("select set_config('application_name', ssn, false) from customers"), query('select 1')] },
  { name: 'more columns than the target sends', writes: [query(`select ${Array.from({ length: 1660 }, () => 'ssn').join(', ')} from customers limit 1`), query(`select ${Array.from({ length: 1700 }, () => 'ssn').join(', ')} from customers limit 1`)] },
  { name: 'result formats in the wrong number', writes: [all(parse('', SSN), frame('B', cstring(''), cstring(''), int16(0), int16(0), int16(3), int16(1), int16(0), int16(1)), execute(), SYNC)] },
]

const BOTH: readonly RelayAttack[] = [
  { name: 'a write behind a skipped Parse', writes: [all(parse('', 'wrong'), parse('', 'select 1'), SYNC, parse('d', 'truncate payments, orders, customers'), bind('', 'd'), SYNC)], under: 'reads' },
  { name: 'a write in a portal of its own', writes: [all(parse('', 'delete from payments'), bind('p', ''), describe('P', 'p'), execute('p'), SYNC)], under: 'reads' },
  { name: 'a write prepared where a read was refused', writes: [all(parse('s', 'delete from payments'), SYNC), all(bind('', 's'), execute(), SYNC), query('execute s')], under: 'reads' },
  { name: 'COPY data after a refused COPY', writes: [all(query('copy payments from stdin'), frame('d', Buffer.from('9999\t1\t1\t1\t2024-01-01\n')), frame('c'))], answers: [1], under: 'reads' },
  { name: 'COPY data after a refused COPY, extended', writes: [all(parse('', 'copy payments from stdin'), bind('', ''), execute(), frame('d', Buffer.from('9999\t1\t1\t1\t2024-01-01\n')), frame('c'), SYNC)], answers: [1], under: 'reads' },
  { name: 'read-only taken off at startup', startup: { options: '-c default_transaction_read_only=off' }, writes: [query('delete from payments')], under: 'reads' },
  { name: 'read-only taken off at startup in capitals', startup: { DEFAULT_TRANSACTION_READ_ONLY: 'off' }, writes: [query('delete from payments')], under: 'reads' },
  { name: 'options within options', startup: { options: '-c options=-cdefault_transaction_read_only=off' }, writes: [query('delete from payments')], under: 'reads' },
  { name: 'another user by a startup option', startup: { options: '-c user=postgres' }, writes: [query('delete from payments')], under: 'reads' },
  { name: 'replication in capitals', startup: { REPLICATION: 'database' }, writes: [query('IDENTIFY_SYSTEM')] },
  { name: 'replication by an option', startup: { options: '-c replication=database' }, writes: [query('IDENTIFY_SYSTEM')] },
  { name: 'a second startup packet', writes: [all(startup({ user: 'x', database: 'shop' }), Buffer.alloc(20_000))], answers: [1] },
  { name: 'a password message late', writes: [frame('p', cstring('x'))], answers: [1] },
  { name: 'an unknown message type', writes: [frame('~', int32(1))], answers: [1] },
  { name: 'a message that is shorter than its length field', writes: [Buffer.from([0x51, 0, 0, 0, 3])], answers: [1] },
  { name: 'a message of negative length', writes: [Buffer.from([0x51, 0xff, 0xff, 0xff, 0xff])], answers: [1] },
  { name: 'a message longer than any', writes: [Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff])], answers: [1] },
  { name: 'a Query without its end', writes: [frame('Q', Buffer.from('select 1'))], answers: [1] },
  { name: 'a Query with a second text', writes: [frame('Q', cstring('select 1'), cstring('delete from payments'))], answers: [1] },
  { name: 'a Bind that claims more than it has', writes: [all(parse('', 'select $1::text'), frame('B', cstring(''), cstring(''), int16(0), int16(9), int32(-5)), execute(), SYNC)], answers: [1] },
  { name: 'a Bind with a value of negative length', writes: [all(parse('', 'select $1::text'), frame('B', cstring(''), cstring(''), int16(0), int16(1), int32(-7), int16(0)), execute(), SYNC)], answers: [1] },
  { name: 'a Parse with a negative number of types', writes: [all(frame('P', cstring(''), cstring('select 1'), int16(0xffff)), SYNC)], answers: [1] },
  { name: 'a Describe of neither', writes: [all(frame('D', Buffer.from('Q'), cstring('')), FLUSH, SYNC)], answers: [1] },
]

export const relayAttacks: readonly RelayAttack[] = [
  ...ONLY_MASKS.map((attack): RelayAttack => ({ ...attack, under: 'masks' })),
  ...BOTH,
  ...bothReadings('two readings of one text, to read what is masked', 'masks', EVIL_READ),
  ...bothReadings('two readings of one text, to write', 'reads', EVIL_WRITE),
]
