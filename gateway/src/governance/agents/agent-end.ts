import type { AgentEntry } from '../policy/policy-document.ts'

/** Unix milliseconds from which an agent is no longer registered: the end of its last day, in UTC; infinite when it has none. */
export function agentEndsAtMs({ expires }: Pick<AgentEntry, 'expires'>): number {
  if (expires === undefined) return Number.POSITIVE_INFINITY
  const day = Date.parse(`${expires}T00:00:00Z`)
  // A date that cannot be read ends the agent rather than making it everlasting.
  return Number.isNaN(day) ? Number.NEGATIVE_INFINITY : day + 86_400_000
}
