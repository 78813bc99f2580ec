import { bind, close, describe, execute, FLUSH, frame, cstring, parse, query, SYNC } from '../support/raw-client.ts'

/** Sequences of messages that the target itself takes; each element of `writes` goes out at once. */
export interface LegitimateSequence {
  readonly name: string
  readonly writes: readonly Buffer[]
  readonly answers?: readonly number[]
}

const all = (...messages: readonly Buffer[]): Buffer => Buffer.concat(messages)
const copyData = (text: string): Buffer => frame('d', Buffer.from(text))
const COPY_DONE = frame('c')
const LONG = 'n'.repeat(63)

export const legitimateSequences: readonly LegitimateSequence[] = [
  { name: 'a name parsed twice keeps its first meaning', writes: [all(parse('a', 'select 1'), SYNC), all(parse('a', 'select 2'), SYNC), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'a skipped Close leaves the statement', writes: [all(parse('a', 'select 1'), SYNC), all(parse('b', 'wrong'), close('S', 'a'), SYNC), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'a skipped Close leaves the statement, in one pipeline', writes: [all(parse('a', 'select 1'), SYNC), all(parse('b', 'wrong'), close('S', 'a'), SYNC, bind('', 'a'), execute(), SYNC)] },
  { name: 'a skipped Parse in one pipeline', writes: [all(parse('b', 'wrong'), parse('a', 'select 1'), SYNC, parse('a', 'select 2'), SYNC, bind('', 'a'), execute(), SYNC)] },
  { name: 'DEALLOCATE that fails leaves the statement', writes: [all(parse('a', 'select 1'), SYNC), query('begin'), query('wrong'), query('deallocate a'), query('rollback'), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'DISCARD ALL that fails leaves the statement', writes: [all(parse('a', 'select 1'), SYNC), query('begin'), query('discard all'), query('rollback'), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'DEALLOCATE and Parse in one pipeline', writes: [all(parse('a', 'select 1'), SYNC), all(query('deallocate a'), parse('a', 'select 2'), bind('', 'a'), execute(), SYNC), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'PREPARE and Bind', writes: [query('prepare a as select 1'), all(bind('', 'a'), execute(), SYNC)] },
  { name: 'PREPARE, EXECUTE and DEALLOCATE in one pipeline', writes: [all(query('prepare a as select 1'), query('execute a'), query('deallocate a'), query('prepare a as select 2'), query('execute a'))] },
  { name: 'Parse and EXECUTE in one pipeline', writes: [all(parse('a', 'select 1'), SYNC, query('execute a'), query('deallocate a'))] },
  { name: 'a portal over several Syncs in a transaction', writes: [query('begin'), all(parse('', 'select generate_series(1, 9)'), bind('p', ''), execute('p', 3), SYNC), all(execute('p', 3), SYNC), all(execute('p', 0), SYNC), all(close('P', 'p'), SYNC), query('commit')] },
  { name: 'a portal over several Syncs of one pipeline', writes: [query('begin'), all(parse('', 'select generate_series(1, 9)'), bind('p', ''), SYNC, execute('p', 3), SYNC, execute('p'), SYNC, query('commit'))] },
  { name: 'a portal that outlives a savepoint', writes: [query('begin'), all(parse('', 'select generate_series(1, 9)'), bind('p', ''), execute('p', 3), SYNC), query('savepoint a'), all(parse('x', 'wrong'), bind('p', 'x'), SYNC), query('rollback to a'), all(execute('p', 0), SYNC), query('commit')] },
  { name: 'cursors by DECLARE', writes: [all(query('begin'), query('declare c cursor for select 1'), query('fetch c'), query('close c'), query('declare c cursor for select 2'), query('fetch c'), query('commit'))] },
  { name: 'COPY data that comes before it is asked for', writes: [query('create temp table t (a text)'), all(query('copy t from stdin'), copyData('x\ny\n'), COPY_DONE), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'COPY data that comes before it is asked for, in much more than one read', writes: [query('create temp table t (a text)'), all(query('copy t from stdin'), copyData(`${'x'.repeat(99)}\n`.repeat(5_000)), COPY_DONE), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'COPY in the extended protocol, data at once', writes: [query('create temp table t (a text)'), all(parse('', 'copy t from stdin'), bind('', ''), execute(), copyData('x\n'), COPY_DONE, SYNC), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'COPY that the client fails', writes: [query('create temp table t (a text)'), all(query('copy t from stdin'), copyData('x\n'), frame('f', cstring('no more'))), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'COPY that the target fails, with more data to come', writes: [query('create temp table t (a int)'), all(query('copy t from stdin'), copyData('wrong\n'), copyData('1\n'), COPY_DONE), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'two COPY in one message', writes: [query('create temp table t (a int)'), all(query('copy t from stdin; copy t from stdin; select 7'), copyData('1\n'), COPY_DONE, copyData('2\n'), COPY_DONE), query('select count(*) from t')], answers: [1, 1, 1] },
  { name: 'CopyData outside COPY', writes: [all(copyData('x'), COPY_DONE, frame('f', cstring('x')), query('select 1'))], answers: [1] },
  { name: 'names longer than the target keeps', writes: [all(parse(`${LONG}-one`, 'select 1'), SYNC), all(bind('', `${LONG}-two`), execute(), SYNC), query(`deallocate "${LONG}-three"`), all(bind('', `${LONG}-one`), execute(), SYNC)] },
  { name: 'names beyond ASCII', writes: [all(parse('données', 'select 1'), bind('été', 'données'), execute('été'), SYNC), query('execute "données"'), all(close('S', 'données'), SYNC)] },
  { name: 'empty queries', writes: [query(''), query(' ; ; '), all(parse('', ''), bind('', ''), describe('P', ''), execute(), SYNC)] },
  { name: 'a deferred constraint that fails at Sync', writes: [query('create temp table t (a integer unique deferrable initially deferred)'), all(parse('', 'insert into t values (1), (1)'), bind('', ''), execute(), SYNC), all(parse('', 'select count(*) from t'), bind('', ''), execute(), SYNC)] },
  { name: 'a deferred constraint that fails at Sync, in one pipeline', writes: [query('create temp table t (a integer unique deferrable initially deferred)'), all(parse('', 'insert into t values (1), (1)'), bind('', ''), execute(), SYNC, parse('', 'select count(*) from t'), bind('', ''), execute(), SYNC)] },
  { name: 'an error in the middle of a message', writes: [query('select 1; select 1/0; select 2')] },
  { name: 'Flush between all', writes: [all(parse('', 'select 1'), FLUSH, describe('S', ''), FLUSH, bind('', ''), FLUSH, execute(), FLUSH, SYNC)] },
  { name: 'errors in three segments of a pipeline', writes: [all(parse('', 'wrong'), bind('', ''), execute(), SYNC, parse('', 'select 1'), bind('', ''), execute(), SYNC, parse('', 'select 1/0'), bind('', ''), execute(), SYNC, query('select 3'))] },
  { name: 'transactions in a pipeline', writes: [all(parse('', 'begin'), bind('', ''), execute(), parse('', 'select 1'), bind('', ''), execute(), parse('', 'commit'), bind('', ''), execute(), parse('', 'select 2'), bind('', ''), execute(), SYNC)] },
  { name: 'a setting changed and read again with backslashes in a pipeline', writes: [all(query('set standard_conforming_strings = off'), query(String.raw`select 'a\\b'`), query('reset all'), query(String.raw`select 'a\b'`))] },
  { name: 'backslashes in a pipeline once a setting has moved', writes: [query('set standard_conforming_strings = off'), query('set standard_conforming_strings = on'), all(...[1, 2, 3].flatMap(() => [parse('', String.raw`select 'a\b'`), bind('', ''), execute()]), SYNC, query(String.raw`select 'a\b'`))] },
  { name: 'parameter formats that do not fit', writes: [all(parse('', 'select $1::int'), bind('', '', ['1', '2']), execute(), SYNC), query('select 1')] },
  { name: 'a Describe of nothing', writes: [all(describe('P', 'none'), SYNC), all(describe('S', 'none'), SYNC), all(close('P', 'none'), close('S', 'none'), SYNC)] },
]
