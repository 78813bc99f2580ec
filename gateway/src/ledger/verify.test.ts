import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openCheckpoint, signCheckpoint } from './checkpoint.ts'
import { checkpointPath, FILE_ENTRIES, hashPath, historyPath, journalPath, verifierPath } from './layout.ts'
import { hashLeaf, MerkleTree } from './merkle-tree.ts'
import { openLedger } from './open-ledger.ts'
import { parseVerifierKey, type NoteSigner } from './signed-note.ts'
import { loadOrCreateSigner } from './signing-key.ts'
import { verifyLedger, type Finding, type VerifyReport } from './verify.ts'

/** 400 entries in eight checkpoints, and how the same log looked at 200. */
const ENTRIES = 400
const EACH = 50
const root = mkdtempSync(join(tmpdir(), 'sallyport-tamper-'))
const original = join(root, 'original')
const older = join(root, 'older')
const work = join(root, 'work')
let key = ''
/** Where the frame of each entry begins in the journal; one more for the end. */
const starts: number[] = [0]

before(async () => {
  const { log } = await openLedger({ directory: original, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => assert.fail() })
  for (let i = 0; i < ENTRIES; i++) {
    const entry = JSON.stringify({ i, filling: 'x'.repeat((i * 7) % 50) })
    log.append(entry)
    starts.push((starts.at(-1) ?? 0) + 2 + entry.length)
    if ((i + 1) % EACH !== 0) continue
    await new Promise((resolve) => log.onWritten(resolve))
    await log.checkpoint()
    if (i + 1 === ENTRIES / 2) cpSync(original, older, { recursive: true })
  }
  await log.close()
  key = readFileSync(verifierPath(original), 'utf8')
})
after(() => rmSync(root, { recursive: true }))

/** A sequence that is the same in every run: a failure can be looked at again. */
let seed = 20_261
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

const frame = (journal: Buffer, index: number): Buffer => journal.subarray(starts[index], starts[index + 1])
const edit = (path: string, change: (content: Buffer) => Buffer): void => writeFileSync(path, change(readFileSync(path)))
const flip = (content: Buffer, at: number): Buffer => {
  const changed = Buffer.from(content)
  changed[at] = (changed[at] ?? 0) ^ (1 << random(8))
  return changed
}
const records = (history: Buffer): string[] => history.toString('utf8').split(/(?<=\n\n— [^\n]*\n)\n/).filter((record) => record !== '')
const joined = (notes: string[]): Buffer => Buffer.from(notes.map((note) => `${note}\n`).join(''))

async function tampered(change: () => void): Promise<VerifyReport> {
  rmSync(work, { recursive: true, force: true })
  cpSync(original, work, { recursive: true })
  change()
  return verifyLedger(work, key)
}

/** Somebody else's key of the same name signs the log from `index` on, hashes and history included. */
function resign(index: number, change: (entry: Buffer) => Buffer): void {
  const thief: NoteSigner = { name: 'test.example/ledger', privateKey: generateKeyPairSync('ed25519').privateKey }
  const tree = new MerkleTree()
  const notes = records(readFileSync(historyPath(work)))
  const rewritten: string[] = [notes[0] ?? '']
  const frames: Buffer[] = []
  const leaves: string[] = []
  const journal = readFileSync(journalPath(work, 0))
  for (let i = 0; i < ENTRIES; i++) {
    const entry = i === index ? change(frame(journal, i).subarray(2)) : frame(journal, i).subarray(2)
    frames.push(Buffer.of(entry.length >> 8, entry.length & 0xff), entry)
    leaves.push(hashLeaf(entry))
    tree.append(hashLeaf(entry))
    const note = notes[tree.size / EACH]
    if (tree.size % EACH === 0 && note !== undefined) rewritten.push(i < index ? note : signCheckpoint(tree.size, tree.root(), thief).note)
  }
  writeFileSync(journalPath(work, 0), Buffer.concat(frames))
  writeFileSync(hashPath(work, 0), Buffer.from(leaves.join(''), 'latin1'))
  writeFileSync(historyPath(work), joined(rewritten))
  writeFileSync(checkpointPath(work), rewritten.at(-1) ?? '')
}

interface Edit {
  readonly name: string
  readonly times: number
  readonly make: () => { change: () => void; expected: Partial<Finding> }
}

const journalEdit = (change: (journal: Buffer) => Buffer) => (): void => edit(journalPath(work, 0), change)
const at = (index: number): Partial<Finding> => ({ index, file: 'journal/00000000', offset: starts[index] ?? 0 })
const inHistory = (record: number): number => {
  const notes = records(readFileSync(historyPath(original)))
  return Buffer.byteLength(joined(notes.slice(0, record)))
}

const edits: Edit[] = [
  { name: 'one bit of an entry', times: 60, make: () => {
    const index = random(ENTRIES)
    const offset = (starts[index] ?? 0) + 2 + random(frame(readFileSync(journalPath(original, 0)), index).length - 2)
    return { change: journalEdit((journal) => flip(journal, offset)), expected: { ...at(index), what: 'entry-changed' } }
  } },
  { name: 'one bit of a length', times: 40, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => flip(journal, (starts[index] ?? 0) + random(2))), expected: at(index) }
  } },
  { name: 'an entry removed', times: 40, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => Buffer.concat([journal.subarray(0, starts[index]), journal.subarray(starts[index + 1])])), expected: at(index) }
  } },
  { name: 'two entries swapped', times: 40, make: () => {
    const first = random(ENTRIES - 1)
    const second = first + 1 + random(ENTRIES - first - 1)
    return {
      change: journalEdit((journal) => Buffer.concat([
        journal.subarray(0, starts[first]), frame(journal, second), journal.subarray(starts[first + 1], starts[second]),
        frame(journal, first), journal.subarray(starts[second + 1]),
      ])),
      expected: { ...at(first), what: 'entry-changed' },
    }
  } },
  { name: 'an entry put in', times: 20, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => Buffer.concat([journal.subarray(0, starts[index]), Buffer.from('\0\x07{"x":1}', 'latin1'), journal.subarray(starts[index])])), expected: at(index) }
  } },
  { name: 'an entry repeated', times: 20, make: () => {
    const index = random(ENTRIES - 1)
    return { change: journalEdit((journal) => Buffer.concat([journal.subarray(0, starts[index + 1]), frame(journal, index), journal.subarray(starts[index + 1])])), expected: at(index + 1) }
  } },
  { name: 'cut off below a checkpoint, between entries', times: 20, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => journal.subarray(0, starts[index])), expected: { ...at(index), what: 'entry-missing' } }
  } },
  { name: 'cut off below a checkpoint, inside an entry', times: 20, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => journal.subarray(0, (starts[index] ?? 0) + 1 + random(8))), expected: { ...at(index), what: 'entry-unreadable' } }
  } },
  { name: 'zeros over the end', times: 10, make: () => {
    const index = random(ENTRIES)
    return { change: journalEdit((journal) => Buffer.from(journal).fill(0, starts[index])), expected: { ...at(index), what: 'entry-unreadable' } }
  } },
  { name: 'an entry changed together with its stored hash', times: 20, make: () => {
    const index = random(ENTRIES)
    const change = (): void => {
      edit(journalPath(work, 0), (journal) => flip(journal, (starts[index + 1] ?? 0) - 2))
      const leaf = hashLeaf(frame(readFileSync(journalPath(work, 0)), index).subarray(2))
      edit(hashPath(work, 0), (hashes) => Buffer.concat([hashes.subarray(0, index * 32), Buffer.from(leaf, 'latin1'), hashes.subarray(index * 32 + 32)]))
    }
    // Nothing authentic is left to tell which one: the stretch between two checkpoints is named.
    const from = Math.floor(index / EACH) * EACH
    return { change, expected: { what: 'entry-changed', index: from, last: from + EACH - 1, offset: starts[from] ?? 0 } }
  } },
  { name: 'one bit of a stored hash', times: 20, make: () => {
    const index = random(ENTRIES)
    return {
      change: () => edit(hashPath(work, 0), (hashes) => flip(hashes, index * 32 + random(32))),
      expected: { what: 'hash-changed', index, file: 'hashes/00000000', offset: index * 32 },
    }
  } },
  { name: 'the end re-signed with another key', times: 20, make: () => {
    const index = random(ENTRIES)
    const record = Math.floor(index / EACH) + 1
    return {
      change: () => resign(index, (entry) => Buffer.from(entry.toString('utf8').replace('"i":', '"j":'))),
      expected: { what: 'checkpoint-invalid', index: (record - 1) * EACH, file: 'checkpoints', offset: inHistory(record) },
    }
  } },
  { name: 'one bit of the checkpoint history', times: 30, make: () => {
    const offset = random(readFileSync(historyPath(original)).length - 1)
    const record = records(readFileSync(historyPath(original))).findIndex((_, number) => inHistory(number + 1) > offset)
    return { change: () => edit(historyPath(work), (history) => flip(history, offset)), expected: { index: Math.max(0, record - 1) * EACH } }
  } },
  { name: 'two checkpoints of the history swapped', times: 15, make: () => {
    const first = random(8)
    const second = first + 1 + random(8 - first)
    return {
      change: () => edit(historyPath(work), (history) => {
        const notes = records(history)
        const [a = '', b = ''] = [notes[first], notes[second]]
        return joined(notes.with(first, b).with(second, a))
      }),
      expected: { what: 'checkpoint-invalid', file: 'checkpoints' },
    }
  } },
  { name: 'one bit of the latest checkpoint', times: 10, make: () => {
    const offset = random(readFileSync(checkpointPath(original)).length)
    return { change: () => edit(checkpointPath(work), (note) => flip(note, offset)), expected: { what: 'checkpoint-invalid', index: ENTRIES, file: 'checkpoint' } }
  } },
]

for (const { name, times, make } of edits) {
  test(`found and located: ${name} (${times} times)`, async () => {
    for (let time = 0; time < times; time++) {
      const { change, expected } = make()
      const { ok, bad } = await tampered(change)
      assert.equal(ok, false, JSON.stringify(expected))
      assert.partialDeepStrictEqual(bad, expected)
    }
  })
}

const replay = (...paths: ((directory: string) => string)[]) => (): void => {
  for (const path of paths) cpSync(path(older), path(work))
}
const journal0 = (directory: string): string => journalPath(directory, 0)
const hashes0 = (directory: string): string => hashPath(directory, 0)

test('an older journal put back is found', async () => {
  assert.partialDeepStrictEqual((await tampered(replay(journal0))).bad, { what: 'entry-missing', index: 200, offset: starts[200] })
  assert.partialDeepStrictEqual((await tampered(replay(journal0, hashes0))).bad, { what: 'entry-missing', index: 200 })
})

test('an older latest checkpoint, history or set of hashes put back is found', async () => {
  assert.partialDeepStrictEqual((await tampered(replay(checkpointPath))).bad, { what: 'checkpoint-missing', file: 'checkpoint', index: 400 })
  assert.partialDeepStrictEqual((await tampered(replay(historyPath))).bad, { what: 'checkpoint-missing', file: 'checkpoint', index: 200 })
  assert.partialDeepStrictEqual((await tampered(replay(hashes0))).bad, { what: 'hash-changed', index: 200 })
})

test('a checkpoint file or journal file that is gone is found', async () => {
  assert.partialDeepStrictEqual((await tampered(() => rmSync(checkpointPath(work)))).bad, { what: 'checkpoint-missing' })
  assert.partialDeepStrictEqual((await tampered(() => rmSync(historyPath(work)))).bad, { what: 'checkpoint-missing' })
  assert.partialDeepStrictEqual((await tampered(() => rmSync(journal0(work)))).bad, { what: 'entry-missing', index: 0 })
  assert.partialDeepStrictEqual((await tampered(() => writeFileSync(journal0(work), ''))).bad, { what: 'entry-missing', index: 0, offset: 0 })
  assert.partialDeepStrictEqual((await tampered(() => rmSync(hashes0(work)))).bad, { what: 'hash-changed', index: 0 })
})

test('the whole log put back to an older state is found with a checkpoint kept elsewhere', async () => {
  const known = readFileSync(checkpointPath(original), 'utf8')
  assert.equal((await verifyLedger(older, key)).ok, true)
  assert.partialDeepStrictEqual((await verifyLedger(older, key, { known })).bad, { what: 'entry-missing', index: 200 })
  assert.equal((await verifyLedger(original, key, { known: readFileSync(checkpointPath(older), 'utf8') })).ok, true)
  await assert.rejects(verifyLedger(original, key, { known: known.replace('400', '401') }), /known checkpoint cannot be used/)
})

test('a log written anew is found with the file of an anchor, whatever the gateway added to it afterwards', async () => {
  const [first, second] = [older, original].map((directory) => readFileSync(checkpointPath(directory), 'utf8'))
  const anchor = `${first}\n${second}\n`
  assert.partialDeepStrictEqual(await verifyLedger(original, key, { known: anchor }), { ok: true, known: 2 })
  // Half a signature, as a crash leaves it, takes nothing from the others.
  assert.partialDeepStrictEqual(await verifyLedger(original, key, { known: `${first}\n${second?.slice(0, -30)}\n\n${second}\n` }), { ok: true, known: 2 })
  assert.partialDeepStrictEqual((await verifyLedger(older, key, { known: anchor })).bad, { what: 'entry-missing', index: 200 })
  const other = signCheckpoint(100, 'x'.repeat(32), loadOrCreateSigner(original, 'test.example/ledger')).note
  assert.partialDeepStrictEqual((await verifyLedger(original, key, { known: `${other}\n${anchor}` })).bad, { what: 'entry-changed', last: 99 })
  await assert.rejects(verifyLedger(original, key, { known: 'nothing of the kind' }), /known checkpoint cannot be used/)
})

test('the untouched log verifies, with everything covered, and hands out a checkpoint to keep elsewhere', async () => {
  const report = await tampered(() => undefined)
  assert.partialDeepStrictEqual(report, { ok: true, entries: ENTRIES, covered: ENTRIES, uncovered: 0, tornBytes: 0, checkpoints: 9 })
  assert.partialDeepStrictEqual(openCheckpoint(report.checkpoint ?? '', parseVerifierKey(key)), { size: ENTRIES })
})

test('in a log of several files, a change at the border of two is located in the right one', async (t) => {
  const directory = mkdtempSync(join(root, 'files-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
  for (let i = 0; i < FILE_ENTRIES + 5; i++) log.append('{"entry":1}')
  await log.close()
  const largeKey = readFileSync(verifierPath(directory), 'utf8')
  const first = readFileSync(journalPath(directory, 0))
  const second = readFileSync(journalPath(directory, 1))
  const check = async (a: Buffer, b: Buffer): Promise<Finding | undefined> => {
    writeFileSync(journalPath(directory, 0), a)
    writeFileSync(journalPath(directory, 1), b)
    return (await verifyLedger(directory, largeKey)).bad
  }
  assert.equal(await check(first, second), undefined)
  assert.partialDeepStrictEqual(await check(flip(first, first.length - 1), second), { index: FILE_ENTRIES - 1, file: 'journal/00000000', offset: first.length - 13 })
  assert.partialDeepStrictEqual(await check(first, flip(second, 5)), { index: FILE_ENTRIES, file: 'journal/00000001', offset: 0 })
  assert.partialDeepStrictEqual(await check(Buffer.concat([first, second.subarray(0, 13)]), second), { what: 'entry-unreadable', file: 'journal/00000000', offset: first.length })
  assert.partialDeepStrictEqual(await check(first.subarray(13), second), { what: 'entry-missing', index: FILE_ENTRIES - 1, file: 'journal/00000000' })
  assert.partialDeepStrictEqual(await check(first, Buffer.alloc(0)), { what: 'entry-missing', index: FILE_ENTRIES, file: 'journal/00000001', offset: 0 })
})

test('a running log verifies at any moment', async (t) => {
  const directory = mkdtempSync(join(root, 'running-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const { log } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 5, onFault: () => assert.fail() })
  const turn = (): void => {
    for (let i = 0; i < 5; i++) log.append('{"entry":1}')
  }
  const timer = setInterval(turn, 1)
  for (let time = 0; time < 15; time++) {
    const report = await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
    assert.equal(report.ok, true, report.bad?.message)
  }
  clearInterval(timer)
  await log.close()
})
