import { z } from 'zod'

const Kind = z.enum(['session', 'identity'])
const Reason = z.string().trim().min(1).max(1000)

/** Keeps recordings whatever their retention says. An identity's is on its sessions and on those on its behalf. */
export const HoldRequest = z.strictObject({
  kind: Kind,
  /** Id of the session, or name of the identity. */
  subject: z.string().min(1).max(256),
  /** Why, for the record. */
  reason: Reason,
})
export type HoldRequest = z.infer<typeof HoldRequest>

export const Hold = z.object({
  kind: Kind,
  subject: z.string(),
  /** Who placed it. */
  by: z.string(),
  reason: z.string(),
  placedAt: z.iso.datetime(),
})
export type Hold = z.infer<typeof Hold>

/** The newest first. */
export const HoldList = z.object({ holds: z.array(Hold) })
export type HoldList = z.infer<typeof HoldList>

/** Goes as the query of a DELETE. */
export const HoldRelease = z.object({ reason: Reason })
