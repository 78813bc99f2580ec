import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { eventually } from '../../../test/support/eventually.ts'
import { readEvents } from '../../../test/support/ledger-records.ts'
import { collect, type RecordingSetup, setUpRecording } from '../../../test/support/recording-setup.ts'
import { StreamError } from './read-stream.ts'
import { RecordingUnavailable } from './recordings.ts'
import type { SegmentStore } from './segment-store.ts'
import type { StreamChunk } from './stream.ts'

/** Chunks with neighbours of the same kind and operation put together: where a stream was cut is no part of it. */
function joined(chunks: readonly Pick<StreamChunk, 'kind' | 'operation' | 'bytes'>[]): { kind: string; operation: number; bytes: string }[] {
  const out: { kind: string; operation: number; parts: Buffer[] }[] = []
  for (const { kind, operation, bytes } of chunks) {
    const last = out.at(-1)
    if (last?.kind === kind && last.operation === operation) last.parts.push(bytes)
    else out.push({ kind, operation, parts: [bytes] })
  }
  return out.map(({ kind, operation, parts }) => ({ kind, operation, bytes: Buffer.concat(parts).toString('hex') }))
}

async function withSetup(work: (setup: RecordingSetup) => Promise<void>, options: Parameters<typeof setUpRecording>[0] = {}): Promise<void> {
  const setup = await setUpRecording(options)
  try {
    await work(setup)
  } finally {
    await setup.close()
  }
}

describe('a recording', () => {
  test('gives back what was recorded, in order, however it falls into chunks, blocks and segments', async () => {
    await withSetup(async (setup) => {
      const piece = fc.record({
        kind: fc.constantFrom('received' as const, 'sent' as const), operation: fc.nat(3),
        length: fc.oneof(fc.nat(300), fc.nat(40_000), fc.constant(16_384 - 13), fc.constant(2_000_000)), offset: fc.nat(50), cut: fc.boolean(),
      })
      let sessions = 0
      await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 25 }), async (pieces) => {
        const id = `session-${(sessions += 1)}`
        const recorder = await setup.open(id)
        const expected = pieces.map(({ kind, operation, length, offset, cut }) => {
          const bytes = randomBytes(offset + length + 7)
          recorder[kind](operation, bytes, offset, offset + length)
          const copy = Buffer.from(bytes.subarray(offset, offset + length))
          // Whoever lends a buffer may use it for something else at once.
          bytes.fill(0)
          if (cut) (recorder as unknown as { cut(): void }).cut()
          return { kind, operation, bytes: copy }
        }).filter(({ bytes }) => bytes.length > 0)
        await recorder.close()
        assert.deepEqual(joined(await setup.read(id)), joined(expected))
        assert.equal(setup.recordings.heldBytes, 0)
      }), { numRuns: 40 })
    })
  })

  test('is unreadable in the store, even where it is compressible', async () => {
    await withSetup(async (setup) => {
      const recorder = await setup.open('one')
      const secret = Buffer.from('the very same words again and again; '.repeat(200))
      recorder.received(1, secret, 0, secret.length)
      await recorder.close()
      const [file] = readdirSync(join(setup.segments, 'one'))
      const sealed = readFileSync(join(setup.segments, 'one', file ?? ''))
      assert.ok(sealed.length < 1_000, 'it was compressed')
      assert.ok(!sealed.includes('again and again'))
      assert.ok(!readFileSync(join(setup.folder, 'state.db')).includes('again and again'))
    })
  })

  test('is kept about every second while the session goes on, and readable so far', async () => {
    await withSetup(async (setup) => {
      const recorder = await setup.open('one')
      recorder.received(1, Buffer.from('first'), 0, 5)
      await eventually('a segment is kept', async () => (await setup.read('one')).length === 1)
      recorder.received(2, Buffer.from('second'), 0, 6)
      await recorder.close()
      assert.deepEqual((await setup.read('one')).map(({ operation, bytes }) => [operation, String(bytes)]), [[1, 'first'], [2, 'second']])
      const sealed = (await readEvents(setup.ledgerDirectory)).filter(({ event }) => event === 'segment.sealed')
      assert.deepEqual(sealed.map((event) => 'segment' in event && [event.segment, event.firstOperation, event.lastOperation]), [[1, 1, 1], [2, 2, 2]])
    })
  })

  test('of a session in which nothing happened has no segments', async () => {
    await withSetup(async (setup) => {
      await (await setup.open('one')).close()
      assert.deepEqual(await setup.read('one'), [])
      assert.deepEqual(await collect(setup.store.list('')), [])
    })
  })

  test('says in the stream and in the ledger that the rest of an operation is left out', async () => {
    await withSetup(async (setup) => {
      const recorder = await setup.open('one')
      assert.equal(recorder.rowsPerOperation, 1_000)
      recorder.limited(3, 'first 1000 rows')
      await recorder.close()
      assert.deepEqual((await setup.read('one')).map(({ kind, operation, bytes }) => [kind, operation, String(bytes)]), [['limited', 3, 'first 1000 rows']])
      const [event] = (await readEvents(setup.ledgerDirectory)).filter((one) => one.event === 'recording.limited')
      assert.deepEqual({ ...event, at: 0 }, { v: 1, event: 'recording.limited', at: 0, session: 'one', n: 3, limit: 'first 1000 rows' })
    })
  })

  test('is not made where the policy wants none', async () => {
    await withSetup(async (setup) => {
      const target = { name: 'shop', protocol: 'postgres', labels: {}, record: { rows: 'none' as const } }
      assert.equal(await setup.recordings.open({ id: 'one', openedAtMs: 0, target }), undefined)
      assert.equal((await setup.open('two', { rows: 'all' })).rowsPerOperation, Number.POSITIVE_INFINITY)
      assert.equal((await setup.open('three', { rows: { first: 5 } })).rowsPerOperation, 5)
    })
  })
})

describe('a segment that is not what was recorded is found and named', () => {
  const damages: readonly [string, string, (path: (n: number) => string, setup: RecordingSetup) => void | Promise<void>][] = [
    ['one bit of it', 'segment 2 of session one is not what was recorded', (path) => flip(path(2))],
    ['its end cut off', 'segment 3 of session one is not what was recorded', (path) => writeFileSync(path(3), readFileSync(path(3)).subarray(0, -1))],
    ['removed', 'segment 1 of session one is missing', (path) => rmSync(path(1))],
    ['two of them swapped', 'segment 1 of session one is not what was recorded', (path) => {
      const [one, two] = [readFileSync(path(1)), readFileSync(path(2))]
      writeFileSync(path(1), two)
      writeFileSync(path(2), one)
    }],
    ['another session\'s in its place', 'segment 2 of session one is not what was recorded', (path, setup) => renameSync(join(setup.segments, 'other', '00000001'), path(2))],
    ['its key replaced by another session\'s', 'key of session one', async (_path, { storage }) => {
      const record = await storage.recordingKeys.get('one')
      const other = await storage.recordingKeys.get('other')
      await storage.recordingKeys.replace('one', record?.sealed ?? '', other?.sealed ?? '', '')
    }],
  ]
  for (const [name, message, damage] of damages) {
    test(name, async () => {
      await withSetup(async (setup) => {
        for (const id of ['one', 'other']) {
          const recorder = await setup.open(id)
          for (let n = 1; n <= 3; n += 1) {
            recorder.received(n, Buffer.from(`answer ${n}`), 0, 8)
            ;(recorder as unknown as { cut(): void }).cut()
          }
          await recorder.close()
        }
        await damage((n) => join(setup.segments, 'one', String(n).padStart(8, '0')), setup)
        await assert.rejects(setup.read('one'), (error: Error) => error.message.includes(message))
      })
    })
  }

  test('and what was never recorded is told apart', async () => {
    await withSetup(async (setup) => {
      await assert.rejects(setup.read('one'), (error) => error instanceof StreamError && error.problem === 'no-key')
    })
  })

  function flip(path: string): void {
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(9) ^ 4, 9)
    writeFileSync(path, bytes)
  }
})

describe('when the store does not keep up or fails', () => {
  /** A store whose writes wait or fail as a test wants; what it writes is real. */
  function stoppable() {
    let obstacle: Promise<void> | undefined
    let error: Error | undefined
    let release = () => undefined as void
    return {
      stop() {
        obstacle = new Promise((resolve) => (release = resolve))
      },
      go() {
        obstacle = undefined
        error = undefined
        release()
      },
      fail: (with_: Error) => (error = with_),
      wrap: (store: SegmentStore): SegmentStore => ({
        async put(name, bytes) {
          await obstacle
          if (error !== undefined) throw error
          await store.put(name, bytes)
        },
        get: (name) => store.get(name), delete: (name) => store.delete(name), list: (prefix) => store.list(prefix),
      }),
    }
  }

  test('a session is told that its recorder is full, memory stays bounded, and it goes on when there is room', async () => {
    const disk = stoppable()
    await withSetup(async (setup) => {
      const recorder = await setup.open('one')
      disk.stop()
      const bytes = randomBytes(64 * 1024)
      let taken = 0
      while (!recorder.full) {
        recorder.received(1, bytes, 0, bytes.length)
        taken += bytes.length
        assert.ok(taken < 16 << 20, 'it is never full')
      }
      assert.ok(setup.recordings.heldBytes <= (4 << 20) + (1 << 17), `${setup.recordings.heldBytes}`)
      const room = new Promise<void>((resolve) => (recorder.onRoom = resolve))
      disk.go()
      await room
      assert.equal(recorder.full, false)
      await recorder.close()
      assert.equal((await setup.read('one')).reduce((sum, chunk) => sum + chunk.bytes.length, 0), taken)
    }, { wrapStore: disk.wrap })
  })

  test('many sessions together keep to the limit of all, also those that have little', async () => {
    const disk = stoppable()
    await withSetup(async (setup) => {
      const recorders = await Promise.all(Array.from({ length: 100 }, (_, n) => setup.open(`s-${n}`)))
      disk.stop()
      const bytes = randomBytes(30_000)
      let room = 0
      for (let turn = 0; turn < 5; turn += 1) {
        for (const recorder of recorders) {
          recorder.onRoom = () => (room += 1)
          if (!recorder.full) recorder.received(1, bytes, 0, bytes.length)
        }
      }
      assert.ok(setup.recordings.heldBytes <= (2 << 20) + 65_536, `${setup.recordings.heldBytes}`)
      disk.go()
      await eventually('all have room', () => room === 100)
    }, { wrapStore: disk.wrap, memoryBytes: 2 << 20 })
  })

  test('sessions are told, new ones refused, and both is over by itself; what waited is kept', async () => {
    const disk = stoppable()
    await withSetup(async (setup) => {
      const recorder = await setup.open('one')
      const failed = new Promise<Error>((resolve) => (recorder.onFailure = resolve))
      disk.fail(new Error('no space left on device'))
      recorder.received(1, Buffer.from('answer'), 0, 6)
      const closed = recorder.close()
      assert.match((await failed).message, /no space/)
      await assert.rejects(setup.open('two'), RecordingUnavailable)
      assert.deepEqual(setup.faults.map(({ healthy }) => healthy), [false])
      disk.go()
      await closed
      assert.deepEqual(setup.faults.map(({ healthy }) => healthy), [false, true])
      await (await setup.open('two')).close()
      assert.equal(String((await setup.read('one'))[0]?.bytes), 'answer')
    }, { wrapStore: disk.wrap })
  })
})
