import { nameKey } from '../name-key.ts'
import type { AgentEntry, PolicyDocument, RuleEntry } from '../policy/policy-document.ts'
import type { PolicySource } from '../policy/policy.ts'
import { agentEndsAtMs } from './agent-end.ts'
import type { AgentFacts, OwnerFacts } from './agent-facts.ts'
import type { IdentityUse, IdentityUseStore, LiveUse, RuleUseIndex } from './identity-use.ts'

export interface AgentInventoryOptions {
  readonly policies: PolicySource
  readonly use: IdentityUseStore
  readonly rules: RuleUseIndex
  /** Names of people who are locked now, by {@link nameKey}. */
  readonly lockedPeople: () => Promise<ReadonlySet<string>>
  /** Unix milliseconds. */
  readonly now: () => number
  /** Told when the index cannot say which rules were used; the rest is answered all the same. */
  readonly onError: (error: Error, message: string) => void
}

export interface InventoryQuery {
  /** Only these; all when absent. */
  readonly names?: readonly string[]
  /** An owner not seen for so long counts as gone, milliseconds. */
  readonly ownerUnseenMs: number
}

/** What every agent of the policy in force did and did not do. Reads what was summed up, never sessions one by one. */
export class AgentInventory {
  readonly #options: AgentInventoryOptions

  constructor(options: AgentInventoryOptions) {
    this.#options = options
  }

  /** In the order of the policy. */
  async list({ names, ownerUnseenMs }: InventoryQuery): Promise<readonly AgentFacts[]> {
    const { policies, use, now, lockedPeople } = this.#options
    const { document } = policies.current
    const wanted = names === undefined ? undefined : new Set(names)
    const entries = document.agents.filter(({ name }) => wanted?.has(name) ?? true)
    const owners = [...new Set(entries.map(({ owner }) => owner))]
    const [ended, live, seen, locked, rules] = await Promise.all([use.agents(names !== undefined && names.length <= FEW ? names : undefined), use.live(), use.peopleSeen(owners), lockedPeople(), this.#rulesUsed()])
    const of = byAgent(ended)
    const openOf = byAgent(live)
    const nowMs = now()
    return entries.map((entry): AgentFacts => {
      const used = ofEntry(of, entry)
      const open = ofEntry(openOf, entry)
      const all: readonly Pick<IdentityUse, 'target' | 'lastAtMs'>[] = [...used, ...open]
      const touched = new Set(all.map(({ target }) => target))
      const mayOpen = document.targets.map(({ name }) => name).filter((name) => entry.targets?.includes(name) ?? true)
      const decided = rules?.used.get(keyOf(entry.name, entry.issuer))
      const acted = rules?.used.get(keyOf(entry.name, ''))
      return {
        entry,
        expired: agentEndsAtMs(entry) <= nowMs,
        // An open session is seen now.
        ...(open.length > 0 ? { lastSeenMs: nowMs } : all.length > 0 && { lastSeenMs: Math.max(...all.map(({ lastAtMs }) => lastAtMs)) }),
        sessions: sum(used, 'sessions') + sum(open, 'sessions'),
        asActor: sum([...used, ...open].filter(({ role }) => role === 'actor'), 'sessions'),
        live: sum(open, 'sessions'),
        operations: sum(used, 'operations'),
        refused: sum(used, 'refused'),
        unusedTargets: mayOpen.filter((name) => !touched.has(name)),
        ...(rules !== undefined && {
          rules: { unused: rulesFor(document, mayOpen).filter(({ name }) => decided?.has(name) !== true && acted?.has(name) !== true).map(({ name }) => name), complete: rules.complete },
        }),
        owner: ownerFacts(entry.owner, seen.get(entry.owner), locked, ownerUnseenMs, nowMs),
      }
    })
  }

  async #rulesUsed(): Promise<{ used: ReadonlyMap<string, ReadonlySet<string>>; complete: boolean } | undefined> {
    try {
      const { uses, complete } = await this.#options.rules.ruleUse()
      const used = new Map<string, Set<string>>()
      for (const { agent, issuer, rule } of uses) {
        const key = keyOf(agent, issuer)
        const known = used.get(key) ?? new Set()
        known.add(rule)
        used.set(key, known)
      }
      return { used, complete }
    } catch (error) {
      this.#options.onError(error as Error, 'the inventory of agents goes without the use of rules')
      return undefined
    }
  }
}

/** Fewer are asked for by name, more with all others. */
const FEW = 100

const keyOf = (name: string, issuer: string): string => JSON.stringify([name, issuer])

/** By name, and by issuer where the use is the agent's own: another agent may have had the name. */
function byAgent<Use extends IdentityUse | LiveUse>(uses: readonly Use[]): ReadonlyMap<string, readonly Use[]> {
  const of = new Map<string, Use[]>()
  for (const use of uses) {
    if (use.role === 'person') continue
    const key = keyOf(use.name, use.issuer)
    const known = of.get(key)
    if (known === undefined) of.set(key, [use])
    else known.push(use)
  }
  return of
}

function ofEntry<Use>(of: ReadonlyMap<string, readonly Use[]>, { name, issuer }: AgentEntry): readonly Use[] {
  return [...(of.get(keyOf(name, issuer)) ?? []), ...(of.get(keyOf(name, '')) ?? [])]
}

function rulesFor({ rules }: PolicyDocument, targets: readonly string[]): readonly RuleEntry[] {
  const may = new Set(targets)
  return rules.filter((rule) => rule.targets === undefined || rule.targets.some((name) => may.has(name)))
}

function sum<Key extends string>(uses: readonly Readonly<Record<Key, number>>[], key: Key): number {
  return uses.reduce((total, use) => total + use[key], 0)
}

const DAY_MS = 86_400_000
const ONLY_SESSIONS = 'The gateway cannot tell whether they have left.'

function ownerFacts(owner: string, lastSeenMs: number | undefined, locked: ReadonlySet<string>, unseenMs: number, nowMs: number): OwnerFacts {
  const seen = lastSeenMs === undefined ? {} : { lastSeenMs }
  const last = lastSeenMs === undefined ? '' : new Date(lastSeenMs).toISOString().slice(0, 10)
  if (locked.has(nameKey(owner))) return { state: 'locked', ...seen, words: `${owner} is locked here.` }
  if (lastSeenMs === undefined) return { state: 'never-seen', words: `Nobody of the name ${owner} has ever had a session here. ${ONLY_SESSIONS}` }
  if (lastSeenMs > nowMs - unseenMs) return { state: 'seen', ...seen, words: `${owner} had a session on ${last}.` }
  return { state: 'not-lately', ...seen, words: `${owner} last had a session on ${last}, more than ${Math.floor(unseenMs / DAY_MS)} days ago. ${ONLY_SESSIONS}` }
}
