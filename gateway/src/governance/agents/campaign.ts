import { nameKey } from '../name-key.ts'
import type { PolicyDocument } from '../policy/policy-document.ts'
import type { Person } from '../review/review.ts'
import type { AgentFacts } from './agent-facts.ts'

/** An access review of agents: for each, a person confirms it or marks it for removal. Times are Unix milliseconds. */
export interface Campaign {
  readonly id: string
  readonly state: 'open' | 'closed'
  readonly openedBy: Person
  readonly openedAtMs: number
  readonly dueAtMs: number
  /** An owner decides on none of their own agents. */
  readonly independent: boolean
  /** Groups whose people may decide on every agent; those of the role reviewer when absent. */
  readonly reviewers?: readonly string[]
  readonly reason: string
  /** Version of the policy that the facts were gathered under. */
  readonly policyVersion: number
  readonly closed?: { readonly by: Person; readonly atMs: number }
  readonly applied?: { readonly by: Person; readonly atMs: number; readonly policyVersion: number; readonly removed: readonly string[] }
  readonly items: readonly CampaignItem[]
}

export interface CampaignItem {
  readonly agent: string
  /** As they were when the campaign was opened. */
  readonly facts: AgentFacts
  readonly decision?: CampaignDecision
}

export interface CampaignDecision {
  readonly decision: 'keep' | 'remove'
  /** Absent when nobody decided in time, and whoever closed the campaign had such agents removed. */
  readonly by?: Person
  readonly reason: string
  readonly atMs: number
}

/** A campaign without what makes it large, for lists. */
export interface CampaignSummary extends Omit<Campaign, 'items'> {
  readonly agents: number
  readonly kept: number
  readonly removed: number
}

/** The port to where campaigns are kept. What changes one is done once, whichever gateway does it. */
export interface CampaignStore {
  add(campaign: Campaign): Promise<void>
  get(id: string): Promise<Campaign | undefined>
  /** The newest first. */
  list(query: { readonly limit: number; readonly owner?: string }): Promise<readonly CampaignSummary[]>
  /**
   * Changes an open campaign while nobody else can.
   * @param change gives decisions and what is to be written of the campaign itself; what it throws leaves all as it is
   * @returns the campaign as it is then, or undefined when there is none of that id
   */
  change(id: string, change: (campaign: Campaign) => Promise<CampaignChange>): Promise<Campaign | undefined>
}

export interface CampaignChange {
  readonly decisions?: ReadonlyMap<string, CampaignDecision>
  readonly closed?: Campaign['closed']
  readonly applied?: Campaign['applied']
}

/** Who decides, as far as it matters. */
export interface Decider {
  readonly person: Person
  readonly groups: readonly string[]
}

/**
 * Whether a person may decide on an item: its owner, unless the campaign is independent, and reviewers. To give a right the
 * name must be the owner's letter by letter; to take it away, any that people would take for it is enough.
 */
export function mayDecide({ person, groups }: Decider, campaign: Campaign, item: CampaignItem, roles: PolicyDocument['roles']): boolean {
  const { owner } = item.facts.entry
  if (person.kind !== 'person') return false
  if (campaign.independent && nameKey(owner.trim()) === nameKey(person.name)) return false
  if (!campaign.independent && owner === person.name) return true
  return isReviewer({ person, groups }, campaign, roles)
}

/** Whether a person is of a group that decides on every agent, but their own of an independent campaign. */
export function isReviewer({ person, groups }: Decider, { reviewers }: Pick<Campaign, 'reviewers'>, roles: PolicyDocument['roles']): boolean {
  return person.kind === 'person' && (reviewers ?? roles.reviewer).some((group) => groups.includes(group))
}

/** Agents marked for removal that are still as they were then, and those that are not. */
export function removable({ items }: Campaign, document: PolicyDocument): { readonly remove: readonly string[]; readonly changed: readonly string[]; readonly gone: readonly string[] } {
  const marked = items.filter(({ decision }) => decision?.decision === 'remove')
  const now = new Map(document.agents.map((entry) => [entry.name, entry]))
  const gone = marked.filter(({ agent }) => !now.has(agent)).map(({ agent }) => agent)
  const isSame = ({ agent, facts }: CampaignItem): boolean => {
    const entry = now.get(agent)
    return entry?.issuer === facts.entry.issuer && asText(entry.match) === asText(facts.entry.match) && entry.owner === facts.entry.owner
  }
  const there = marked.filter(({ agent }) => now.has(agent))
  return { remove: there.filter(isSame).map(({ agent }) => agent), changed: there.filter((item) => !isSame(item)).map(({ agent }) => agent), gone }
}

/** The order of claims means nothing. */
function asText(match: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(match).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
