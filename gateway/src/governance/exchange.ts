import type { Refusal } from './decision.ts'
import type { Operation } from './operation.ts'
import type { Permit } from './permit.ts'
import type { Preview } from './review/preview.ts'

/** The verbs that a protocol lends to the security flow for one operation. It cannot reorder the checks. */
export interface Exchange {
  readonly operation: Operation
  /** What the protocol adds when a person is to be asked; without it nobody can be. */
  readonly reviewable?: Reviewable | undefined
  /**
   * Sends the original bytes to the target. Called at most once, never after `refuse`.
   * @param rowLimit more changed rows than this must be rolled back, and told as an error
   */
  forward(permit: Permit, operationNumber: number, rowLimit?: number): void
  /** Tells the client in its own protocol; nothing reaches the target. */
  refuse(refusal: Refusal): void
}

/** An operation as a reviewer sees it, and how its client waits. Read only when a review is wanted. */
export interface Reviewable {
  /** SHA-256, hex, over the whole operation and all that gives it its meaning: what has the same digest does the same. */
  readonly digest: string
  /** What names in it stand for: prepared statements and cursors that it runs. */
  readonly definitions: readonly string[]
  readonly inTransaction: boolean
  /** The longest that the client can be held, milliseconds; 0 when it asked for a ticket at once. */
  readonly maxHoldMs: number
  /** Finds out what it would touch. Ends within a few seconds, changes nothing, never throws. */
  preview(how: 'rehearse' | 'count'): Promise<Preview>
  /** The operation is held from now on, until it is forwarded or refused. Called once, before `preview` and `announceWait`. */
  beginWait(wait: Wait): void
  /** Tells the client that it waits, in its own protocol, as soon as that protocol allows it. */
  announceWait(message: string, hint: string): void
}

/** How a client that is held gives up. */
export interface Wait {
  /** It does not want the operation any more, and is refused. */
  cancel(): void
  /** It has gone, or its session was ended. Nothing is told to it. */
  leave(): void
}

/** How a forwarded operation ended. */
export interface Outcome {
  readonly result: 'completed' | 'failed' | 'aborted'
  /** Rows returned or changed. */
  readonly rows: number
  /** Bytes of response sent to the client, after masking. */
  readonly bytes: number
  /** Values that a mask replaced in them. */
  readonly masked?: number | undefined
  /** SHA-256 over the result as the client got it, hex; the protocol says over which of its messages. Undefined for none. */
  readonly digest?: string | undefined
  /** The target's error code, such as an SQLSTATE. */
  readonly code?: string | undefined
  readonly durationMs: number
}
