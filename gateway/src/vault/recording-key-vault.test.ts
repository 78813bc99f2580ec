import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { openStorage } from '../storage/open-storage.ts'
import { MasterKey } from './master-key.ts'
import { openRecordingKeys } from './recording-key-vault.ts'

const memory = { kind: 'sqlite', path: ':memory:' } as const

test('a key is the same when it is revealed, differs by session, and is kept sealed', async () => {
  const storage = await openStorage(memory)
  const keys = openRecordingKeys({ masterKey: { current: new MasterKey(randomBytes(32)), earlier: [] }, store: storage.recordingKeys })
  const [one, two] = [await keys.create('one'), await keys.create('two')]
  assert.equal(one.length, 32)
  assert.deepEqual(await keys.reveal('one'), one)
  assert.notDeepEqual(one, two)
  const sealed = (await storage.recordingKeys.get('one'))?.sealed ?? ''
  assert.ok(!Buffer.from(sealed, 'base64').includes(one))
  assert.equal(await keys.reveal('three'), undefined)
  await assert.rejects(keys.create('one'), 'a session has one key for good')
  await storage.close()
})

test('a change of the master key takes all keys along, and the old one can go', async () => {
  const storage = await openStorage(memory)
  const [before, after] = [new MasterKey(randomBytes(32)), new MasterKey(randomBytes(32))]
  const first = openRecordingKeys({ masterKey: { current: before, earlier: [] }, store: storage.recordingKeys })
  const made = new Map<string, Buffer>()
  for (let n = 0; n < 1_100; n += 1) made.set(`s-${n}`, await first.create(`s-${n}`))
  await assert.rejects(openRecordingKeys({ masterKey: { current: after, earlier: [] }, store: storage.recordingKeys }).reveal('s-1'), /does not open/)
  const both = openRecordingKeys({ masterKey: { current: after, earlier: [before] }, store: storage.recordingKeys })
  assert.deepEqual(await both.reveal('s-1'), made.get('s-1'))
  await both.reseal()
  const second = openRecordingKeys({ masterKey: { current: after, earlier: [] }, store: storage.recordingKeys })
  for (const [session, key] of made) assert.deepEqual(await second.reveal(session), key)
  await storage.close()
})

test('a key whose master key is not at hand stays as it is', async () => {
  const storage = await openStorage(memory)
  const lost = new MasterKey(randomBytes(32))
  await openRecordingKeys({ masterKey: { current: lost, earlier: [] }, store: storage.recordingKeys }).create('one')
  const before = await storage.recordingKeys.get('one')
  await openRecordingKeys({ masterKey: { current: new MasterKey(randomBytes(32)), earlier: [] }, store: storage.recordingKeys }).reseal()
  assert.deepEqual(await storage.recordingKeys.get('one'), before)
  await storage.close()
})
