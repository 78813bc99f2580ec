import type { Review } from '@sallyport/contract'
import { colours } from '../../terminal/colours.ts'
import { oneLine, shorten } from '../../terminal/plain-text.ts'
import { plainTable } from '../../terminal/table.ts'

/** Short words for a review, in lists. */

export function reviewTable(reviews: readonly Review[]): string {
  return plainTable(['REVIEW', 'STATE', 'WHO', 'TARGET', 'RULE', 'MISSING', 'UNTIL', 'ASKS FOR'], reviews.map((review) => [
    review.id, stateWords(review), shorten(whoWords(review), 40), shorten(review.target, 30), shorten(review.demands.map(({ rule }) => rule).join(', '), 40),
    review.state === 'open' ? missingWords(review) : '', review.expiresAt, askedWords(review, 60),
  ]))
}

/** One line of what became of a review; `state` first, as it is what is new. */
export function newsLine(review: Review): string {
  const { answers } = review
  const last = answers.at(-1)
  const by = last === undefined ? '' : `, ${answerWords(last)}`
  return `${stateWords(review)} ${review.id}  ${oneLine(whoWords(review))} on ${oneLine(review.target)}: ${askedWords(review, 160)}${by}`
}

export function stateWords({ state, mayAnswer }: Review): string {
  if (state === 'open') return colours.yellow(mayAnswer ? 'open *' : 'open')
  return state === 'approved' || state === 'used' ? colours.green(state) : colours.red(state)
}

/** The identity, who acts for it, and what it is. */
export function whoWords({ requester }: Pick<Review, 'requester'>): string {
  return [requester.name, ...requester.actors.map((actor) => `by ${actor}`)].join(' ')
}

export function askedWords(review: Review, length: number): string {
  return review.kind === 'operation' ? shorten(review.card.text, length) : shorten(`${review.minutes} minutes: ${review.reason}`, length)
}

export function missingWords({ demands }: Review): string {
  return demands.filter(({ missing }) => missing > 0).map(({ missing, reviewers }) => `${missing} of ${shorten(reviewers.join(', '), 60)}`).join('; ')
}

export function answerWords({ by, answer, reason, rows, minutes }: Review['answers'][number]): string {
  const limit = [...(rows === null ? [] : [`at most ${rows} rows`]), ...(minutes === null ? [] : [`at most ${minutes} minutes`])]
  const words = `${answer === 'approve' ? 'approved' : 'denied'} by ${oneLine(by.name)}${limit.length === 0 ? '' : ` for ${limit.join(', ')}`}`
  return reason === null ? words : `${words}: ${oneLine(reason)}`
}
