import { createHash, randomBytes } from 'node:crypto'
import type { PolicyDocument } from '../policy/policy-document.ts'
import type { PolicySource } from '../policy/policy.ts'
import { encodeCampaignClosed, encodeCampaignDecided, encodeCampaignOpened } from '../recording/campaign-events.ts'
import type { Ledger } from '../recording/ledger.ts'
import { recordEvent } from '../recording/recording-events.ts'
import type { Person } from '../review/review.ts'
import type { AgentInventory } from './agent-inventory.ts'
import type { AgentRegistry, RegistryChange } from './agent-registry.ts'
import { type Campaign, type CampaignDecision, type CampaignStore, type Decider, isReviewer, mayDecide, removable } from './campaign.ts'

export interface CampaignsOptions {
  readonly store: CampaignStore
  readonly inventory: AgentInventory
  readonly registry: AgentRegistry
  readonly policies: PolicySource
  readonly ledger: Ledger
  /** Unix milliseconds. */
  readonly now: () => number
}

export interface CampaignRequest {
  readonly openedBy: Person
  readonly dueAtMs: number
  /** All of the policy when absent. */
  readonly agents?: readonly string[]
  readonly independent: boolean
  readonly reviewers?: readonly string[]
  readonly reason: string
  readonly ownerUnseenMs: number
}

/** Why something cannot be done with a campaign; its words are fit for a client. */
export class CampaignRefused extends Error {
  override readonly name = 'CampaignRefused'
  readonly kind: 'not-found' | 'forbidden' | 'conflict' | 'invalid' | 'not-recorded'
  readonly hint: string
  constructor(kind: CampaignRefused['kind'], message: string, hint: string) {
    super(message)
    this.kind = kind
    this.hint = hint
  }
}

/** Access reviews of agents: opened with frozen facts, decided by people, signed off, and only then applied. */
export class Campaigns {
  readonly #options: CampaignsOptions

  constructor(options: CampaignsOptions) {
    this.#options = options
  }

  /** @throws CampaignRefused */
  async open(request: CampaignRequest): Promise<Campaign> {
    const { inventory, policies, store, now } = this.#options
    const { ownerUnseenMs, agents, ...rest } = request
    const { version } = policies.current
    const facts = await inventory.list({ ownerUnseenMs, ...(agents !== undefined && { names: agents }) })
    const missing = agents?.find((name) => !facts.some(({ entry }) => entry.name === name))
    if (missing !== undefined) throw new CampaignRefused('invalid', `there is no agent "${missing}"`, 'See which there are: `sallyport agent list`.')
    if (facts.length === 0) throw new CampaignRefused('invalid', 'the policy has no agents', 'Register one first: `sallyport agent add`.')
    const nowMs = now()
    const items = facts.map((one) => ({ agent: one.entry.name, facts: one })).toSorted((a, b) => (a.agent < b.agent ? -1 : 1))
    const campaign: Campaign = { ...rest, id: `cp_${randomBytes(16).toString('base64url')}`, state: 'open', openedAtMs: nowMs, policyVersion: version, items }
    const sha256 = createHash('sha256').update(JSON.stringify(items.map((item) => item.facts))).digest('hex')
    await this.#record(encodeCampaignOpened(campaign, sha256, nowMs))
    await store.add(campaign)
    return campaign
  }

  /** The last decision on an agent counts. @throws CampaignRefused */
  async decide(id: string, agent: string, decider: Decider, decision: Pick<CampaignDecision, 'decision' | 'reason'>): Promise<Campaign> {
    return this.#change(id, async (campaign) => {
      const item = campaign.items.find((one) => one.agent === agent)
      if (item === undefined) throw noSuchItem()
      if (!this.mayDecide(decider, campaign, agent)) {
        throw new CampaignRefused('forbidden', campaign.independent ? 'this campaign is independent: an owner decides on none of their own agents' : 'only its owner and reviewers decide on this agent',
          'Ask somebody of the groups that the campaign names, or a reviewer.')
      }
      if (campaign.state === 'closed') throw closed()
      const atMs = this.#options.now()
      await this.#record(encodeCampaignDecided(id, agent, decision, decider.person, atMs))
      return { decisions: new Map([[agent, { ...decision, by: decider.person, atMs }]]) }
    })
  }

  mayDecide(decider: Decider, campaign: Campaign, agent: string): boolean {
    const item = campaign.items.find((one) => one.agent === agent)
    return item !== undefined && mayDecide(decider, campaign, item, this.#roles)
  }

  /** What a person sees of a campaign: its reviewers all, an owner their own agents. */
  seenBy(decider: Decider, campaign: Campaign): Campaign['items'] {
    if (isReviewer(decider, campaign, this.#roles)) return campaign.items
    return campaign.items.filter((item) => decider.person.kind === 'person' && item.facts.entry.owner === decider.person.name)
  }

  /** @param overdue `remove`: once it is due, agents on which nobody has decided are marked for removal @throws CampaignRefused */
  async close(id: string, by: Person, overdue: 'remove' | undefined): Promise<Campaign> {
    return this.#change(id, async ({ state, items, dueAtMs }) => {
      if (state === 'closed') throw closed()
      const atMs = this.#options.now()
      const open = items.filter(({ decision }) => decision === undefined).map(({ agent }) => agent)
      if (open.length > 0 && overdue === undefined) {
        throw new CampaignRefused('conflict', `nobody has decided on ${open.length} of ${items.length} agents`, 'Have them decided, or once it is due close it with those marked for removal.')
      }
      if (open.length > 0 && atMs < dueAtMs) {
        throw new CampaignRefused('conflict', `it is due on ${new Date(dueAtMs).toISOString()}: until then people may still decide`, 'Close it after that.')
      }
      const decisions = new Map(open.map((agent): [string, CampaignDecision] => [agent, { decision: 'remove', reason: 'nobody decided in time', atMs }]))
      const removed = items.filter(({ agent, decision }) => decisions.has(agent) || decision?.decision === 'remove').map(({ agent }) => agent)
      await this.#record(encodeCampaignClosed(id, by, { kept: items.length - removed.length, removed, overdue: open }, atMs))
      return { decisions, closed: { by, atMs } }
    })
  }

  /** What {@link apply} would do now. @throws CampaignRefused */
  async plan(id: string, document: PolicyDocument): Promise<ReturnType<typeof removable>> {
    const campaign = await this.#options.store.get(id)
    if (campaign === undefined) throw noSuch()
    if (campaign.state === 'open') throw new CampaignRefused('conflict', 'the campaign is not signed off', 'Close it first: `sallyport agent campaign close`.')
    return removable(campaign, document)
  }

  /**
   * Removes the agents that were marked and are still as they were.
   * @param before called with those that will be removed, and what it throws stops it
   * @throws CampaignRefused; as {@link AgentRegistry.remove}
   */
  async apply(id: string, by: Person, expected: number | undefined, before: (names: readonly string[]) => Promise<void>): Promise<RegistryChange> {
    const change = await this.#options.registry.remove(async (document) => {
      const { remove } = await this.plan(id, document)
      if (remove.length === 0) throw new CampaignRefused('conflict', 'none of its agents has to be removed any more', 'Nothing is left to do.')
      await before(remove)
      return remove
    }, by.name, expected)
    await this.#change(id, () => Promise.resolve({ applied: { by, atMs: this.#options.now(), policyVersion: change.version, removed: change.agents } }))
    return change
  }

  get #roles(): PolicyDocument['roles'] {
    return this.#options.policies.current.document.roles
  }

  async #change(id: string, change: Parameters<CampaignStore['change']>[1]): Promise<Campaign> {
    const campaign = await this.#options.store.change(id, change)
    if (campaign === undefined) throw noSuch()
    return campaign
  }

  async #record(entry: string): Promise<void> {
    try {
      await recordEvent(this.#options.ledger, entry)
    } catch {
      throw new CampaignRefused('not-recorded', 'this could not be put on record, so it was not done', 'Try again later, and tell an operator that the ledger cannot be written.')
    }
  }
}

function noSuch(): CampaignRefused {
  return new CampaignRefused('not-found', 'there is no such campaign, or you may not see it', 'See those that you may: `sallyport agent campaign list`.')
}

function noSuchItem(): CampaignRefused {
  return new CampaignRefused('not-found', 'there is no such agent in this campaign, or you may not see it', 'See those that you may: `sallyport agent campaign show`.')
}

function closed(): CampaignRefused {
  return new CampaignRefused('conflict', 'the campaign is closed', 'Open another one.')
}
