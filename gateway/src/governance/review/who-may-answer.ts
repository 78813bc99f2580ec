import { nameKey } from '../name-key.ts'
import { AGENT_REVIEWER } from '../policy/review-terms.ts'
import type { Answer, Person, Requester, Review, ReviewDemand } from './review.ts'

/** Who of all people may answer a review, and which answers satisfy what it demands. Pure. */

/** Of the same name, letters' case aside, or the same subject of an issuer: one of both is enough not to count twice. */
export function isSamePerson(a: Person, b: Person): boolean {
  return nameKey(a.name) === nameKey(b.name) || (a.issuer === b.issuer && a.subject === b.subject)
}

/** Whether somebody asked for it, or acts in it for whoever asked. */
export function isInvolved(person: Person, requester: Requester): boolean {
  if ([requester, requester.actor].some((one) => one !== undefined && isSamePerson(person, one))) return true
  const keys = new Set([nameKey(person.name), nameKey(person.subject)])
  return requester.actors.some((actor) => keys.has(nameKey(actor)))
}

/**
 * The groups, of those that the demands name, with which somebody may answer; none when they may not. An agent has one,
 * its own name, and no group of a token can pass for that.
 */
export function answeringGroups(demands: readonly ReviewDemand[], requester: Requester, by: Requester): readonly string[] {
  if (by.actors.length > 0 || isInvolved(by, requester)) return []
  const held = by.kind === 'agent' ? [`${AGENT_REVIEWER}${by.name}`] : by.groups.filter((group) => !group.startsWith(AGENT_REVIEWER))
  const named = new Set(demands.flatMap(({ reviewers }) => reviewers))
  return [...new Set(held)].filter((group) => named.has(group))
}

/** Whether an answer of theirs would count now. */
export function mayAnswer(review: Review, by: Requester, nowMs: number): boolean {
  return review.state === 'open' && review.expiresAtMs > nowMs && review.answers.every((answer) => !isSamePerson(answer.by, by))
    && answeringGroups(review.demands, review.requester, by).length > 0
}

/** How many more different people must approve before one demand is satisfied. */
export function missingApprovals(demand: ReviewDemand, answers: readonly Answer[], requester: Requester): number {
  const counted: Person[] = []
  for (const { answer, by, groups } of answers) {
    if (answer !== 'approve' || isInvolved(by, requester) || counted.some((one) => isSamePerson(one, by))) continue
    if (groups.some((group) => demand.reviewers.includes(group) && isHeldBy(group, by))) counted.push(by)
  }
  return Math.max(0, Math.max(1, demand.approvals) - counted.length)
}

/** Whether answers satisfy every demand, and nobody denied. Nothing demanded is satisfied by anything but a denial. */
export function satisfies(demands: readonly ReviewDemand[], answers: readonly Answer[], requester: Requester): boolean {
  return answers.every(({ answer }) => answer === 'approve') && demands.every((demand) => missingApprovals(demand, answers, requester) === 0)
}

function isHeldBy(group: string, by: Person): boolean {
  return group.startsWith(AGENT_REVIEWER) ? by.kind === 'agent' && group === `${AGENT_REVIEWER}${by.name}` : by.kind === 'person'
}
