import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TargetEntry } from '../../src/governance/policy/policy-document.ts'
import { readStream, type StreamSources } from '../../src/governance/recording/read-stream.ts'
import { Recordings, type RecordingsOptions } from '../../src/governance/recording/recordings.ts'
import type { SegmentStore } from '../../src/governance/recording/segment-store.ts'
import type { SessionRecorder, StreamChunk } from '../../src/governance/recording/stream.ts'
import type { Session } from '../../src/governance/session.ts'
import type { LedgerLog } from '../../src/ledger/ledger-log.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { readSessionEvents } from '../../src/ledger/read-entries.ts'
import { FileSegmentStore } from '../../src/ledger/segments/file-segment-store.ts'
import { openStorage, type Storage, type StorageLocation } from '../../src/storage/open-storage.ts'
import { MasterKey } from '../../src/vault/master-key.ts'
import { openRecordingKeys, type RecordingKeyVault } from '../../src/vault/recording-key-vault.ts'

/** Everything that recording needs, all of it real, in a folder of its own. */
export interface RecordingSetup {
  readonly folder: string
  readonly segments: string
  readonly ledgerDirectory: string
  readonly storage: Storage
  readonly store: SegmentStore
  readonly ledger: LedgerLog
  readonly keys: RecordingKeyVault
  readonly recordings: Recordings
  /** What the gateway's operator would have been told of. */
  readonly faults: Parameters<RecordingsOptions['onFault']>[0][]
  readonly sources: StreamSources
  open(id: string, record?: TargetEntry['record']): Promise<SessionRecorder>
  /** A whole session with one answer, in the list of sessions as well. */
  session(id: string, options?: WholeSession): Promise<void>
  read(id: string): Promise<StreamChunk[]>
  /** Closes everything; the folder is removed unless it was given. */
  close(): Promise<void>
}

export interface WholeSession {
  readonly by?: string
  readonly actors?: readonly string[]
  readonly record?: TargetEntry['record']
  /** A value of column 2 that was masked. */
  readonly masked?: string
}

export interface RecordingSetupOptions {
  readonly folder?: string
  readonly masterKey?: Buffer
  readonly durability?: 'batched' | 'strict'
  readonly memoryBytes?: number
  readonly storage?: StorageLocation
  readonly segments?: string
  readonly wrapStore?: (store: SegmentStore) => SegmentStore
}

export async function setUpRecording(options: RecordingSetupOptions = {}): Promise<RecordingSetup> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sallyport-recording-'))
  const ledgerDirectory = join(folder, 'ledger')
  const segments = options.segments ?? join(folder, 'recordings')
  const durability = options.durability ?? 'batched'
  const storage = await openStorage(options.storage ?? { kind: 'sqlite', path: join(folder, 'state.db') })
  const files = new FileSegmentStore({ directory: segments, durability })
  const store = options.wrapStore?.(files) ?? files
  const { log: ledger } = await openLedger({ directory: ledgerDirectory, origin: 'test.example/ledger', durability, onFault: () => undefined })
  const masterKey = { current: new MasterKey(options.masterKey ?? randomBytes(32)), earlier: [] }
  const keys = openRecordingKeys({ masterKey, store: storage.recordingKeys })
  const faults: RecordingSetup['faults'] = []
  const recordings = new Recordings({ store, keys, ledger, memoryBytes: options.memoryBytes ?? 64 << 20, onFault: (change) => faults.push(change) })
  const sources: StreamSources = {
    store, keys,
    async *events(session) {
      for await (const { event } of readSessionEvents(ledgerDirectory, session)) yield event
    },
  }
  const open = async (id: string, record?: TargetEntry['record']): Promise<SessionRecorder> => {
    const target: TargetEntry = { name: 'shop', protocol: 'postgres', labels: {}, ...(record && { record }) }
    const recorder = await recordings.open({ id, openedAtMs: Date.now(), target })
    if (recorder === undefined) throw new Error('the policy wants no recording')
    return recorder
  }
  return {
    folder, segments, ledgerDirectory, storage, store, ledger, keys, recordings, faults, sources,
    open,
    async session(id, { by = 'support-bot', actors = [], record, masked } = {}) {
      const identity = { kind: 'agent', name: by, issuer: 'corp', subject: by, groups: [], actors, claims: {} }
      const session = {
        id, openedAtMs: Date.now(), protocol: 'postgres', clientAddress: '127.0.0.1', application: '', operations: 1, refused: 0, ended: undefined,
        target: { name: 'shop', protocol: 'postgres', labels: {} }, admission: { identity, tokenId: 't', purpose: 'test' },
      } as unknown as Session
      await storage.sessions.opened(session, 'test')
      const recorder = await open(id, record)
      recorder.received(1, Buffer.from('an answer'), 0, 9)
      if (masked !== undefined) recorder.original(1, 1, 2, Buffer.from(masked))
      await recorder.close()
      storage.sessions.closed(session, 'the client left')
      await storage.sessions.flush()
    },
    async read(id) {
      return collect(readStream(id, sources))
    },
    async close() {
      await recordings.close()
      await ledger.close()
      await storage.close()
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}
