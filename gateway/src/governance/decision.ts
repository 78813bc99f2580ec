import type { ReviewDemand } from './review/review.ts'

/** What policy says to one operation. */

export type Effect = 'allow' | 'deny' | 'review'

export interface Decision {
  readonly effect: Effect
  /** Name of the rule that made the decision; see {@link BUILT_IN_RULES} for those not in the document. */
  readonly rule: string
  /** Version of the policy document that held the rule. */
  readonly policyVersion: number
  /** For `deny` and `review`: the rule's own words. */
  readonly message?: string
  /** For `deny`: what to do instead. */
  readonly hint?: string
  /** For `review`: what each rule that matched asks for. All must be satisfied. */
  readonly demands?: readonly ReviewDemand[]
  /** For `allow`: id of the grant without which it would not be. */
  readonly grant?: string
  /** For `allow`: only to make it known to the target; to run it a review is needed. */
  readonly prepares?: boolean
}

/** Rules that hold whatever the document says. Their names cannot be used in it. */
export const BUILT_IN_RULES = {
  /** No rule matched. */
  noMatch: 'no-rule-matched',
  /** A masked field would leave by a way on which it cannot be masked. */
  maskedField: 'masked-field',
  /** The protocol feature is never passed on. */
  unsupported: 'unsupported-request',
} as const

/** What the client is told when an operation does not run, in neutral words; each protocol puts it in its own. */
export interface Refusal {
  /** `review-pending`: a person has been asked, and it may be sent again once they have approved. `cancelled`: by the client. */
  readonly kind: 'denied' | 'review-pending' | 'cancelled' | 'not-recorded'
  readonly rule: string
  readonly message: string
  readonly hint: string
  /** For `review-pending`: the id of the review. */
  readonly ticket?: string
}
