import type { RecordedEvent } from './event-schema.ts'
import type { OperationIndex } from './operation-index.ts'
import type { ReplayItem } from './stream.ts'

/** What happened, as the ledger and the stream have it together: an operation, what the agent got, how it ended. */
export type RecordedPart =
  | { readonly event: RecordedEvent }
  | { readonly item: ReplayItem }
  /** Why there are no items, or no more. */
  | { readonly missing: string }

/** The port through which people read what was recorded. */
export interface SessionReading extends OperationIndex {
  /** What the ledger has of a session, in order. */
  events(session: string): AsyncIterable<RecordedEvent>
  /** The same, and then what comes in, until the session is closed or the signal says to stop. */
  follow(session: string, signal: AbortSignal): AsyncIterable<RecordedEvent>
  /** The same with what its agent gets, once that is kept: a second or so behind. Ends a moment after the session. */
  watch(session: { readonly id: string; readonly protocol: string }, signal: AbortSignal): AsyncIterable<RecordedPart>
  /**
   * What the agent received and sent, in neutral words.
   * @throws Error that says, fit for a client, why there is nothing or no more
   */
  stream(session: { readonly id: string; readonly protocol: string }): AsyncIterable<ReplayItem>
  /** Masked values as they were, each message sealed to the auditor's public key. @throws as {@link stream} */
  originals(session: string): AsyncIterable<Buffer>
}
