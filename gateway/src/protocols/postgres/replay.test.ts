import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type PostgresServer, startPostgres } from '../../../test/support/postgres.ts'
import { bind, cstring, describe as describeMessage, execute, frame, int16, int32, openRaw, parse, query, type RawClient, type RawMessage, startup, SYNC } from '../../../test/support/raw-client.ts'
import type { ReplayItem, StreamChunk } from '../../governance/recording/stream.ts'
import { replay } from './replay.ts'

type Piece = Pick<StreamChunk, 'kind' | 'operation' | 'bytes'>

async function items(pieces: readonly Piece[]): Promise<ReplayItem[]> {
  async function* chunks(): AsyncGenerator<StreamChunk> {
    for (const piece of pieces) yield { ...piece, atMs: 7 }
  }
  const found: ReplayItem[] = []
  for await (const item of replay(chunks())) found.push(item)
  return found
}

const received = (operation: number, ...messages: readonly Buffer[]): Piece => ({ kind: 'received', operation, bytes: Buffer.concat(messages) })
const again = (messages: readonly RawMessage[]): Buffer => Buffer.concat(messages.map(({ type, body }) => frame(type, body)))

/** In short, as a person would read it. */
function words(found: readonly ReplayItem[]): string[] {
  return found.map((item) => {
    switch (item.kind) {
      case 'columns': return `${item.operation} columns ${item.names.join('|')}`
      case 'row': return `${item.operation} row ${item.values.map((value) => value ?? 'NULL').join('|')}`
      case 'output': case 'input': return `${item.operation} ${item.kind} ${item.bytes.toString('latin1')}`
      case 'resize': return `${item.operation} resize`
      default: return `${item.operation} ${item.kind} ${item.text}`
    }
  })
}

describe('the replay of what a real server answered', () => {
  let server: PostgresServer
  let client: RawClient
  before(async () => {
    server = await startPostgres({ auth: 'trust' })
    client = await openRaw(server)
    client.send(startup({ user: 'postgres', database: 'postgres' }))
    await client.receiveUntil('Z')
  })
  after(async () => {
    client.end()
    await server.stop()
  })

  async function answer(...messages: readonly Buffer[]): Promise<Buffer> {
    client.send(...messages)
    return again(await client.receiveUntil('Z'))
  }

  test('shows results as tables, with how each ended', async () => {
    const bytes = await answer(query("select 1 as n, null as nothing, 'grüß' as word; select where false; update pg_class set relname = relname where false"))
    assert.deepEqual(words(await items([received(3, bytes)])), [
      '3 columns n|nothing|word', '3 row 1|NULL|grüß', '3 completed SELECT 1', '3 columns ', '3 completed SELECT 0', '3 completed UPDATE 0',
    ])
  })

  test('shows errors with their codes, notices, notifications and what COPY gave', async () => {
    assert.deepEqual(words(await items([
      received(1, await answer(query('select * from nowhere'))),
      received(2, await answer(query("do $$ begin raise notice 'mind the gap'; end $$"))),
      received(3, await answer(query('copy (values (1, null), (2, \'b\')) to stdout'))),
      received(4, await answer(query("listen news; notify news, 'today'"))),
      received(5, await answer(query(''))),
    ])), [
      '1 failed ERROR 42P01: relation "nowhere" does not exist', '2 output NOTICE: mind the gap\n', '2 completed DO',
      '3 output 1\t\\N\n', '3 output 2\tb\n', '3 completed COPY 2', '4 completed LISTEN', '4 completed NOTIFY', '4 output NOTIFY news: today\n', '5 completed EMPTY',
    ])
  })

  test('shows rows of a statement that was described before by number, and a portal that is left in between', async () => {
    const first = await answer(parse('s', "select n, 'x' || n from generate_series(1, 3) n"), describeMessage('S', 's'), SYNC)
    const second = await answer(bind('', 's'), execute('', 2), SYNC)
    assert.deepEqual(words(await items([received(1, first), received(2, second)])), [
      '1 columns n|?column?', '2 columns 1|2', '2 row 1|x1', '2 row 2|x2', '2 completed SUSPENDED',
    ])
  })

  const values = [
    'true', 'false', "'a'::\"char\"", '7::int2', '-7::int4', '9007199254740993', '4294967295::oid', '0.1::float4', '1e30::float4', "'-0'::float4",
    '0.1::float8', "'NaN'::float8", "'-Infinity'::float8", '1.5e-10::float8', '1e15::float8', '123456789012345.6::float8', '-0.0001::float8', '0.00001::float8', '1e300::float8', '999999::float4', '1000000::float4', '16777216::float4', '-1.17549435e-38::float4', '3.1415927::float4', '-250::float8', "'grüß'::text", "'v'::varchar(9)", "'c'::char(3)", "'{\"a\": 1}'::json",
    '\'{"a": [1, 2]}\'::jsonb', '0::numeric', '-12345678901234567890.000100::numeric', '0.00001234::numeric', '10000::numeric', '1e100::numeric', "'NaN'::numeric",
    "'Infinity'::numeric", '99999999.99::numeric(10,2)', "'2026-02-28'::date", "'0044-03-15 BC'::date", "'infinity'::date", "'1999-12-31 23:59:59.999999'::timestamp",
    "'2026-01-02 03:04:05.06'::timestamptz", "'-infinity'::timestamp", "'12026-01-02 00:00:00'::timestamp", "'0001-01-01 00:00:00 BC'::timestamptz",
    "'6f1e7c52-8d0b-4b6f-9a3c-2f4f5b6c7d8e'::uuid", "'\\x00ff10'::bytea", 'null::int4',
  ]
  test('shows binary values as the server itself would show them', async () => {
    for (const value of values) {
      const text = await answer(query(`set timezone = 'UTC'; select ${value}`))
      const binary = await answer(parse('', `select ${value}`), bind('', '', [], 1), describeMessage('P', ''), execute(), SYNC)
      const row = (found: readonly ReplayItem[]) => words(found).find((line) => line.startsWith('1 row'))
      assert.equal(row(await items([received(1, binary)])), row(await items([received(1, text)])), value)
    }
  })

  test('shows binary values also where only the statement was described, and what it does not know as bytes', async () => {
    const bytes = await answer(parse('', "select 258::int4, point(1, 2), timestamp '2026-01-02 03:04:05'"), describeMessage('S', ''), bind('', '', [], 1), execute(), SYNC)
    const shown = words(await items([received(1, bytes)]))
    assert.equal(shown[1], '1 row 258|\\x3ff00000000000004000000000000000|2026-01-02 03:04:05')
  })

  test('is the same however the bytes were split and whatever else came in between', async () => {
    const whole = [
      received(1, await answer(query("select n, repeat('x', n) from generate_series(1, 30) n"))),
      received(2, await answer(query('select * from nowhere'))),
      received(3, await answer(parse('', 'select 5::int8'), bind('', '', [], 1), describeMessage('P', ''), execute(), SYNC)),
    ]
    const expected = await items(whole)
    assert.equal(expected.length, 36)
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(3_000), { maxLength: 40 }), async (cuts) => {
      const pieces = whole.flatMap(({ bytes, operation }): Piece[] => {
        const ends = [...new Set(cuts.map((cut) => Math.min(cut, bytes.length))), bytes.length].sort((a, b) => a - b)
        return ends.map((end, index) => ({ kind: 'received', operation, bytes: bytes.subarray(ends[index - 1] ?? 0, end) }))
      })
      assert.deepEqual(await items(pieces), expected)
    }))
  })
})

describe('the replay', () => {
  const row = frame('D', int16(1), int32(1), Buffer.from('x'))

  test('shows what the agent sent for COPY', async () => {
    const sent = Buffer.concat([frame('d', Buffer.from('1\ta\n')), frame('d', Buffer.from('2\tb\n')), frame('c')])
    assert.deepEqual(words(await items([{ kind: 'sent', operation: 1, bytes: sent.subarray(0, 7) }, { kind: 'sent', operation: 1, bytes: sent.subarray(7) }])), ['1 input 1\ta\n', '1 input 2\tb\n'])
  })

  test('says where a limit was reached, and goes on with what follows', async () => {
    const done = frame('C', cstring('SELECT 5'))
    assert.deepEqual(words(await items([
      received(1, row), { kind: 'limited', operation: 1, bytes: Buffer.from('first 1 row') }, received(1, done),
    ])), ['1 columns 1', '1 row x', '1 limited first 1 row', '1 completed SELECT 5'])
  })

  test('is not disturbed by sealed originals in between', async () => {
    const description = frame('T', int16(1), cstring('c'), int32(0), int16(0), int32(25), int16(0), int32(0), int16(0))
    assert.deepEqual(words(await items([
      received(1, description, row.subarray(0, 4)), { kind: 'original', operation: 0, bytes: Buffer.from('sealed') }, received(1, row.subarray(4)),
    ])), ['1 columns c', '1 row x'])
  })

  test('gives what is cut off as it is, and reads the next operation again', async () => {
    assert.deepEqual(words(await items([received(1, row.subarray(0, 8)), received(2, row)])), [`1 output ${row.toString('latin1', 0, 8)}`, '2 columns 1', '2 row x'])
  })

  test('never throws and leaves nothing out, whatever was recorded', async () => {
    const messageLike = fc.tuple(fc.constantFrom(...'TDCEINdVAsZ1nG'.split('')), fc.uint8Array({ maxLength: 40 })).map(([type, body]) => frame(type, Buffer.from(body)))
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }).map((some) => Buffer.from(some)), messageLike, fc.array(messageLike, { maxLength: 4 }).map((some) => Buffer.concat(some)))
    const piece = fc.record({ kind: fc.constantFrom('received' as const, 'sent' as const, 'limited' as const, 'original' as const), operation: fc.nat(2), bytes })
    await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
      for (const item of await items(pieces)) assert.ok(item.kind.length > 0)
    }), { numRuns: 1_000 })
    // Bytes that are no message at all are shown as they are.
    const odd = Buffer.from([0x44, 0, 0, 0, 1, 9, 9])
    assert.deepEqual(await items([received(1, odd)]), [{ kind: 'output', operation: 1, atMs: 7, bytes: odd }])
  })

  test('reads any value of any type without throwing', async () => {
    const types = [16, 17, 18, 20, 21, 23, 26, 700, 701, 1082, 1114, 1184, 1700, 2950, 3802, 25, 600]
    await fc.assert(fc.asyncProperty(fc.constantFrom(...types), fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 24 }), async (oid, format, value) => {
      const description = frame('T', int16(1), cstring('c'), int32(0), int16(0), int32(oid), int16(0), int32(0), int16(format))
      const found = await items([received(1, description, frame('D', int16(1), int32(value.length), Buffer.from(value)))])
      assert.deepEqual(found.map(({ kind }) => kind), ['columns', 'row'])
    }), { numRuns: 2_000 })
  })
})
