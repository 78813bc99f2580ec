import type { AgentEntry, PolicyDocument } from '../policy/policy-document.ts'
import type { AgentChanged, AgentRegistered, AgentRevoked, RecordedAgent } from './event-schema.ts'
import { cut, cutList } from './fit-entry.ts'

type AgentEvent = AgentRegistered | AgentChanged | AgentRevoked
const SETTINGS = ['issuer', 'match', 'owner', 'purpose', 'expires', 'targets'] as const

/** What an applied version of the policy means for each agent, as entries of the ledger; none for those left as they were. */
export function encodeAgentEvents(before: Pick<PolicyDocument, 'agents'>, after: Pick<PolicyDocument, 'agents'>, policyVersion: number, at: number): string[] {
  const known = new Map(before.agents.map((agent) => [agent.name, agent]))
  const events: AgentEvent[] = []
  for (const agent of after.agents) {
    const old = known.get(agent.name)
    known.delete(agent.name)
    if (old === undefined) {
      events.push({ v: 1, event: 'agent.registered', at, ...recordAgent(agent, policyVersion) })
      continue
    }
    const changed = SETTINGS.filter((setting) => !same(old[setting], agent[setting]))
    if (changed.length > 0) events.push({ v: 1, event: 'agent.changed', at, ...recordAgent(agent, policyVersion), changed })
  }
  for (const name of known.keys()) events.push({ v: 1, event: 'agent.revoked', at, agent: cut(name), policyVersion })
  return events.map((event) => JSON.stringify(event))
}

function recordAgent(agent: AgentEntry, policyVersion: number): RecordedAgent {
  const { name, issuer, match, owner, purpose, expires, targets } = agent
  return {
    agent: cut(name), issuer: cut(issuer), match: cutList(Object.entries(match).map(([claim, value]) => `${claim}=${value}`)),
    owner: cut(owner), purpose: cut(purpose),
    ...(expires !== undefined && { expires }), ...(targets !== undefined && { targets: cutList(targets) }), policyVersion,
  }
}

/** The order of claims means nothing, that of a list of targets neither. */
function same(a: AgentEntry[keyof AgentEntry], b: AgentEntry[keyof AgentEntry]): boolean {
  return ordered(a) === ordered(b)
}

function ordered(value: AgentEntry[keyof AgentEntry]): string {
  if (typeof value !== 'object') return JSON.stringify(value ?? null)
  const items = Array.isArray(value) ? value : Object.entries(value)
  return JSON.stringify(items.map((item) => JSON.stringify(item)).toSorted(byText))
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
