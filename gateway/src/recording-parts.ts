import type { Logger } from 'pino'
import type { Config } from './config/index.ts'
import type { RecordingsOptions } from './governance/recording/recordings.ts'
import { FileSegmentStore } from './ledger/segments/file-segment-store.ts'

/** Where recordings go, how much memory they may take, and who hears when they cannot be kept. */
export function recordingParts({ gateway }: Config, log: Logger): Pick<RecordingsOptions, 'store' | 'memoryBytes' | 'onFault'> {
  const { directory, memoryBytes } = gateway.recording
  return {
    store: new FileSegmentStore({ directory, durability: gateway.ledger.durability }),
    memoryBytes,
    onFault(change) {
      if (change.healthy) log.info({}, 'sessions can be recorded again')
      else log.error({ error: change.error.message }, 'sessions cannot be recorded: those that run are ended and new ones refused until they can')
    },
  }
}
