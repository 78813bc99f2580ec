import type { Requester } from './review.ts'

/** A time window in which one identity is let through by rules that would else not hold. Ends by itself. */
export interface Grant {
  readonly id: string
  /**
   * `access`: rules with `during: access-review` hold. `break-glass`: rules that want a review let through without one,
   * because somebody named for it took that on themselves.
   */
  readonly kind: 'access' | 'break-glass'
  readonly requester: Requester
  readonly target: string
  readonly rules: readonly string[]
  readonly reason: string
  /** Unix milliseconds. */
  readonly fromMs: number
  readonly untilMs: number
}
