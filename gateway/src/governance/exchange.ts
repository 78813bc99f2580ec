import type { Refusal } from './decision.ts'
import type { Operation } from './operation.ts'
import type { Permit } from './permit.ts'

/** The verbs that a protocol lends to the security flow for one operation. It cannot reorder the checks. */
export interface Exchange {
  readonly operation: Operation
  /** Sends the original bytes to the target. Called at most once, never after `refuse`. */
  forward(permit: Permit, operationNumber: number): void
  /** Tells the client in its own protocol; nothing reaches the target. */
  refuse(refusal: Refusal): void
}

/** How a forwarded operation ended. */
export interface Outcome {
  readonly result: 'completed' | 'failed' | 'aborted'
  /** Rows returned or changed. */
  readonly rows: number
  /** Bytes of response sent to the client, after masking. */
  readonly bytes: number
  /** SHA-256 over the result as the client got it, hex; the protocol says over which of its messages. Undefined for none. */
  readonly digest?: string | undefined
  /** The target's error code, such as an SQLSTATE. */
  readonly code?: string | undefined
  readonly durationMs: number
}
