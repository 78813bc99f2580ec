import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordedPart } from '../governance/recording/session-reading.ts'
import type { SessionRecord } from '../governance/recording/session-store.ts'
import { asciicast } from './asciicast.ts'

type Header = { readonly term: { readonly cols: number; readonly rows: number } }
type Sizes = readonly (readonly [columns: number, rows: number])[]

async function cast(sizes: Sizes): Promise<{ readonly term: Header['term']; readonly resized: readonly string[] }> {
  const record = { id: 'ses_1', target: 'box', openedAtMs: 0, identity: { name: 'dana' } } as SessionRecord
  const parts = async function* (): AsyncGenerator<RecordedPart> {
    for (const [columns, rows] of sizes) yield { item: { kind: 'resize', operation: 1, atMs: 1, columns, rows } }
    yield { item: { kind: 'output', operation: 1, atMs: 2, bytes: Buffer.from('$ ') } }
  }
  const lines: string[] = []
  for await (const line of asciicast(record, parts())) lines.push(line)
  const [header = '', ...events] = lines
  const read = events.map((line) => JSON.parse(line) as readonly [number, string, string])
  assert.deepEqual(read.at(-1)?.slice(1), ['o', '$ '])
  return { term: (JSON.parse(header) as Header).term, resized: read.filter(([, code]) => code === 'r').map(([, , size]) => size) }
}

test('the size of a terminal is what its client said, within what a player can show', async () => {
  assert.deepEqual(await cast([[91, 27], [100, 30]]), { term: { cols: 91, rows: 27 }, resized: ['91x27', '100x30'] })
  assert.deepEqual(await cast([[0, 0], [80, 0]]), { term: { cols: 120, rows: 36 }, resized: [] })
  assert.deepEqual(await cast([[0xffffffff, 0xffffffff], [9_999, 24]]), { term: { cols: 500, rows: 200 }, resized: ['500x200', '500x24'] })
})

test('no size that a client can name is more than 500 by 200, or nothing', async () => {
  const uint32 = fc.oneof(fc.nat({ max: 1_000 }), fc.nat({ max: 0xffffffff }))
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(uint32, uint32), { maxLength: 6 }), async (sizes) => {
    const { term, resized } = await cast(sizes)
    for (const [cols = 0, rows = 0] of [[term.cols, term.rows], ...resized.map((size) => size.split('x').map(Number))]) assert.ok(cols > 0 && cols <= 500 && rows > 0 && rows <= 200, `${cols} by ${rows}`)
  }))
})
