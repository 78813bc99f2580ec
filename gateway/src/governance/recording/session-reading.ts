import type { RecordedEvent } from './event-schema.ts'
import type { OperationIndex } from './operation-index.ts'
import type { ReplayItem } from './stream.ts'

/** The port through which people read what was recorded. */
export interface SessionReading extends OperationIndex {
  /** What the ledger has of a session, in order. */
  events(session: string): AsyncIterable<RecordedEvent>
  /** The same, and then what comes in, until the session is closed or the signal says to stop. */
  follow(session: string, signal: AbortSignal): AsyncIterable<RecordedEvent>
  /**
   * What the agent received and sent, in neutral words.
   * @throws Error that says, fit for a client, why there is nothing or no more
   */
  stream(session: { readonly id: string; readonly protocol: string }): AsyncIterable<ReplayItem>
  /** Masked values as they were, each message sealed to the auditor's public key. @throws as {@link stream} */
  originals(session: string): AsyncIterable<Buffer>
}
