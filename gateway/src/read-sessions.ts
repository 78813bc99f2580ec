import type { RuleUseIndex } from './governance/agents/identity-use.ts'
import { readSealedOriginals } from './governance/recording/originals.ts'
import { StreamError } from './governance/recording/read-stream.ts'
import type { SessionReading } from './governance/recording/session-reading.ts'
import { watchSession } from './governance/recording/watch-session.ts'
import { LedgerIndex } from './indexing/ledger-index.ts'
import { followSessionEvents, readSessionEvents } from './indexing/session-events.ts'
import type { LedgerLog } from './ledger/ledger-log.ts'
import type { OpenRecordings } from './open-recordings.ts'
import { protocols } from './protocols.ts'
import type { Log, ProtocolAdapter } from './protocols/protocol-adapter.ts'
import type { IndexLocation } from './storage/index-store.ts'
import type { StorageLocation } from './storage/open-storage.ts'

/** The last of a session's segments is kept after its end is on record. */
const LAST_SEGMENT_MS = 1_000

export interface ReadSessionsOptions {
  /** Where the gateway's state is: the index goes beside it. */
  readonly storage: StorageLocation
  readonly ledger: LedgerLog
  readonly directory: string
  readonly verifierKey: string
  readonly readStream: OpenRecordings['readStream']
  readonly log: Log
}

/** Puts together what people read recordings with: the index, the ledger and the streams. */
export function readSessions({ storage, ledger, directory, verifierKey, readStream, log }: ReadSessionsOptions): SessionReading & RuleUseIndex & { close(): Promise<void> } {
  const followed = {
    get size() { return ledger.size },
    get durableSize() { return ledger.lastCheckpoint.size },
  }
  const index = new LedgerIndex({
    location: indexLocation(storage), log: verifierKey, directory, ledger: followed,
    onError: (error) => log.warn({ error: error.message }, 'the index of operations does not follow the ledger; it is tried again'),
  })
  const sources = { directory, ledger: followed, index }
  return {
    search: (query, page) => index.search(query, page),
    ruleUse: () => index.ruleUse(),
    events: (session) => readSessionEvents(session, sources),
    follow: (session, signal) => followSessionEvents(session, sources, signal),
    watch: ({ id, protocol }, signal) =>
      watchSession(followSessionEvents(id, sources, signal, LAST_SEGMENT_MS), (segments) => adapterOf(protocol).replay(readStream(id, () => segments))),
    stream: ({ id, protocol }) => adapterOf(protocol).replay(readStream(id, (session) => readSessionEvents(session, sources))),
    originals: (id) => readSealedOriginals(readStream(id, (session) => readSessionEvents(session, sources))),
    close: () => index.close(),
  }
}

/** @throws StreamError */
function adapterOf(protocol: string): ProtocolAdapter {
  const adapter = protocols.find(({ name }) => name === protocol)
  if (adapter === undefined) throw new StreamError('no-key', 0, `this gateway does not speak ${protocol}, so its recording cannot be read`)
  return adapter
}

/** In a file of its own where the state is in one: who writes the state must never wait for the index. */
export function indexLocation(storage: StorageLocation): IndexLocation {
  if (storage.kind === 'postgres' || storage.path === ':memory:') return storage
  return { kind: 'sqlite', path: `${storage.path.replace(/\.db$/, '')}-index.db` }
}
