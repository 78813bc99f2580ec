import type { LockCheck } from '../locks/lock.ts'
import type { PolicySource } from '../policy/policy.ts'
import type { Ledger } from '../recording/ledger.ts'
import type { ChangeSignals } from './change-signals.ts'
import type { Grant } from './grant.ts'
import type { ReviewChannel } from './review-channel.ts'
import type { ReviewHistory } from './review-history.ts'
import type { ReviewStore } from './review-store.ts'

export interface ReviewsOptions {
  readonly store: ReviewStore
  readonly signals: ChangeSignals
  readonly ledger: Ledger
  readonly channels: readonly ReviewChannel[]
  readonly policies: PolicySource
  readonly history: ReviewHistory
  /** Who is locked neither asks nor answers, and what they approved does not count. */
  readonly locks: LockCheck
  /** Ends the sessions of this gateway that were opened under a grant. */
  readonly endSessions: (grant: Grant, reason: string) => void
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told of what failed in the background and is tried again. */
  readonly onError: (error: Error, message: string) => void
}
