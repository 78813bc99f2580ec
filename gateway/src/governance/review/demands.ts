import type { ReviewDemand } from './review.ts'

/** How long the most impatient demand holds a client, milliseconds. */
export function holdMs(demands: readonly ReviewDemand[], inTransaction: boolean): number {
  return Math.min(...demands.map((demand) => (inTransaction ? demand.transactionHoldMs : demand.holdMs)))
}

/** What the most curious demand wants to know. */
export function previewWanted(demands: readonly ReviewDemand[]): ReviewDemand['preview'] {
  const wanted = new Set(demands.map(({ preview }) => preview))
  return wanted.has('rehearse') ? 'rehearse' : wanted.has('count') ? 'count' : 'none'
}
