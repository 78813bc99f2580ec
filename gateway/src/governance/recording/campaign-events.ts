import type { Campaign, CampaignDecision } from '../agents/campaign.ts'
import type { Person } from '../review/review.ts'
import type { CampaignClosed, CampaignDecided, CampaignOpened } from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'
import { recordPerson } from './record-identity.ts'

/** @param sha256 over the frozen facts */
export function encodeCampaignOpened(campaign: Omit<Campaign, 'items'> & { readonly items: readonly { readonly agent: string }[] }, sha256: string, at: number): string {
  const { id, openedBy, items, dueAtMs, independent, reviewers, reason, policyVersion } = campaign
  return JSON.stringify({
    v: 1, event: 'campaign.opened', at, campaign: id, by: recordPerson(openedBy), agents: cutList(items.map(({ agent }) => agent)), count: items.length, dueAt: dueAtMs, independent,
    ...(reviewers !== undefined && { reviewers: cutList(reviewers) }), reason: cut(reason), policyVersion, sha256,
  } satisfies CampaignOpened)
}

export function encodeCampaignDecided(campaign: string, agent: string, { decision, reason }: Pick<CampaignDecision, 'decision' | 'reason'>, by: Person, at: number): string {
  return JSON.stringify({ v: 1, event: 'campaign.decided', at, campaign, agent: cut(agent), decision, by: recordPerson(by), reason: cut(reason) } satisfies CampaignDecided)
}

export function encodeCampaignClosed(
  campaign: string, by: Person, { kept, removed, overdue }: { readonly kept: number; readonly removed: readonly string[]; readonly overdue: readonly string[] }, at: number,
): string {
  return JSON.stringify({ v: 1, event: 'campaign.closed', at, campaign, by: recordPerson(by), kept, removed: cutList(removed), overdue: cutList(overdue) } satisfies CampaignClosed)
}
