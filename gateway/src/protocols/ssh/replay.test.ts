import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ReplayItem, SessionRecorder, StreamChunk } from '../../governance/recording/stream.ts'
import { replay } from './replay.ts'
import { Transcript } from './transcript.ts'
import { SshWriter } from './wire/ssh-writer.ts'

/** Takes down as the real recorder does, without joining anything. */
class Chunks {
  readonly all: StreamChunk[] = []
  readonly recorder: SessionRecorder

  constructor(rowsPerOperation = Infinity) {
    const add = (kind: StreamChunk['kind'], operation: number, bytes: Buffer): void => void this.all.push({ kind, operation, atMs: this.all.length, bytes: Buffer.from(bytes) })
    this.recorder = {
      rowsPerOperation, keepsOriginals: false, full: false, onRoom: () => undefined, onFailure: () => undefined,
      received: (operation, bytes, start, end) => add('received', operation, bytes.subarray(start, end)),
      sent: (operation, bytes, start, end) => add('sent', operation, bytes.subarray(start, end)),
      limited: (operation, why) => add('limited', operation, Buffer.from(why)),
      original: () => undefined, close: () => Promise.resolve(),
    }
  }
}

async function itemsOf(chunks: readonly StreamChunk[]): Promise<ReplayItem[]> {
  async function* pieces(): AsyncGenerator<StreamChunk> {
    yield* chunks
  }
  const items: ReplayItem[] = []
  for await (const item of replay(pieces())) items.push(item)
  return items
}

const words = (items: readonly ReplayItem[]): string[] => items.map((item) => {
  switch (item.kind) {
    case 'resize': return `${item.operation} ${item.columns}x${item.rows}`
    case 'output': case 'input': return `${item.operation} ${item.kind} ${item.bytes.toString()}`
    case 'columns': case 'row': return 'no table'
    default: return `${item.operation} ${item.kind} ${item.text}`
  }
})

const data = (transcript: Transcript, stream: number, text: string): void => transcript.received(stream, Buffer.from(text), 0, Buffer.byteLength(text))

describe('the replay of a session over SSH', () => {
  test('tells what was shown, typed, how large the terminal was, and how it ended', async () => {
    const chunks = new Chunks()
    const transcript = new Transcript(1, chunks.recorder)
    transcript.request('client', 'pty-req', new SshWriter().string('xterm').uint32(80).uint32(24).uint32(0).uint32(0).string('').take())
    data(transcript, 0, 'out')
    data(transcript, 1, 'err')
    transcript.sent(Buffer.from('keys'), 0, 4)
    transcript.request('client', 'window-change', new SshWriter().uint32(100).uint32(30).uint32(0).uint32(0).take())
    transcript.request('target', 'exit-status', new SshWriter().uint32(3).take())
    assert.deepEqual(words(await itemsOf(chunks.all)), ['1 80x24', '1 output out', '1 output err', '1 input keys', '1 100x30', '1 failed exit 3'])
  })

  test('keeps apart what programs of one connection say in turns', async () => {
    const chunks = new Chunks()
    const [one, two] = [new Transcript(1, chunks.recorder), new Transcript(2, chunks.recorder)]
    data(one, 0, 'a')
    data(two, 0, 'b')
    data(one, 0, 'c')
    assert.deepEqual(words(await itemsOf(chunks.all)), ['1 output a', '2 output b', '1 output c'])
  })

  test('says where a limit was reached', async () => {
    const chunks = new Chunks(1)
    const transcript = new Transcript(1, chunks.recorder)
    data(transcript, 0, 'first')
    data(transcript, 0, 'second')
    data(transcript, 0, 'third')
    assert.deepEqual(words(await itemsOf(chunks.all)), ['1 output first', '1 limited first 1 messages of data'])
    assert.equal(transcript.bytes, 16)
  })

  test('reads the same however the pieces were cut', async () => {
    const chunks = new Chunks()
    const transcript = new Transcript(1, chunks.recorder)
    for (const text of ['one', '', 'two', 'x'.repeat(300)]) data(transcript, 0, text)
    const whole = Buffer.concat(chunks.all.map(({ bytes }) => bytes))
    const expected = (await itemsOf(chunks.all)).map((item) => ('bytes' in item ? item.bytes.toString() : ''))
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: whole.length }), { maxLength: 8 }), async (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
      const pieces = places.slice(1).map((end, at): StreamChunk => ({ kind: 'received', operation: 1, atMs: 0, bytes: whole.subarray(places[at], end) }))
      assert.deepEqual((await itemsOf(pieces)).map((item) => ('bytes' in item ? item.bytes.toString() : '')), expected)
    }))
  })

  test('gives whatever else there is as it is, and never throws', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ kind: fc.constantFrom('received' as const, 'sent' as const), bytes: fc.uint8Array({ maxLength: 60 }) }), { maxLength: 6 }), async (pieces) => {
      await itemsOf(pieces.map(({ kind, bytes }) => ({ kind, operation: 1, atMs: 0, bytes: Buffer.from(bytes) })))
    }))
  })
})
