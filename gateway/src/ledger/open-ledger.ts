import { mkdirSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CheckpointFiles, replaceFile } from './checkpoint-files.ts'
import { readLatestCheckpoints, readOptional } from './checkpoint-history.ts'
import { signCheckpoint, type Checkpoint } from './checkpoint.ts'
import { leafHashFiles, tileRootFiles } from './hash-files.ts'
import { Journal } from './journal.ts'
import { checkpointPath, hashFolder, journalFolder, rootFolder, verifierPath } from './layout.ts'
import { LedgerLog, type Durability, type OnFault } from './ledger-log.ts'
import { lockLedger } from './lock.ts'
import { EMPTY_ROOT } from './merkle-tree.ts'
import { recover, type Recovered, type RecoveryReport } from './recover.ts'
import { parseVerifierKey, verifierKey, type NoteSigner } from './signed-note.ts'
import { loadOrCreateSigner } from './signing-key.ts'
import { describeFinding, verifyLedger, type Finding } from './verify.ts'

export interface LedgerOptions {
  /** Made when missing, for its owner only. */
  readonly directory: string
  /** The log's name in its checkpoints, such as `gateway.example.com/ledger`: a URL without scheme, spaces or plus. */
  readonly origin: string
  /** `batched`: told once the operating system has it (safe from a crash of the gateway). `strict`: once the disk has it. */
  readonly durability: Durability
  /** Signs checkpoints; without it a key is made in the directory at the first start. */
  readonly signer?: NoteSigner
  readonly onFault: OnFault
  /** Gets what a callback of {@link LedgerLog.onWritten} threw. Without it that ends the process, as any uncaught error. */
  readonly onCallerError?: (error: unknown) => void
  /** Default 900, so that no entry waits for a checkpoint longer than about a second. */
  readonly checkpointIntervalMs?: number
}

/** The log on disk is not the one that was signed. Never repaired, never opened. */
export class LedgerContradiction extends Error {
  override readonly name = 'LedgerContradiction'
  readonly finding: Finding
  constructor(finding: Finding) {
    super(
      `the ledger contradicts its checkpoints: ${describeFinding(finding)}. Nothing was changed. Keep the folder as evidence; ` +
      'put a copy in its place that `sallyport audit verify` proves, or move it away to begin a new ledger',
    )
    this.finding = finding
  }
}

/**
 * Opens or makes a ledger, after proving that what is there leads to the latest checkpoint. Entries in journal files
 * before the newest are not read again here: {@link verifyLedger} does that.
 * @throws LedgerContradiction; Error when it is in use, belongs to another key, or cannot be read or written
 */
export async function openLedger(options: LedgerOptions): Promise<{ log: LedgerLog; recovery: RecoveryReport }> {
  const { directory } = options
  for (const folder of [directory, journalFolder(directory), hashFolder(directory), rootFolder(directory)]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  const release = lockLedger(directory)
  try {
    return await open(options, release)
  } catch (error) {
    release()
    throw error
  }
}

async function open(options: LedgerOptions, release: () => void): Promise<{ log: LedgerLog; recovery: RecoveryReport }> {
  const { directory } = options
  const signer = options.signer ?? loadOrCreateSigner(directory, options.origin)
  if (signer.name !== options.origin) throw new Error(`the signer is named ${signer.name}, the log ${options.origin}`)
  const key = verifierKey(signer)
  const published = await readOptional(verifierPath(directory))
  if (published === undefined) await replaceFile(verifierPath(directory), `${key}\n`, 0o644)
  else if (published.trim() !== key) throw new Error(`this ledger was signed by ${published.trim()}, not by ${key}`)

  const latest = await readLatestCheckpoints(directory, parseVerifierKey(key))
  const checkpoint = latest.recorded ?? signCheckpoint(0, EMPTY_ROOT, signer)
  if (latest.published !== undefined && latest.published.size > (latest.recorded?.size ?? -1)) throw await contradiction(directory, key)

  const recovered = await recover(directory, checkpoint)
  // A log signs its empty tree before it takes the first entry.
  const unsigned = latest.recorded === undefined && recovered !== undefined && recovered.tree.size > 0
  if (recovered === undefined || unsigned) throw await contradiction(directory, key)
  const checkpoints = await CheckpointFiles.open(directory, latest.historyBytes)
  if (latest.recorded === undefined) await checkpoints.publish(checkpoint)
  else if (latest.published?.note !== checkpoint.note) await replaceFile(checkpointPath(directory), checkpoint.note)

  const log = await start(options, signer, recovered, checkpoints, checkpoint, release)
  const { tree, adopted, tornBytes, readAll } = recovered
  const report = { size: tree.size, covered: checkpoint.size, adopted, tornBytes, tornHistoryBytes: latest.tornBytes, readAll }
  return { log, recovery: report }
}

async function start(
  options: LedgerOptions, signer: NoteSigner, recovered: Recovered, checkpoints: CheckpointFiles, checkpoint: Checkpoint,
  release: () => void,
): Promise<LedgerLog> {
  const { directory, durability, onFault } = options
  const journal = new Journal(directory, recovered.end)
  journal.retreat(recovered.end)
  const log = new LedgerLog({
    directory, durability, signer, onFault, journal, checkpoints, release,
    onCallerError: options.onCallerError ?? rethrowLater,
    checkpointIntervalMs: options.checkpointIntervalMs ?? 900,
    hashes: leafHashFiles(directory, recovered.tree.size),
    roots: tileRootFiles(directory, recovered.tree.size),
    tree: recovered.tree,
    lastCheckpoint: checkpoint,
  })
  // The names of files are in their folders: without them a loss of power could take the key, or the whole ledger.
  for (const folder of [dirname(directory), directory, journalFolder(directory), hashFolder(directory), rootFolder(directory)]) await syncFolder(folder)
  // What a crash left behind the last checkpoint is signed at once.
  await log.checkpoint()
  return log
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function rethrowLater(error: unknown): void {
  process.nextTick(() => {
    throw error
  })
}

async function contradiction(directory: string, key: string): Promise<Error> {
  const { bad } = await verifyLedger(directory, key)
  return bad === undefined ? new Error('the ledger changed while it was being opened') : new LedgerContradiction(bad)
}
