import type { Checkpoint } from '../checkpoint.ts'

/** A place that the gateway can add to but not rewrite: who holds it can tell whether the log was rewritten. */
export interface Anchor {
  /** For people: path of a file, or address of a webhook without what may be secret in it. */
  readonly name: string
  /**
   * Resolves once the checkpoint is kept there. Never called twice at once.
   * @throws Error; with `retryAfterMs` when the place asks for time
   */
  keep(checkpoint: Checkpoint): Promise<void>
}

export interface AnchorStatus {
  readonly anchor: string
  readonly state: 'waiting' | 'kept' | 'failing'
  /** Entries that the newest checkpoint kept there covers. */
  readonly size?: number
  /** When that was, Unix milliseconds. */
  readonly keptAtMs?: number
  /** Since when it fails, Unix milliseconds, and the latest error. */
  readonly failingSinceMs?: number
  readonly error?: string
}
