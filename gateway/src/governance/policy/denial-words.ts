import type { OperationFacts } from '../operation.ts'
import type { RuleEntry } from './policy-document.ts'

/** Names listed before "and N more". */
const MAX_NAMED = 4
/** Longest name quoted; a client chooses the names it sends. */
const MAX_NAME = 80

/** What a request does, in a few words for its sender: `"delete" on public.orders`. Names, never values. */
export function describeOperation(facts: OperationFacts): string {
  const actions = facts.actions.length > 0 ? facts.actions.map((action) => `"${action}"`) : ['this request']
  const objects = facts.objects.length > 0 ? ` on ${list(facts.objects)}` : ''
  return list(actions) + objects
}

/** The second half of every hint: what would pass. For a reader that acts on it at once. */
export function whatIsPossible(permitting: readonly RuleEntry[], readOnly: boolean): string {
  if (permitting.length === 0) {
    return 'No rule of the policy lets you do anything on this target: ask its operator for one.'
  }
  const rules = list(permitting.map(({ name, then }) => (then === 'review' ? `${name} (after a review)` : name)))
  return readOnly
    ? `Only requests that change nothing can pass here, by rule: ${rules}.`
    : `Requests can pass here by rule: ${rules}.`
}

function list(names: readonly string[]): string {
  const named = names.slice(0, MAX_NAMED)
    .map((name) => (name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name))
  const more = names.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}
