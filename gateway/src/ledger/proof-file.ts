import { openCheckpoint } from './checkpoint.ts'
import type { Finding } from './finding.ts'
import { PREFIX_BYTES, TILE_WIDTH } from './layout.ts'
import { LogReader } from './log-reader.ts'
import { hashLeaf } from './merkle-tree.ts'
import { verifyInclusion } from './proof.ts'
import { readSessionEvents } from './read-entries.ts'
import { parseVerifierKey } from './signed-note.ts'

const HEADER = 'c2sp.org/tlog-proof@v1'

export interface EntryProof {
  readonly index: number
  readonly entry: Buffer
  /** C2SP tlog-proof (https://c2sp.org/tlog-proof), with the entry as its extra data. */
  readonly text: string
}

/** @throws RangeError when no checkpoint covers the entry yet */
export async function proveEntry(directory: string, verifierKey: string, index: number): Promise<EntryProof> {
  const reader = new LogReader(directory, verifierKey)
  const checkpoint = await reader.checkpoint()
  if (checkpoint === undefined || index >= checkpoint.size) {
    throw new RangeError(`the latest checkpoint covers ${checkpoint?.size ?? 0} entries, and entry ${index} is not among them`)
  }
  const bundle = Math.floor(index / TILE_WIDTH)
  const bytes = await reader.entryBundle(bundle, (index % TILE_WIDTH) + 1)
  if (bytes === undefined) throw new RangeError(`the ledger does not hold entry ${index}`)
  let at = 0
  for (let skip = index % TILE_WIDTH; skip > 0; skip--) at += PREFIX_BYTES + bytes.readUInt16BE(at)
  const entry = bytes.subarray(at + PREFIX_BYTES)
  const hashes = await reader.inclusionProof(index, checkpoint.size)
  const lines = [HEADER, `extra ${entry.toString('base64')}`, `index ${index}`, ...hashes.map((hash) => hash.toString('base64'))]
  return { index, entry, text: `${lines.join('\n')}\n\n${checkpoint.note}` }
}

/** Number of the entry with the decision on the `n`th operation of a session. @returns undefined when there is none */
export async function findOperation(directory: string, session: string, n: number): Promise<number | undefined> {
  for await (const { index, event } of readSessionEvents(directory, session)) {
    if (event.event === 'operation.decided' && event.n === n) return index
  }
  return undefined
}

export interface ProofReport {
  readonly ok: boolean
  readonly index?: number
  readonly entry?: string
  /** The checkpoint that proves it, as a signed note. */
  readonly checkpoint?: string
  readonly bad?: Finding
}

/** Proves the entry in a file that {@link proveEntry} made. @throws Error when the key is none */
export function verifyProofFile(text: string, verifierKey: string): ProofReport {
  const verifier = parseVerifierKey(verifierKey)
  const bad = (what: Finding['what'], message: string, index = 0): ProofReport => ({ ok: false, bad: { what, index, file: 'proof', offset: 0, message } })
  const split = text.indexOf('\n\n')
  const [header, extra = '', position = '', ...encoded] = text.slice(0, Math.max(0, split)).split('\n')
  const index = /^index (0|[1-9]\d{0,15})$/.exec(position)?.[1]
  const entry = strictBase64(extra.startsWith('extra ') ? extra.slice(6) : '')
  const hashes = encoded.map(strictBase64)
  if (header !== HEADER || index === undefined || entry === undefined || !hashes.every((hash) => hash?.length === 32)) {
    return bad('proof-wrong', `it is not a proof of the kind ${HEADER} with the entry as its extra data`)
  }
  const checkpoint = openCheckpoint(text.slice(split + 2), verifier)
  if ('problem' in checkpoint) return bad('checkpoint-invalid', `its checkpoint cannot be trusted: ${checkpoint.problem}`, Number(index))
  const proof = hashes.map((hash) => (hash as Buffer).toString('latin1'))
  if (!verifyInclusion(hashLeaf(entry), Number(index), checkpoint.size, proof, checkpoint.root)) {
    return bad('proof-wrong', 'this entry does not stand there in the log that was signed', Number(index))
  }
  return { ok: true, index: Number(index), entry: entry.toString('utf8'), checkpoint: checkpoint.note }
}

function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}
