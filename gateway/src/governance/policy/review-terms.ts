import type { ReviewDemand } from '../review/review.ts'
import type { PolicyDocument, RuleEntry } from './policy-document.ts'

/** What a rule asks for where it does not say so itself. */
export const REVIEW_DEFAULTS = {
  approvals: 1,
  expiresMs: 15 * 60_000,
  holdMs: 60_000,
  transactionHoldMs: 10_000,
  preview: 'count',
  /** Of a rule with `during`: the longest window. */
  longestMs: 8 * 3_600_000,
} as const

/** Longest that a person can break the glass for; no rule can say more. */
export const BREAK_GLASS_LONGEST_MS = 60 * 60_000

/** How `reviewers` names an agent. No group of that form counts: whoever names groups in tokens could else pass for it. */
export const AGENT_REVIEWER = 'agent:'

/** What a rule wants before it lets something through; of no meaning for one that wants nothing. */
export function demandOf(entry: RuleEntry, roles: PolicyDocument['roles']): ReviewDemand {
  const holdMs = entry.holdMs ?? REVIEW_DEFAULTS.holdMs
  // Nobody is held for an access request, and there is nothing to preview.
  const held = entry.then === 'review'
  return Object.freeze({
    rule: entry.name,
    reviewers: entry.reviewers ?? roles.reviewer,
    approvals: entry.approvals ?? REVIEW_DEFAULTS.approvals,
    holdMs: held ? holdMs : 0,
    transactionHoldMs: held ? (entry.transactionHoldMs ?? Math.min(holdMs, REVIEW_DEFAULTS.transactionHoldMs)) : 0,
    expiresMs: entry.expiresMs ?? REVIEW_DEFAULTS.expiresMs,
    preview: held ? (entry.preview ?? REVIEW_DEFAULTS.preview) : 'none',
  })
}
