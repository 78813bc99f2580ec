import type { Decision, Refusal } from '../decision.ts'
import type { OperationReview, ReviewDemand } from './review.ts'

/** What clients are told of reviews: rule, reason, next step. */

/** While an operation is held. */
export function waitingWords({ id, demands }: OperationReview, ms: number): { readonly message: string; readonly hint: string } {
  return {
    message: `held for review by rule ${rulesOf(demands)}: ${askedOf(demands)} must approve it; waiting ${Math.ceil(ms / 1000)} s (ticket ${id})`,
    hint: `They answer with: sallyport review show ${id}. Cancel to give up. After that time you get the ticket back, and may send the same again once it is approved.`,
  }
}

/** When it was not approved in time, or not at all. @param review undefined: nobody was asked */
export function refusalAfterReview(decision: Decision, review: OperationReview | undefined): Refusal {
  const { rule } = decision
  if (review === undefined) return NOT_ASKED
  const { id, demands, state } = review
  switch (state) {
    case 'open':
      return {
        kind: 'review-pending', rule, ticket: id,
        message: `${askedOf(demands)} must approve it, and nobody has answered yet`,
        hint: `It was not run. Once ticket ${id} is approved, send exactly the same again before ${new Date(review.expiresAtMs).toISOString()}: it then runs once.`,
      }
    case 'denied': {
      const denial = review.answers.find(({ answer }) => answer === 'deny')
      return { kind: 'denied', rule, message: `${denial?.by.name ?? 'a reviewer'} denied it: ${denial?.reason ?? 'no reason was given'}`, hint: `It was not run. Do not send it again unchanged: nobody is asked again before ${new Date(review.expiresAtMs).toISOString()}.` }
    }
    case 'expired':
      return { kind: 'denied', rule, message: `nobody answered ticket ${id} in time`, hint: 'It was not run. Send it again to ask anew.' }
    case 'withdrawn':
      return { kind: 'denied', rule, message: `ticket ${id} was withdrawn`, hint: 'It was not run. Send it again to ask anew.' }
    case 'approved':
    case 'used':
      return { kind: 'denied', rule, message: `the approval of ticket ${id} does not hold for this: it was used already, has expired, or the policy now asks for more`, hint: 'It was not run. Send it again to ask anew.' }
  }
}

/** The protocol has no way to show this very operation to a person, or to make sure that it is what runs. */
export const NOT_REVIEWABLE = ({ rule, message }: Decision): Refusal => ({
  kind: 'denied', rule, message: message ?? 'a person must approve this first',
  hint: 'It cannot be shown to a person as a whole in this form: send the statement itself, in a message of its own.',
})

export const NOT_ASKED: Refusal = {
  kind: 'not-recorded', rule: 'reviews-unavailable',
  message: 'nobody could be asked to approve it, because reviews cannot be kept now',
  hint: 'It was not run. Try again later, and tell an operator if it lasts.',
}

function rulesOf(demands: readonly ReviewDemand[]): string {
  return demands.map(({ rule }) => `"${rule}"`).join(' and ')
}

/** `1 of dba`, `2 of dba, payments`. */
function askedOf(demands: readonly ReviewDemand[]): string {
  return demands.map(({ reviewers, approvals }) => `${approvals} of ${reviewers.slice(0, 5).join(', ')}`).join(' and ')
}
