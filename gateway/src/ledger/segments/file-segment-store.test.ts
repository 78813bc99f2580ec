import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { collect, setUpRecording } from '../../../test/support/recording-setup.ts'
import { mountSmallDisk } from '../../../test/support/small-disk.ts'
import { eventually } from '../../../test/support/eventually.ts'
import { FileSegmentStore } from './file-segment-store.ts'

for (const durability of ['batched', 'strict'] as const) {
  describe(`segments in files, ${durability}`, () => {
    const inFolder = async (work: (store: FileSegmentStore, directory: string) => Promise<void>): Promise<void> => {
      const directory = mkdtempSync(join(tmpdir(), 'sallyport-segments-'))
      try {
        await work(new FileSegmentStore({ directory: join(directory, 'recordings'), durability }), join(directory, 'recordings'))
      } finally {
        rmSync(directory, { recursive: true })
      }
    }

    test('are kept, listed in order, and gone with their folder when deleted', async () => {
      await inFolder(async (store, directory) => {
        assert.deepEqual(await collect(store.list('')), [])
        for (const name of ['b/00000010', 'b/00000002', 'a/00000001', 'ab/00000001']) await store.put(name, Buffer.from(name))
        assert.equal(String(await store.get('b/00000010')), 'b/00000010')
        assert.equal(await store.get('b/00000003'), undefined)
        assert.deepEqual(await collect(store.list('')), ['a/00000001', 'ab/00000001', 'b/00000002', 'b/00000010'])
        assert.deepEqual(await collect(store.list('b/')), ['b/00000002', 'b/00000010'])
        assert.deepEqual(await collect(store.list('a')), ['a/00000001', 'ab/00000001'])
        await store.delete('b/00000002')
        await store.delete('b/00000010')
        await store.delete('b/00000010')
        assert.deepEqual(readdirSync(directory), ['a', 'ab'])
      })
    })

    test('are the owner\'s alone', async () => {
      await inFolder(async (store, directory) => {
        await store.put('a/00000001', Buffer.from('x'))
        assert.equal(statSync(join(directory, 'a')).mode & 0o077, 0)
        assert.equal(statSync(join(directory, 'a', '00000001')).mode & 0o077, 0)
      })
    })

    test('cannot be put anywhere else', async () => {
      await inFolder(async (store) => {
        for (const name of ['../a/1', 'a/../1', 'a', '/etc/1', 'a/1/2', 'a/.tmp', '', 'a\0/1']) {
          await assert.rejects(store.put(name, Buffer.from('x')), /no name of a segment/, name)
          await assert.rejects(store.get(name), /no name of a segment/, name)
          await assert.rejects(store.delete(name), /no name of a segment/, name)
        }
        assert.deepEqual(await collect(store.list('../')), [])
      })
    })

    test('that a crash left unfinished are never read, and go with the others', async () => {
      await inFolder(async (store, directory) => {
        mkdirSync(join(directory, 'a'), { recursive: true })
        writeFileSync(join(directory, 'a', '00000001.tmp'), 'half')
        assert.equal(await store.get('a/00000001'), undefined)
        for (const name of await collect(store.list('a/'))) await store.delete(name)
        assert.deepEqual(readdirSync(directory), [])
        await store.put('a/00000001', Buffer.from('whole'))
        assert.equal(readFileSync(join(directory, 'a', '00000001'), 'utf8'), 'whole')
      })
    })
  })
}

test('on a full disk sessions are told and refused; with room again both is over by itself, and nothing was lost', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-segments-disk-'))
  const disk = mountSmallDisk(join(folder, 'disk'), 1)
  t.after(() => {
    if ('unmount' in disk) disk.unmount()
    rmSync(folder, { recursive: true })
  })
  if ('obstacle' in disk) return t.skip(disk.obstacle)
  const setup = await setUpRecording({ folder, segments: join(folder, 'disk', 'recordings') })
  try {
    const recorder = await setup.open('one')
    const failed = new Promise<Error>((resolve) => (recorder.onFailure = resolve))
    const bytes = randomBytes(3 << 20)
    recorder.received(1, bytes, 0, bytes.length)
    assert.match((await failed).message, /ENOSPC/)
    await assert.rejects(setup.open('two'), /cannot be recorded/)
    const closed = recorder.close()
    disk.grow(16)
    await closed
    await eventually('sessions are taken again', () => setup.open('two').then(() => true, () => false))
    assert.deepEqual(Buffer.concat((await setup.read('one')).map((chunk) => chunk.bytes)), bytes)
  } finally {
    await setup.close()
  }
})
