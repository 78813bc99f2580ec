import type { OperationFacts } from '../operation.ts'
import type { RuleEntry } from './policy-document.ts'
import { REVIEW_DEFAULTS } from './review-terms.ts'

/** Names listed before "and N more". */
const MAX_NAMED = 4
/** Longest name quoted; a client chooses the names it sends. */
const MAX_NAME = 90

/** What a request does, in a few words for its sender: `"delete" on public.orders`. Names, never values. */
export function describeOperation(facts: OperationFacts): string {
  const actions = facts.actions.length > 0 ? facts.actions.map((action) => `"${action}"`) : ['this request']
  const objects = facts.objects.length > 0 ? ` on ${list(facts.objects)}` : ''
  return list(actions) + objects
}

/**
 * The second half of every hint: what would pass. For a reader that acts on it at once.
 * @param granted rules that need nobody any more, by name
 */
export function whatIsPossible(possible: readonly RuleEntry[], granted: { has(rule: string): boolean }, readOnly: boolean): string {
  if (possible.length === 0) {
    return 'No rule of the policy lets you do anything on this target: ask its operator for one.'
  }
  const rules = list(possible.map((entry) => {
    if (granted.has(entry.name)) return entry.name
    return entry.name + (entry.then === 'review' ? ' (after a review)' : entry.during ? ' (with granted access)' : '')
  }))
  return readOnly
    ? `Only requests that change nothing can pass here, by rule: ${rules}.`
    : `Requests can pass here by rule: ${rules}.`
}

const MINUTE_MS = 60_000
/** Asked for in words to a client: long enough for one piece of work. */
const USUAL_MINUTES = 30

/**
 * How to come by the access that would have let a request through; nothing when none would.
 * @param one true when there is no other rule by which access could be granted, so that it need not be named
 */
export function howToAsk(first: RuleEntry | undefined, target: string, one: boolean): string {
  if (first === undefined) return ''
  const minutes = Math.min(USUAL_MINUTES, Math.floor((first.longestMs ?? REVIEW_DEFAULTS.longestMs) / MINUTE_MS))
  return `A person can grant access for a while, by rule "${first.name}": `
    + `sallyport access request ${target} ${one ? '' : `--rule ${first.name} `}--for ${minutes}m --reason "…". `
}

function list(names: readonly string[]): string {
  const named = names.slice(0, MAX_NAMED)
    .map((name) => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name))
  const more = names.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}
