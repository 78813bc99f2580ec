import assert from 'node:assert/strict'
import { hash, randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { sealSegment, segmentName } from '../../src/governance/recording/segment-format.ts'
import { audit } from '../../src/ledger/audit.ts'
import { describeFinding } from '../../src/ledger/finding.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { makeBundle } from '../../src/ledger/make-bundle.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { proveEntry } from '../../src/ledger/proof-file.ts'
import { FileSegmentStore } from '../../src/ledger/segments/file-segment-store.ts'
import { writeTiles } from '../../src/ledger/write-tiles.ts'
import { eachRandomEdit } from './random-edits.ts'

const ENTRIES = 600

/** The same log as a ledger, a static copy, a bundle and a proof, each also at an earlier time. */
export interface Evidence {
  readonly key: string
  /** The latest checkpoint, kept elsewhere. */
  readonly known: string
  readonly folder: string
  remove(): void
}

export async function makeEvidence(): Promise<Evidence> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-evidence-'))
  const directory = join(folder, 'ledger')
  const store = new FileSegmentStore({ directory: join(folder, 'recordings'), durability: 'batched' })
  const dataKey = randomBytes(32)
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => assert.fail() })
  for (const part of ['older', 'original']) {
    for (let i = 0; i < ENTRIES / 2; i++) {
      log.append(JSON.stringify({ v: 1, event: 'operation.decided', session: `session-${i % 20}`, n: log.size + i, text: 'x'.repeat((i * 7) % 90) }))
      if (i % 50 !== 49) continue
      await new Promise((resolve) => log.onWritten(resolve))
      await log.checkpoint()
    }
    const sealed = await sealSegment(dataKey, 'session-7', part === 'older' ? 1 : 2, randomBytes(3_000))
    await store.put(segmentName('session-7', part === 'older' ? 1 : 2), sealed)
    log.append(JSON.stringify({ v: 1, event: 'segment.sealed', session: 'session-7', segment: part === 'older' ? 1 : 2, bytes: sealed.length, sha256: hash('sha256', sealed, 'hex'), firstOperation: 0, lastOperation: 0 }))
    await new Promise((resolve) => log.onWritten(resolve))
    await log.checkpoint()
    const key = readFileSync(verifierPath(directory), 'utf8')
    const to = join(folder, part)
    mkdirSync(join(to, 'files'), { recursive: true })
    cpSync(directory, join(to, 'ledger'), { recursive: true })
    await writeTiles(directory, key, join(to, 'tiles'))
    writeFileSync(join(to, 'files', 'entry.tlog-proof'), (await proveEntry(directory, key, 70)).text)
    const parts: Buffer[] = []
    const bundle = await makeBundle('session-7', { directory, verifierKey: key, store, keys: { reveal: () => Promise.resolve(Buffer.from(dataKey)) }, sign: (text) => log.sign(text) })
    for await (const bytes of bundle ?? assert.fail()) parts.push(bytes)
    writeFileSync(join(to, 'files', 'session-7.tar'), Buffer.concat(parts))
  }
  const { note } = log.lastCheckpoint
  await log.close()
  const original = join(folder, 'original')
  cpSync(original, join(folder, 'work'), { recursive: true })
  return { key: readFileSync(verifierPath(directory), 'utf8'), known: note, folder, remove: () => rmSync(folder, { recursive: true }) }
}

/** What is no evidence: keys, and what is only there for speed or for one process. */
const NO_EVIDENCE = /^(verifier\.pub|signing\.key|frontier|lock.*)$/

/**
 * Makes random edits of one kind of evidence, and demands of each that verifying finds it and names a place that has to do
 * with the file edited.
 */
export async function demandThatEditsAreFound(kind: 'ledger' | 'tiles' | 'files', evidence: Evidence, count: number, seed: number): Promise<void> {
  const { folder, key, known } = evidence
  const [original, older, work] = ['original', 'older', 'work'].map((part) => join(folder, part, kind)) as [string, string, string]
  const files = readdirSync(original, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => relative(original, join(entry.parentPath, entry.name))).filter((file) => !NO_EVIDENCE.test(file))
  // In a folder of files each is evidence by itself; an older one that is whole proves what it says.
  const elsewhere = kind === 'files' ? original : older
  await eachRandomEdit({ original, older: elsewhere, work, files }, count, seed, async (file, what) => {
    const path = kind === 'files' ? join(work, file) : work
    const outcome = await audit(path, key, kind === 'files' ? {} : { known }).catch((error: unknown) => error)
    if (outcome instanceof Error) {
      // A file that is gone is no report but an error, with its name.
      assert.match(outcome.message, /ENOENT/, what)
      return
    }
    const { report } = outcome as Awaited<ReturnType<typeof audit>>
    if (report.ok && kind === 'files' && what.includes('replacement by')) return
    assert.equal(report.ok, false, what)
    assert.ok(report.bad !== undefined && describeFinding(report.bad).length > 20, what)
    if (kind !== 'files') assert.match(report.bad.file, placesFor(file), `${what}: ${describeFinding(report.bad)}`)
  })
}

/** A changed leaf hash shows as a difference from its entry, and a changed history of checkpoints at the latest one. */
function placesFor(file: string): RegExp {
  if (file.startsWith('tile/0/') || file.startsWith('tile/entries/')) return /^tile\/(0|entries)\//
  if (file.startsWith('checkpoint')) return /^checkpoints?$/
  return new RegExp(`^${file}$`)
}
