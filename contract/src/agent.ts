import { z } from 'zod'

const Timestamp = z.iso.datetime()
const Name = z.string().min(1).max(63)
const Reason = z.string().trim().min(1).max(1_000)
const Words = z.string().max(1_000)
const DAY_MS = 86_400_000

/** `30d` and the like: whole days, 1 to 3650. Gives milliseconds. */
export const Days = z.string().regex(/^[1-9][0-9]{0,3}d$/, 'a time in days, such as 30d')
  .transform((text) => Number(text.slice(0, -1)) * DAY_MS).refine((ms) => ms <= 3_650 * DAY_MS, 'at most 3650d')

/** An agent as the policy document registers it; the same members, checked by the same rules. */
export const AgentEntry = z.object({
  name: z.string(),
  issuer: z.string(),
  match: z.record(z.string(), z.string()),
  owner: z.string(),
  purpose: z.string(),
  expires: z.string().exactOptional(),
  targets: z.array(z.string()).exactOptional(),
})
export type AgentEntry = z.infer<typeof AgentEntry>

export const AgentRequest = z.strictObject({
  name: Name,
  issuer: Name,
  match: z.record(z.string().min(1).max(1_000), Words).refine((match) => Object.keys(match).length > 0 && Object.keys(match).length <= 50),
  owner: Words,
  purpose: Words,
  expires: z.string().max(10).exactOptional(),
  targets: z.array(Name).min(1).max(1_000).exactOptional(),
  /** Version of the policy that must be the newest. */
  policyVersion: z.int().min(1).exactOptional(),
})
export type AgentRequest = z.infer<typeof AgentRequest>

/** What is known of a registered agent. */
export const Agent = AgentEntry.extend({
  expired: z.boolean(),
  /** When it last had a session open, by itself or acting for somebody. */
  lastSeenAt: Timestamp.nullable(),
  sessions: z.int(),
  /** How many of them were somebody else's, for whom it acted. */
  asActor: z.int(),
  /** How many of them are open, at any gateway. */
  live: z.int(),
  /** Of sessions that have ended. */
  operations: z.int(),
  refused: z.int(),
  /** Targets that it may open and never did. */
  unusedTargets: z.array(z.string()),
  /** Rules for its targets that never decided what it sent. Null when the index cannot say. */
  unusedRules: z.array(z.string()).nullable(),
  /** False when not all of the ledger was searched for the rules. */
  rulesComplete: z.boolean(),
  ownerState: z.enum(['seen', 'not-lately', 'never-seen', 'locked']),
  ownerLastSeenAt: Timestamp.nullable(),
  /** What can be known of the owner, in words. */
  ownerWords: z.string(),
})
export type Agent = z.infer<typeof Agent>

/** Each filter leaves out agents that it does not hold for. `ownerUnseen`: after how long an owner counts as gone, 90d when absent. */
export const AgentQuery = z.object({
  unused: Days.optional(), expiring: Days.optional(), orphaned: z.enum(['true', 'false']).optional(), ownerUnseen: Days.optional(),
})

export const AgentList = z.object({
  agents: z.array(Agent),
  /** Of the policy in force. */
  policyVersion: z.int(),
})
export type AgentList = z.infer<typeof AgentList>

/** What a change of agents came to. */
export const AgentChange = z.object({
  /** The version in force then. */
  policyVersion: z.int(),
  /** Agents that were added or removed; with `dryRun`, would be. */
  agents: z.array(z.string()),
  dryRun: z.boolean(),
  /** Agents that were left although they were asked for, each with why. */
  left: z.array(z.object({ agent: z.string(), reason: z.string() })),
})
export type AgentChange = z.infer<typeof AgentChange>

/** Goes as the query of a DELETE. */
export const AgentRemoval = z.object({ policyVersion: z.coerce.number().int().min(1).optional() })

/** Removes agents that had no session for so long. `agents` and `policyVersion` are those of the dry run: nothing else is removed. */
export const PruneRequest = z.discriminatedUnion('dryRun', [
  z.strictObject({ dryRun: z.literal(true), unused: z.string() }),
  z.strictObject({ dryRun: z.literal(false), unused: z.string(), agents: z.array(Name).min(1).max(2_000), policyVersion: z.int().min(1) }),
])
export type PruneRequest = z.infer<typeof PruneRequest>

export const CampaignRequest = z.strictObject({
  /** Until when all are to be decided. */
  due: z.string(),
  /** All of the policy when absent. */
  agents: z.array(Name).min(1).max(2_000).exactOptional(),
  /** Nobody decides on an agent that they own. */
  independent: z.boolean().default(false),
  /** Groups whose people may decide on every agent; those of the role reviewer when absent. */
  reviewers: z.array(z.string().min(1).max(1_000)).min(1).max(100).exactOptional(),
  reason: Reason,
})
export type CampaignRequest = z.input<typeof CampaignRequest>

export const CampaignSummary = z.object({
  id: z.string(),
  state: z.enum(['open', 'closed']),
  openedBy: z.string(),
  openedAt: Timestamp,
  dueAt: Timestamp,
  independent: z.boolean(),
  reviewers: z.array(z.string()).nullable(),
  reason: z.string(),
  policyVersion: z.int(),
  closedBy: z.string().nullable(),
  closedAt: Timestamp.nullable(),
  /** Once its result was applied: the version of the policy without the agents that were removed. */
  appliedVersion: z.int().nullable(),
  /** How many, of those that the caller sees. */
  agents: z.int(),
  kept: z.int(),
  removed: z.int(),
})
export type CampaignSummary = z.infer<typeof CampaignSummary>

/** The newest first. */
export const CampaignList = z.object({ campaigns: z.array(CampaignSummary) })
export type CampaignList = z.infer<typeof CampaignList>

export const Campaign = CampaignSummary.extend({
  items: z.array(z.object({
    /** As it was when the campaign was opened. */
    agent: Agent,
    decision: z.enum(['keep', 'remove']).nullable(),
    /** Null also when nobody decided in time. */
    decidedBy: z.string().nullable(),
    decidedAt: Timestamp.nullable(),
    reason: z.string().nullable(),
    /** Whether the caller may decide on it now. */
    mayDecide: z.boolean(),
  })),
})
export type Campaign = z.infer<typeof Campaign>

export const CampaignDecision = z.strictObject({ agent: Name, decision: z.enum(['keep', 'remove']), reason: Reason })
export type CampaignDecision = z.infer<typeof CampaignDecision>

/** `overdue`: once it is due, agents on which nobody has decided are marked for removal. */
export const CampaignClosing = z.strictObject({ overdue: z.literal('remove').exactOptional() })
export type CampaignClosing = z.infer<typeof CampaignClosing>

/** Without `policyVersion` of a dry run nothing is removed but by the newest version. */
export const CampaignApplication = z.strictObject({ dryRun: z.boolean(), policyVersion: z.int().min(1).exactOptional() })
export type CampaignApplication = z.infer<typeof CampaignApplication>
