import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Session } from '../../governance/session.ts'
import type { ReplayItem, StreamChunk } from '../../governance/recording/stream.ts'
import { replay } from './replay.ts'
import { CHANNELS, Transcript } from './transcript.ts'

/** A session whose recorder keeps what it gets. */
function recorded(rowsPerOperation = Infinity): { readonly session: Session; readonly chunks: StreamChunk[] } {
  const chunks: StreamChunk[] = []
  const take = (kind: StreamChunk['kind']) => (operation: number, bytes: Buffer, start: number, end: number) => void chunks.push({ kind, operation, atMs: chunks.length, bytes: Buffer.from(bytes.subarray(start, end)) })
  const recorder = { rowsPerOperation, received: take('received'), sent: take('sent'), limited: (operation: number, why: string) => void chunks.push({ kind: 'limited', operation, atMs: 0, bytes: Buffer.from(why) }) }
  return { session: { recorder } as unknown as Session, chunks }
}

async function* stream(chunks: readonly StreamChunk[]): AsyncGenerator<StreamChunk> {
  await Promise.resolve()
  yield* chunks
}

async function read(chunks: readonly StreamChunk[]): Promise<ReplayItem[]> {
  const items: ReplayItem[] = []
  for await (const item of replay(stream(chunks))) items.push(item)
  return items
}

test('answers of several requests at once, and channels, come back in words', async () => {
  const { session, chunks } = recorded()
  const [one, two] = [new Transcript(session, 1), new Transcript(session, 2)]
  one.head(200, 'application/json')
  two.head(101, '')
  two.channel('sent', CHANNELS.input, Buffer.from('ls\n'))
  two.channel('sent', CHANNELS.resize, Buffer.from('{"Width":120,"Height":40}'))
  one.body(Buffer.from('{"kind":'))
  two.channel('received', CHANNELS.output, Buffer.from('a.txt\n'))
  two.channel('received', CHANNELS.result, Buffer.from('{"status":"Success"}'))
  one.body(Buffer.from('"List"}'))
  assert.equal(one.end()?.length, 64)
  two.end()
  const items = (await read(chunks)).map((item) => [item.operation, item.kind, 'bytes' in item ? item.bytes.toString() : 'text' in item ? item.text : item.kind === 'resize' ? `${item.columns}x${item.rows}` : ''])
  assert.deepEqual(items, [
    [2, 'input', 'ls\n'], [2, 'resize', '120x40'], [1, 'output', '{"kind":'], [2, 'output', 'a.txt\n'], [2, 'completed', '{"status":"Success"}'], [1, 'output', '"List"}'], [1, 'completed', 'HTTP 200'], [2, 'completed', 'HTTP 101'],
  ])
})

test('what the policy leaves out is left out, and said', async () => {
  const { session, chunks } = recorded(1)
  const transcript = new Transcript(session, 1)
  transcript.head(200, '')
  transcript.body(Buffer.alloc(1000, 'a'))
  transcript.body(Buffer.alloc(1000, 'b'))
  transcript.body(Buffer.alloc(1000, 'c'))
  transcript.end()
  const items = await read(chunks)
  assert.deepEqual(items.map(({ kind }) => kind), ['output', 'limited', 'completed'])
  assert.equal(transcript.bytes, 3000)
})

test('pieces may be split and joined anywhere, and nothing that was recorded makes it throw', async () => {
  const { session, chunks } = recorded()
  const transcript = new Transcript(session, 1)
  transcript.head(404, 'text/plain')
  transcript.body(Buffer.from('not found'))
  transcript.end()
  const whole = Buffer.concat(chunks.map(({ bytes }) => bytes))
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 6 }), async (places) => {
    const cuts = [...new Set([0, ...places, whole.length])].toSorted((a, b) => a - b)
    const items = await read(cuts.slice(1).map((end, at) => ({ kind: 'received', operation: 1, atMs: 0, bytes: whole.subarray(cuts[at], end) })))
    assert.deepEqual(items.map(({ kind }) => kind), ['output', 'failed'])
  }))
  await fc.assert(fc.asyncProperty(fc.array(fc.record({ kind: fc.constantFrom('received', 'sent', 'limited', 'original'), operation: fc.nat(3), atMs: fc.nat(), bytes: fc.uint8Array({ maxLength: 30 }) })), async (all) => {
    await read(all.map(({ bytes, ...chunk }) => ({ ...chunk, bytes: Buffer.from(bytes) })))
  }))
})
