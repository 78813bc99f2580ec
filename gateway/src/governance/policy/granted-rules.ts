import type { Grant } from '../review/grant.ts'
import { type CompiledRule, couldHold, couldHoldOrFail } from './compiled-rule.ts'
import { subjectScope } from './condition-scope.ts'
import type { RuleEntry } from './policy-document.ts'
import type { Grantable, PolicySubject } from './policy.ts'
import { REVIEW_DEFAULTS } from './review-terms.ts'

/** What grants can change for somebody: each rule that one could name, and how it is come by. */
export function grantableRules(rules: readonly CompiledRule[], subject: PolicySubject): readonly Grantable[] {
  const scope = subjectScope(subject)
  return rules.flatMap((rule): Grantable[] => {
    const { entry, demand } = rule
    const access = entry.during !== undefined
    const breakGlass = mayBreakGlass(entry, subject)
    if (!access && !breakGlass) return []
    if (!(entry.then === 'review' ? couldHoldOrFail(rule, scope) : couldHold(rule, scope))) return []
    return [{
      rule: entry.name,
      ...(access ? { access: { demand, longestMs: entry.longestMs ?? REVIEW_DEFAULTS.longestMs } } : {}),
      ...(breakGlass ? { breakGlass: entry.breakGlass } : {}),
    }]
  })
}

/**
 * The id of the grant under which each rule holds, by rule. What a grant gives is judged by the document and the
 * identity of now: a rule that is gone, or not for this person any more, is not given by a grant made before.
 */
export function grantedRules(
  rules: readonly CompiledRule[], subject: PolicySubject, grants: readonly Grant[],
): ReadonlyMap<string, string> {
  const own = grants.filter((grant) => isOf(grant, subject))
  const granted = new Map<string, string>()
  for (const { entry } of own.length > 0 ? rules : []) {
    const naming = own.filter((grant) => grant.rules.includes(entry.name))
    // What people granted comes before what somebody took.
    const grant = naming.find(({ kind }) => kind === 'access' && entry.during !== undefined)
      ?? naming.find(({ kind }) => kind === 'break-glass' && mayBreakGlass(entry, subject))
    if (grant !== undefined) granted.set(entry.name, grant.id)
  }
  return granted
}

/** Only people, and nobody through an agent. */
function mayBreakGlass(
  entry: RuleEntry, { identity }: PolicySubject,
): entry is RuleEntry & { readonly breakGlass: readonly string[] } {
  if (entry.then !== 'review' && entry.during === undefined) return false
  return identity.kind === 'person' && identity.actors.length === 0
    && entry.breakGlass !== undefined && entry.breakGlass.some((group) => identity.groups.includes(group))
}

function isOf({ requester, target }: Grant, subject: PolicySubject): boolean {
  const { kind, name, issuer, subject: sub, actors } = subject.identity
  return target === subject.target.name && requester.kind === kind && requester.name === name && requester.issuer === issuer
    && requester.subject === sub && requester.actors.length === actors.length
    && requester.actors.every((actor, index) => actor === actors[index])
}
