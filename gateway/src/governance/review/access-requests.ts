import type { Grantable, Policy } from '../policy/policy.ts'
import { BREAK_GLASS_LONGEST_MS, demandOf, REVIEW_DEFAULTS } from '../policy/review-terms.ts'
import type { TargetEntry } from '../policy/policy-document.ts'
import { type AccessRequest, ReviewRefused } from './review-desk.ts'
import type { AccessReview, ReviewDemand } from './review.ts'
import { satisfies } from './who-may-answer.ts'

const MINUTE_MS = 60_000
const MAX_REASON_UNITS = 1_000

export interface ChosenAccess {
  readonly target: TargetEntry
  readonly rule: string
  readonly demand: ReviewDemand
  readonly reason: string
}

/** Which rule people are asked to let hold. Pure. @throws ReviewRefused */
export function chooseAccess(policy: Policy, request: AccessRequest): ChosenAccess {
  const reason = checkReason(request)
  const { target, options } = optionsOf(policy, request)
  const able = options.flatMap(({ rule, access }) => (access === undefined ? [] : [{ rule, ...access }]))
  const names = able.map(({ rule }) => rule).join(', ')
  const [first] = able
  if (first === undefined) throw new ReviewRefused('forbidden', `no rule lets people grant you access to ${target.name}`, 'Such a rule has `during: access-review`. Ask an administrator.')
  const chosen = able.find(({ rule }) => rule === request.rule)
  if (request.rule !== undefined && chosen === undefined) throw new ReviewRefused('invalid', `access by the rule "${request.rule}" cannot be granted to you on ${target.name}`, `Name one of: ${names}.`)
  if (chosen === undefined && able.length > 1) throw new ReviewRefused('invalid', 'access could be granted by more than one rule', `Name one of: ${names}.`)
  const { rule, demand, longestMs } = chosen ?? first
  checkMinutes(request.minutes, longestMs)
  return { target, rule, demand, reason }
}

export interface BrokenGlass {
  readonly target: TargetEntry
  readonly rules: readonly string[]
  readonly reason: string
}

/** Which rules somebody lets through on their own. Pure. @throws ReviewRefused */
export function chooseBreakGlass(policy: Policy, request: AccessRequest): BrokenGlass {
  const reason = checkReason(request)
  const { requester } = request
  if (requester.kind !== 'person' || requester.actors.length > 0) throw new ReviewRefused('forbidden', 'only people may break glass, and only for themselves', 'Ask for access instead.')
  const { target, options } = optionsOf(policy, request)
  const able = options.filter(({ breakGlass }) => breakGlass?.some((group) => requester.groups.includes(group))).map(({ rule }) => rule)
  const [first] = able
  if (first === undefined) throw new ReviewRefused('forbidden', `no rule lets you break glass on ${target.name}`, 'Rules name the groups that may with `breakGlass`. Ask for access, or for a review.')
  if (request.rule !== undefined && !able.includes(request.rule)) throw new ReviewRefused('invalid', `the rule "${request.rule}" cannot be broken by you on ${target.name}`, `Name one of: ${able.join(', ')}; or none, for all.`)
  checkMinutes(request.minutes, BREAK_GLASS_LONGEST_MS)
  return { target, rules: request.rule === undefined ? able : [request.rule], reason }
}

/** How long people granted access for, milliseconds, under the policy of now: undefined when it wants more answers. */
export function grantedMs({ document }: Policy, { rule, minutes, answers, requester }: AccessReview): number | 'rule-gone' | undefined {
  const entry = document.rules.find(({ name, during }) => name === rule && during !== undefined)
  if (entry === undefined) return 'rule-gone'
  if (!satisfies([demandOf(entry, document.roles)], answers, requester)) return undefined
  const least = Math.min(minutes, ...answers.map(({ narrow }) => narrow?.minutes ?? Infinity))
  return Math.min(least * MINUTE_MS, entry.longestMs ?? REVIEW_DEFAULTS.longestMs)
}

function optionsOf(policy: Policy, request: AccessRequest): { readonly target: TargetEntry; readonly options: readonly Grantable[] } {
  const { requester, claims, purpose } = request
  const target = policy.document.targets.find(({ name }) => name === request.target)
  if (target === undefined) throw new ReviewRefused('not-found', 'there is no such target', 'Use the name of a registered target.')
  // Of who acts no more counts here than the name: no group or claim of theirs gets access for anybody.
  const { actor: _, ...identity } = requester
  return { target, options: policy.grantable({ identity: { ...identity, claims }, target, purpose }) }
}

function checkReason({ reason }: AccessRequest): string {
  const text = reason.trim()
  if (text === '') throw new ReviewRefused('invalid', 'a reason is needed', 'Say why: reviewers read it, and it goes on record.')
  if (text.length > MAX_REASON_UNITS) throw new ReviewRefused('invalid', `the reason is longer than ${MAX_REASON_UNITS} characters`, 'Say it shorter.')
  return text
}

function checkMinutes(minutes: number, longestMs: number): void {
  const longest = Math.floor(longestMs / MINUTE_MS)
  if (!Number.isInteger(minutes) || minutes < 1) throw new ReviewRefused('invalid', 'minutes are a whole number, at least 1', `Ask for 1 to ${longest}.`)
  if (minutes > longest) throw new ReviewRefused('invalid', `${minutes} minutes are more than can be granted`, `Ask for at most ${longest}.`)
}
