import { z } from 'zod'

export const LOCK_KINDS = ['identity', 'agent', 'target'] as const
const Kind = z.enum(LOCK_KINDS)
export type LockKind = z.infer<typeof Kind>
const NO_CONTROL_CHARACTERS = /^\P{Cc}*$/u
const Reason = z.string().trim().min(1).max(1_000).regex(NO_CONTROL_CHARACTERS)

/** Keeps an identity, an agent or a target from everything until it is lifted. */
export const LockRequest = z.strictObject({
  kind: Kind,
  /** Of an identity its name, letters' case aside, or its `sub`; the registered name of an agent or target. */
  name: z.string().min(1).max(253).regex(NO_CONTROL_CHARACTERS),
  /** Why, for the record. Whoever is locked reads it. */
  reason: Reason,
})
export type LockRequest = z.infer<typeof LockRequest>

export const Lock = z.object({
  kind: Kind,
  name: z.string(),
  /** Who placed it. */
  by: z.string(),
  reason: z.string(),
  placedAt: z.iso.datetime(),
})
export type Lock = z.infer<typeof Lock>

/** The newest first. */
export const LockList = z.object({ locks: z.array(Lock) })
export type LockList = z.infer<typeof LockList>

/** Goes as the query of a DELETE. */
export const LockLift = z.object({ reason: Reason })
