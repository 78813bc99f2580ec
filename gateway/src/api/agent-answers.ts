import type { Agent, Campaign as CampaignAnswer, CampaignSummary as SummaryAnswer } from '@sallyport/contract'
import type { AgentFacts } from '../governance/agents/agent-facts.ts'
import { AgentRefused } from '../governance/agents/agent-registry.ts'
import type { Campaign, CampaignItem, CampaignSummary } from '../governance/agents/campaign.ts'
import { CampaignRefused } from '../governance/agents/campaigns.ts'
import { EditRefused } from '../governance/policy/edited-policy.ts'
import { PolicyMoved } from '../governance/policy/policy-versions.ts'
import { ApiFailure } from './api-failure.ts'

export function toAgent({ entry, expired, lastSeenMs, sessions, asActor, live, operations, refused, unusedTargets, rules, owner }: AgentFacts): Agent {
  const { name, issuer, match, expires, targets, purpose } = entry
  return {
    name, issuer, match: { ...match }, owner: entry.owner, purpose, ...(expires !== undefined && { expires }), ...(targets !== undefined && { targets: [...targets] }),
    expired, lastSeenAt: toTime(lastSeenMs), sessions, asActor, live, operations, refused, unusedTargets: [...unusedTargets],
    unusedRules: rules === undefined ? null : [...rules.unused], rulesComplete: rules?.complete ?? false,
    ownerState: owner.state, ownerLastSeenAt: toTime(owner.lastSeenMs), ownerWords: owner.words,
  }
}

export function toSummary(campaign: CampaignSummary): SummaryAnswer {
  const { id, state, openedBy, openedAtMs, dueAtMs, independent, reviewers, reason, policyVersion, closed, applied, agents, kept, removed } = campaign
  return {
    id, state, openedBy: openedBy.name, openedAt: new Date(openedAtMs).toISOString(), dueAt: new Date(dueAtMs).toISOString(), independent,
    reviewers: reviewers === undefined ? null : [...reviewers], reason, policyVersion, closedBy: closed?.by.name ?? null, closedAt: toTime(closed?.atMs),
    appliedVersion: applied?.policyVersion ?? null, agents, kept, removed,
  }
}

/** @param items those that the caller may see */
export function toCampaign(campaign: Campaign, items: readonly CampaignItem[], mayDecide: (agent: string) => boolean): CampaignAnswer {
  const count = (wanted: string): number => items.filter(({ decision }) => decision?.decision === wanted).length
  return {
    ...toSummary({ ...campaign, agents: items.length, kept: count('keep'), removed: count('remove') }),
    items: items.map(({ agent, facts, decision }) => ({
      agent: toAgent(facts), decision: decision?.decision ?? null, decidedBy: decision?.by?.name ?? null, decidedAt: toTime(decision?.atMs),
      reason: decision?.reason ?? null, mayDecide: campaign.state === 'open' && mayDecide(agent),
    })),
  }
}

const KINDS = { 'not-found': 'not-found', forbidden: 'forbidden', conflict: 'conflict', invalid: 'not-possible', 'not-recorded': 'not-recorded' } as const

/** Puts refusals of agents, campaigns and changes of the policy into words for the client. @throws ApiFailure */
export async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CampaignRefused) throw new ApiFailure(KINDS[error.kind], error.message, error.hint)
    if (error instanceof PolicyMoved) throw new ApiFailure('conflict', `version ${error.newest} of the policy is in force by now`, 'Look again at what is to be changed, then repeat it.')
    if (error instanceof AgentRefused) {
      if (error.kind === 'no-such-agent') throw new ApiFailure('not-found', error.message, 'See which there are: `sallyport agent list`.')
      throw new ApiFailure('conflict', error.message, 'Choose another name, or remove that one first.')
    }
    if (error instanceof EditRefused) {
      throw new ApiFailure('invalid-policy', `${error.message}; the policy in force stays`, 'Correct what is named, or edit the document itself and apply it.', error.problems.slice(0, 100))
    }
    throw error
  }
}

function toTime(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString()
}
