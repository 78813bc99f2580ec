import type { Logger } from 'pino'
import type { Config } from './config/index.ts'
import type { PolicySource } from './governance/policy/policy.ts'
import type { Ledger } from './governance/recording/ledger.ts'
import { readStream, type StreamSources } from './governance/recording/read-stream.ts'
import { Recordings } from './governance/recording/recordings.ts'
import { Retention } from './governance/recording/retention.ts'
import type { StreamChunk } from './governance/recording/stream.ts'
import { FileSegmentStore } from './ledger/segments/file-segment-store.ts'
import type { State } from './open-state.ts'
import { prepareFolder } from './prepare-folder.ts'

export interface OpenRecordings {
  readonly recordings: Recordings
  /** Where the sealed segments are, and what opens them. */
  readonly kept: Pick<StreamSources, 'store' | 'keys'>
  /** A session's stream, proved against the ledger as it is read. @throws StreamError */
  readonly readStream: (session: string, events: StreamSources['events']) => AsyncIterable<StreamChunk>
}

export interface RecordingSurroundings {
  readonly config: Config
  readonly state: Pick<State, 'storage' | 'recordingKeys'>
  readonly ledger: Ledger
  readonly policies: PolicySource
  readonly log: Logger
  readonly closing: (() => Promise<void>)[]
}

/** Puts together what records sessions, reads recordings, and destroys those whose retention is over. */
export async function openRecordings({ config, state, ledger, policies, log, closing }: RecordingSurroundings): Promise<OpenRecordings> {
  const { gateway } = config
  const { storage, recordingKeys: keys } = state
  await keys.reseal()
  prepareFolder(gateway.recording.directory, 'gateway.recording.directory')
  const store = new FileSegmentStore({ directory: gateway.recording.directory, durability: gateway.ledger.durability })
  const recordings = new Recordings({
    store, keys, ledger, memoryBytes: gateway.recording.memoryBytes,
    onFault(change) {
      if (change.healthy) log.info({}, 'sessions can be recorded again')
      else log.error({ error: change.error.message }, 'sessions cannot be recorded: those that run are ended and new ones refused until they can')
    },
  })
  closing.push(() => recordings.close())
  const retention = new Retention({
    policy: () => policies.current, records: storage.retention, segments: store, ledger, now: Date.now,
    onDone: (destroyed) => log.info({ destroyed }, 'recordings whose retention is over were destroyed'),
    onError: (error) => log.error({ error: error.message }, 'recordings whose retention is over could not be destroyed; it is tried again'),
  })
  closing.push(() => retention.close())
  retention.start()
  return { recordings, kept: { store, keys }, readStream: (session, events) => readStream(session, { store, keys, events }) }
}
