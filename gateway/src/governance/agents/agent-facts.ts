import type { AgentEntry } from '../policy/policy-document.ts'
import { agentEndsAtMs } from './agent-end.ts'

/** What is known of a registered agent. Times are Unix milliseconds. */
export interface AgentFacts {
  readonly entry: AgentEntry
  /** The day after its last one has begun. */
  readonly expired: boolean
  /** When it last had a session open, by itself or acting for somebody; absent when it never had. */
  readonly lastSeenMs?: number
  readonly sessions: number
  /** How many of them were somebody else's, for whom it acted. */
  readonly asActor: number
  /** How many of them are open, at any gateway. */
  readonly live: number
  /** Of sessions that have ended. */
  readonly operations: number
  readonly refused: number
  /** Targets of the policy that it may open and never did. */
  readonly unusedTargets: readonly string[]
  /** Rules that hold on targets that it may open, and never decided what it sent; absent when the index cannot say. */
  readonly rules?: { readonly unused: readonly string[]; readonly complete: boolean }
  readonly owner: OwnerFacts
}

/** What the gateway can know of an owner: not whether they have left, only when they were last here. */
export interface OwnerFacts {
  readonly state: 'seen' | 'not-lately' | 'never-seen' | 'locked'
  readonly lastSeenMs?: number
  /** The same for people, with what it does not mean. */
  readonly words: string
}

/** True when nobody seems to answer for the agent any more. */
export function isOrphaned({ owner }: AgentFacts): boolean {
  return owner.state !== 'seen'
}

/** True when it had no session open within that time. One that was never used counts, however new it is. */
export function isUnused({ lastSeenMs, live }: AgentFacts, forMs: number, nowMs: number): boolean {
  return live === 0 && (lastSeenMs === undefined || lastSeenMs <= nowMs - forMs)
}

/** True when its last day ends within that time, or has ended. */
export function isExpiring({ entry }: AgentFacts, withinMs: number, nowMs: number): boolean {
  return agentEndsAtMs(entry) <= nowMs + withinMs
}
