import type { Refusal } from '../../../governance/decision.ts'

const VERBS: Record<Refusal['kind'], string> = {
  denied: 'refused by rule',
  'review-pending': 'waits for a review by rule',
  cancelled: 'cancelled while it waited for a review by rule',
  'not-recorded': 'refused:',
}

/** A refusal as the text of a status: rule, reason, next step, and the ticket where there is one. */
export function refusalWords({ kind, rule, message, hint, ticket }: Refusal): string {
  const asked = ticket === undefined ? '' : ` (ticket ${ticket})`
  return `${VERBS[kind]} "${rule}"${asked}: ${message}${/[.!?]$/.test(message) ? '' : '.'} ${hint}`
}
