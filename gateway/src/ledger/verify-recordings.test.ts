import assert from 'node:assert/strict'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { encodeRecordingDestroyed } from '../governance/recording/recording-events.ts'
import { segmentName } from '../governance/recording/segment-format.ts'
import { type RecordingSetup, setUpRecording } from '../../test/support/recording-setup.ts'
import { audit, describeFinding } from './audit.ts'
import { verifierPath } from './layout.ts'

const SESSIONS = ['one', 'two', 'three', 'four', 'five', 'six']
let setup: RecordingSetup
let key = ''

before(async () => {
  setup = await setUpRecording()
  for (const id of SESSIONS) await setup.session(id)
  await setup.ledger.checkpoint()
  key = readFileSync(verifierPath(setup.ledgerDirectory), 'utf8')
})
after(() => setup.close())

const fileOf = (session: string) => join(setup.segments, segmentName(session, 1))
const prove = () => audit(setup.ledgerDirectory, key)

/** Does something to one segment, and undoes it. */
type Edit = (file: string, other: string, at: number) => void

const EDITS: Record<string, Edit> = {
  'a bit': (file, _other, at) => {
    const bytes = readFileSync(file)
    const byte = at % bytes.length
    bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (at % 8))
    writeFileSync(file, bytes)
  },
  'cut off': (file, _other, at) => {
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.subarray(0, at % bytes.length))
  },
  'longer': (file) => writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(1)])),
  'gone': (file) => rmSync(file),
  'the segment of another session': (file, other) => writeFileSync(file, readFileSync(other)),
}

test('recordings hold as they were sealed', async () => {
  const { kind, report } = await prove()
  assert.equal(kind, 'ledger')
  assert.deepEqual([report.ok, 'segments' in report ? report.segments : 0], [true, SESSIONS.length])
})

test('whatever is done to a segment is found, with the segment named', async () => {
  const session = fc.constantFrom(...SESSIONS)
  await fc.assert(
    fc.asyncProperty(session, session, fc.constantFrom(...Object.keys(EDITS)), fc.nat(1 << 20), async (victim, other, edit, at) => {
      const file = fileOf(victim)
      const kept = readFileSync(file)
      EDITS[edit]?.(file, fileOf(other), at)
      const same = edit !== 'gone' && readFileSync(file).equals(kept)
      const { report } = await prove()
      writeFileSync(file, kept)
      assert.equal(report.ok, same)
      if (report.bad !== undefined) assert.match(describeFinding(report.bad), new RegExp(`^entry \\d+ \\(recordings/${segmentName(victim, 1)}, byte 0\\): the segment (is not|that this entry tells of is not there)`))
    }),
    { numRuns: 300 },
  )
})

test('what was destroyed, and is said to be, is not missed', async () => {
  const away = `${fileOf('six')}.away`
  renameSync(fileOf('six'), away)
  assert.equal((await prove()).report.ok, false)
  setup.ledger.append(encodeRecordingDestroyed({ session: 'six', segments: 1, reason: 'retention of 1d is over' }, Date.now()))
  await setup.ledger.checkpoint()
  await new Promise<void>((resolve) => setup.ledger.onWritten(() => resolve()))
  assert.equal((await prove()).report.ok, true)
})
