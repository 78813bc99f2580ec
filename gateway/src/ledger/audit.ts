import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { journalFolder } from './layout.ts'
import { verifyProofFile, type ProofReport } from './proof-file.ts'
import { verifyBundle, type BundleReport } from './verify-bundle.ts'
import { verifyLedger, type VerifyOptions, type VerifyReport } from './verify.ts'
import { verifyRecordings } from './verify-recordings.ts'
import { verifyTiles } from './verify-tiles.ts'

/** What `sallyport audit` works with; everything here reads files only. */
export { describeFinding } from './finding.ts'
export { findOperation, proveEntry } from './proof-file.ts'
export { writeTiles } from './write-tiles.ts'

/** What a ledger's proof says, and how many segments of recordings are what it says of them; absent where none were looked at. */
export type LedgerReport = VerifyReport & { readonly segments?: number }

export interface AuditOptions extends VerifyOptions {
  /** Folder of the recordings; when absent the one named `recordings` beside the ledger, if there is one. */
  readonly recordings?: string
}

export type AuditReport =
  | { readonly kind: 'ledger'; readonly report: LedgerReport }
  | { readonly kind: 'tiles'; readonly report: VerifyReport }
  | { readonly kind: 'bundle'; readonly report: BundleReport }
  | { readonly kind: 'proof'; readonly report: ProofReport }

const PROOF_BEGINNING = 'c2sp.org/tlog-proof@'
const MAX_PROOF_BYTES = 1 << 20

/** @throws Error when nothing does, or nothing that can be verified */
async function kindAt(path: string): Promise<AuditReport['kind']> {
  const found = await stat(path)
  if (!found.isDirectory()) return (await beginning(path)) === PROOF_BEGINNING && found.size <= MAX_PROOF_BYTES ? 'proof' : 'bundle'
  if (await isFolder(journalFolder(path))) return 'ledger'
  if (await isFolder(join(path, 'tile'))) return 'tiles'
  throw new Error('there is neither a ledger nor a copy of one in this folder')
}

/**
 * Proves a ledger with the recordings that it tells of, a static copy of one, a session's bundle or the proof of one entry.
 * @throws Error when the key is none, a file cannot be read, or `known` is given for a bundle or a proof
 */
export async function audit(path: string, verifierKey: string, options: AuditOptions = {}): Promise<AuditReport> {
  const kind = await kindAt(path)
  if (kind === 'ledger') return { kind, report: await auditLedger(path, verifierKey, options) }
  if (kind === 'tiles') return { kind, report: await verifyTiles(path, verifierKey, options) }
  if (options.known !== undefined) throw new Error('an earlier checkpoint can be compared with a ledger or a copy of it, not with one file')
  if (kind === 'bundle') return { kind, report: await verifyBundle(path, verifierKey) }
  return { kind, report: verifyProofFile(await readFile(path, 'utf8'), verifierKey) }
}

async function auditLedger(path: string, verifierKey: string, options: AuditOptions): Promise<LedgerReport> {
  const report = await verifyLedger(path, verifierKey, options)
  const recordings = options.recordings ?? join(path, '..', 'recordings')
  if (!report.ok || (options.recordings === undefined && !(await isFolder(recordings)))) return report
  const { segments, bad } = await verifyRecordings(path, recordings)
  return { ...report, segments, ...(bad !== undefined && { ok: false, bad }) }
}

async function beginning(path: string): Promise<string> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(PROOF_BEGINNING.length), 0, PROOF_BEGINNING.length, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
