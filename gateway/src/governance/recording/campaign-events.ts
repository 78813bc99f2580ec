import type { Campaign, CampaignDecision } from '../agents/campaign.ts'
import type { Person } from '../review/review.ts'
import type { CampaignClosed, CampaignDecided, CampaignOpened, RecordedPerson } from './event-schema.ts'
import { fitList, fitText } from './fit-entry.ts'

const TEXT_BYTES = 4_096
const LIST_BYTES = 12_288

/** @param sha256 over the frozen facts */
export function encodeCampaignOpened(campaign: Omit<Campaign, 'items'> & { readonly items: readonly { readonly agent: string }[] }, sha256: string, at: number): string {
  const { id, openedBy, items, dueAtMs, independent, reviewers, reason, policyVersion } = campaign
  return JSON.stringify({
    v: 1, event: 'campaign.opened', at, campaign: id, by: person(openedBy), agents: cutList(items.map(({ agent }) => agent)), count: items.length, dueAt: dueAtMs, independent,
    ...(reviewers !== undefined && { reviewers: cutList(reviewers) }), reason: cut(reason), policyVersion, sha256,
  } satisfies CampaignOpened)
}

export function encodeCampaignDecided(campaign: string, agent: string, { decision, reason }: Pick<CampaignDecision, 'decision' | 'reason'>, by: Person, at: number): string {
  return JSON.stringify({ v: 1, event: 'campaign.decided', at, campaign, agent: cut(agent), decision, by: person(by), reason: cut(reason) } satisfies CampaignDecided)
}

export function encodeCampaignClosed(
  campaign: string, by: Person, { kept, removed, overdue }: { readonly kept: number; readonly removed: readonly string[]; readonly overdue: readonly string[] }, at: number,
): string {
  return JSON.stringify({ v: 1, event: 'campaign.closed', at, campaign, by: person(by), kept, removed: cutList(removed), overdue: cutList(overdue) } satisfies CampaignClosed)
}

function person({ kind, name, issuer, subject }: Person): RecordedPerson {
  return { kind, name: cut(name), issuer: cut(issuer), subject: cut(subject) }
}

const cut = (text: string): string => fitText(text, TEXT_BYTES).value
const cutList = (items: readonly string[]): string[] => fitList(items, LIST_BYTES).value.map(String)
