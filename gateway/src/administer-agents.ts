import { addEntry, removeEntries } from './config/edit-entries.ts'
import type { AgentServices } from './api/api-services.ts'
import { AgentInventory } from './governance/agents/agent-inventory.ts'
import { AgentRefused, type AgentRegistry, type RegistryChange } from './governance/agents/agent-registry.ts'
import { Campaigns } from './governance/agents/campaigns.ts'
import type { RuleUseIndex } from './governance/agents/identity-use.ts'
import { nameKey } from './governance/name-key.ts'
import type { PolicyChange, PolicyHolder } from './governance/policy/policy-holder.ts'
import type { Ledger } from './governance/recording/ledger.ts'
import type { ChangeSignals } from './governance/review/change-signals.ts'
import { editPolicy } from './edit-policy.ts'
import type { Storage } from './storage/open-storage.ts'

export interface AgentServicesOptions {
  readonly policies: PolicyHolder
  readonly storage: Pick<Storage, 'identityUse' | 'campaigns' | 'signals'>
  readonly rules: RuleUseIndex
  readonly ledger: Ledger
  /** Those that hold now. */
  readonly locks: () => Promise<readonly { readonly kind: string; readonly name: string }[]>
  readonly onError: (error: Error, message: string) => void
}

/** Puts together what the control API needs of agents. */
export function agentServices({ policies, storage, rules, ledger, locks, onError }: AgentServicesOptions): AgentServices {
  const lockedPeople = async () => new Set((await locks()).filter(({ kind }) => kind === 'identity').map(({ name }) => nameKey(name)))
  const inventory = new AgentInventory({ policies, use: storage.identityUse, rules, lockedPeople, now: Date.now, onError })
  const registry = administerAgents(policies, storage.signals)
  const reviews = new Campaigns({ store: storage.campaigns, inventory, registry, policies, ledger, now: Date.now })
  return { inventory, registry, reviews, campaigns: storage.campaigns }
}

/** Agents by the text of the newest policy version: what a person wrote around them stays. */
export function administerAgents(policies: PolicyHolder, signals: Pick<ChangeSignals, 'tell'>): AgentRegistry {
  const edit = async (change: PolicyChange, names: () => readonly string[], by: string, expected: number | undefined): Promise<RegistryChange> =>
    ({ ...await editPolicy({ policies, signals }, change, by, expected), agents: names() })
  return {
    add: (entry, by, expected) => edit(({ text, document }) => {
      if (document.agents.some(({ name }) => name === entry.name)) throw new AgentRefused('exists', `there is an agent "${entry.name}" already`)
      return Promise.resolve(addEntry(text, 'agents', entry))
    }, () => [entry.name], by, expected),
    async remove(choose, by, expected) {
      let chosen: readonly string[] = []
      return edit(async ({ text, document }) => {
        chosen = await choose(document)
        const missing = chosen.find((name) => !document.agents.some((agent) => agent.name === name))
        if (missing !== undefined) throw new AgentRefused('no-such-agent', `there is no agent "${missing}"`)
        return removeEntries(text, 'agents', chosen)
      }, () => chosen, by, expected)
    },
  }
}
