import type { EventBase, RecordedPerson } from './event-base.ts'

/** An access review of agents begins; what is known of each is frozen. */
export interface CampaignOpened extends EventBase<'campaign.opened'> {
  readonly campaign: string
  readonly by: RecordedPerson
  readonly agents: readonly string[]
  readonly count: number
  readonly dueAt: number
  readonly independent: boolean
  /** Absent: those who hold the role reviewer. */
  readonly reviewers?: readonly string[]
  readonly reason: string
  readonly policyVersion: number
  /** Over the frozen facts of all, as JSON in the order of the agents, hex. */
  readonly sha256: string
}

/** Written before it counts. The last one on an agent before the campaign is closed is the one that counts. */
export interface CampaignDecided extends EventBase<'campaign.decided'> {
  readonly campaign: string
  readonly agent: string
  readonly decision: 'keep' | 'remove'
  readonly by: RecordedPerson
  readonly reason: string
}

export interface CampaignClosed extends EventBase<'campaign.closed'> {
  readonly campaign: string
  readonly by: RecordedPerson
  readonly kept: number
  readonly removed: readonly string[]
  /** Of those removed: on which nobody decided in time. */
  readonly overdue: readonly string[]
}
