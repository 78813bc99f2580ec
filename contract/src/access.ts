import { z } from 'zod'
import { ReviewPerson } from './review.ts'

/** Asks for a time window on a target, or takes one where glass may be broken. */
export const AccessRequest = z.strictObject({
  target: z.string().min(1).max(253),
  minutes: z.int().min(1).max(366 * 24 * 60),
  /** Why; reviewers read it, and it goes on record. */
  reason: z.string().trim().min(1).max(1_000),
  /** Of a request: needed where more than one could be granted. Of broken glass: this one only, else all that name the caller's group. */
  rule: z.string().min(1).max(253).optional(),
})
export type AccessRequest = z.infer<typeof AccessRequest>

/** A time window in which rules let an identity through that would else not. Ends by itself. */
export const Grant = z.object({
  id: z.string(),
  /** `break-glass`: taken without a review, by somebody named for it. */
  kind: z.enum(['access', 'break-glass']),
  requester: ReviewPerson.extend({ actors: z.array(z.string()) }),
  target: z.string(),
  rules: z.array(z.string()),
  reason: z.string(),
  from: z.iso.datetime(),
  until: z.iso.datetime(),
})
export type Grant = z.infer<typeof Grant>

/** Those that hold now. */
export const GrantList = z.object({ grants: z.array(Grant) })
export type GrantList = z.infer<typeof GrantList>
