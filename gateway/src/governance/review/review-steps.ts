import { grantedMs } from './access-requests.ts'
import { checkAnswer } from './check-answer.ts'
import type { LiveGrants } from './live-grants.ts'
import { type Lock, type LockCheck, lockWords } from '../locks/lock.ts'
import { recordEvent } from '../recording/recording-events.ts'
import { recordIfPossible } from '../recording/record-if-possible.ts'
import { encodeAnswerVoided, encodeReviewAnswered, encodeReviewClosed, encodeReviewRequested, encodeReviewUsed } from '../recording/review-events.ts'
import type { ReviewNews } from './review-channel.ts'
import { type GivenAnswer, ReviewRefused } from './review-desk.ts'
import { digestOf, newGrantId } from './review-ids.ts'
import type { ReviewWaits } from './review-waits.ts'
import type { AccessReview, Answer, OperationReview, Review, ReviewDemand, ReviewState } from './review.ts'
import type { ReviewsOptions } from './reviews-options.ts'
import { tellChannels } from './tell-channels.ts'
import { Turns } from './turns.ts'
import { satisfies } from './who-may-answer.ts'

const MAX_OPEN = 10_000
const MAX_OPEN_EACH = 100

/**
 * The steps by which reviews change. Each is on record before it takes effect, and within one gateway a review takes one
 * at a time; between gateways the store decides who was first.
 */
export class ReviewSteps {
  readonly #options: ReviewsOptions
  readonly #grants: LiveGrants
  readonly #waits: ReviewWaits
  readonly #turns = new Turns()
  #adding = 0

  constructor(options: ReviewsOptions, grants: LiveGrants, waits: ReviewWaits) {
    this.#options = options
    this.#grants = grants
    this.#waits = waits
  }

  /** @throws ReviewRefused when too many are open; Error when it cannot be recorded or kept */
  async open(review: Review): Promise<void> {
    const { kind, name, issuer, subject, actors } = review.requester
    this.#adding++
    try {
      await this.#turns.take(`requester ${digestOf([kind, name, issuer, subject, actors])}`, () => this.#add(review))
    } finally {
      this.#adding--
    }
    this.#changed(review, 'review.requested')
  }

  async #add(review: Review): Promise<void> {
    const { store, ledger, now } = this.#options
    const [all, own] = await Promise.all([store.countOpen(), store.countOpen(review.requester)])
    if (own >= MAX_OPEN_EACH) throw new ReviewRefused('conflict', `${own} of your reviews are open, and no more are possible`, 'Wait until they are answered, or withdraw some.')
    if (all + this.#adding > MAX_OPEN) throw new ReviewRefused('conflict', 'too many reviews are open', 'Try again later, and tell an operator.')
    await recordEvent(ledger, encodeReviewRequested(review, now()))
    try {
      await store.add(review)
    } catch (error) {
      recordIfPossible(ledger, encodeReviewClosed(review.id, 'withdrawn', 'it could not be kept', now()))
      throw error
    }
  }

  /** A review, after what is still to be done with its answers: a crash, or a store that failed, may have come between. */
  async read(id: string): Promise<Review | undefined> {
    const review = await this.#options.store.get(id)
    return review === undefined || this.#verdict(review) === 'open' ? review : this.#turns.take(id, () => this.#settled(id))
  }

  /** See {@link ReviewAdministration.answer}. */
  async answer(id: string, digest: string, given: GivenAnswer): Promise<Review> {
    return this.#turns.take(id, async () => {
      const { ledger, now } = this.#options
      const review = await this.#settled(id)
      if (review === undefined) throw noReview()
      const lock = this.#options.locks.on(given.by)
      if (lock !== undefined) throw isLocked(lock)
      const answer = checkAnswer(review, digest, given, now())
      await recordEvent(ledger, encodeReviewAnswered(review, answer, verdictWith(review, answer), now()))
      const answered = await this.#keep(review, answer)
      this.#changed(answered, 'review.answered', { ...answered, state: verdictWith(review, answer) })
      const settled = await this.#settle(answered)
      if (answer.answer === 'approve' && ['denied', 'expired', 'withdrawn'].includes(settled.state)) throw tooLate(settled.state)
      return settled
    })
  }

  /** Spends an approval. See {@link ReviewDesk.use}. */
  async use(review: OperationReview, session: string, n: number, demands: readonly ReviewDemand[]): Promise<boolean> {
    return this.#turns.take(review.id, async () => {
      const { store, ledger, signals, now } = this.#options
      const nowMs = now()
      // Read anew: an answer that came at another gateway while it was approved here is among them, and none comes after.
      const approved = await store.get(review.id)
      if (approved?.kind !== 'operation' || approved.state !== 'approved' || approved.digest !== review.digest || approved.rowLimit !== review.rowLimit) return false
      if (lockedIn(approved, this.#options.locks) !== undefined) return false
      if (!satisfies([...approved.demands, ...demands], approved.answers, approved.requester)) return false
      if (!(await store.move(review.id, 'approved', 'used', { nowMs }))) return false
      try {
        await recordEvent(ledger, encodeReviewUsed(approved, session, n, approved.rowLimit, nowMs))
      } catch (error) {
        // Nothing ran: it may be used once the ledger can write again. Where that fails too, it stays spent.
        await store.move(review.id, 'used', 'approved', { nowMs }).catch(() => false)
        throw error
      }
      signals.tell({ what: 'review', id: review.id })
      return true
    })
  }

  /** Closes what is open or approved. @returns the review as it is then */
  async withdraw(id: string, reason: string): Promise<Review | undefined> {
    return this.#turns.take(id, async () => {
      const review = await this.#options.store.get(id)
      return review?.state === 'open' || review?.state === 'approved' ? this.#close(review, 'withdrawn', reason) : review
    })
  }

  /** Tells of all whose time is over. Nothing depends on it: what is over does not count, whether told or not. */
  async expire(): Promise<void> {
    const { store, ledger, now } = this.#options
    for (;;) {
      const expired = await store.expire(now())
      for (const review of expired) {
        const reason = this.#verdict({ ...review, state: 'open' }) === 'approved' ? 'it was approved, and not used in time' : 'it was not approved in time'
        recordIfPossible(ledger, encodeReviewClosed(review.id, 'expired', reason, now()))
        this.#changed(review, 'review.closed')
      }
      if (expired.length === 0) return
    }
  }

  async #settled(id: string): Promise<Review | undefined> {
    const review = await this.#options.store.get(id)
    return review && this.#settle(review)
  }

  /** Does what its answers say. */
  async #settle(review: Review): Promise<Review> {
    const verdict = this.#verdict(review)
    const lock = verdict === 'approved' ? lockedIn(review, this.#options.locks) : undefined
    if (lock !== undefined) return this.#close(review, 'withdrawn', lockWords(lock))
    if (verdict === 'denied') return this.#close(review, 'denied', denialOf(review))
    if (verdict === 'open') return review
    return review.kind === 'operation' ? this.#approve(review) : this.#grant(review)
  }

  async #approve(review: Review): Promise<Review> {
    const { store, now } = this.#options
    const nowMs = now()
    const expiresAtMs = nowMs + Math.min(...review.demands.map(({ expiresMs }) => expiresMs))
    const moved = await store.move(review.id, 'open', 'approved', { expiresAtMs, nowMs })
    const approved = await this.#reread(review)
    if (!moved || approved.state !== 'approved') return approved
    // From now on nobody can answer. Somebody at another gateway may have, until then.
    if (verdictOf(approved, approved.answers) === 'denied') return this.#close(approved, 'denied', denialOf(approved))
    this.#changed(approved)
    return approved
  }

  async #grant(review: AccessReview): Promise<Review> {
    const { store, policies, now } = this.#options
    const ms = grantedMs(policies.current, review)
    if (ms === 'rule-gone') return this.#close(review, 'withdrawn', `the policy changed: the rule "${review.rule}" is not granted any more`)
    if (ms === undefined) return review
    const { requester, target, rule, reason } = review
    const nowMs = now()
    const grant = { id: newGrantId(), kind: 'access', requester, target, rules: [rule], reason, fromMs: nowMs, untilMs: nowMs + ms } as const
    let claimed = false
    try {
      let answered = false
      const given = await this.#grants.give(grant, review.id, async () => {
        claimed = await store.move(review.id, 'open', 'used', { nowMs })
        // From now on nobody can answer. Somebody at another gateway may have, until then.
        answered = claimed && (await this.#reread(review)).answers.length !== review.answers.length
        return claimed && !answered
      })
      if (answered) {
        await store.move(review.id, 'used', 'open', { nowMs })
        return await this.#settle(await this.#reread(review))
      }
      if (!given) return await this.#reread(review)
    } catch (error) {
      // Without its grant it is not used: whoever looks at it next tries again.
      if (claimed) await store.move(review.id, 'used', 'open', { nowMs }).catch(() => false)
      throw error
    }
    const used = { ...review, state: 'used' } as const
    this.#changed(used)
    return used
  }

  async #close(review: Review, state: 'denied' | 'withdrawn', reason: string): Promise<Review> {
    const { store, ledger, now } = this.#options
    await recordEvent(ledger, encodeReviewClosed(review.id, state, reason, now()))
    const nowMs = now()
    const moved = await store.move(review.id, review.state, state, { nowMs })
    // Approved elsewhere in that moment: that holds no more than if it had been approved before.
    if (!moved && !(review.state === 'open' && await store.move(review.id, 'approved', state, { nowMs }))) return this.#reread(review)
    const closed = { ...review, state }
    this.#changed(closed, 'review.closed')
    return closed
  }

  /** Its event is on record. What does not count after all is on record too; where that cannot be told, whoever answered is. */
  async #keep(review: Review, answer: Answer): Promise<Review> {
    const { store, ledger, now } = this.#options
    let kept: Review | 'not-found' | 'not-open' | 'answered-already'
    try {
      kept = await store.answer(review.id, answer)
    } catch (error) {
      const found = await store.get(review.id)
      if (found?.answers.some(({ by, atMs }) => by.issuer === answer.by.issuer && by.subject === answer.by.subject && atMs === answer.atMs)) return found
      recordIfPossible(ledger, encodeAnswerVoided(review.id, answer.by, 'it could not be kept', now()))
      throw error
    }
    if (typeof kept === 'object') return kept
    recordIfPossible(ledger, encodeAnswerVoided(review.id, answer.by, VOID[kept], now()))
    if (kept === 'answered-already') throw new ReviewRefused('conflict', 'you have answered it already', 'Each person counts once, and an answer cannot be changed.')
    throw tooLate('closed')
  }

  /** What the answers of an open review come to, while it may be answered. */
  #verdict(review: Review): ReviewState & ('open' | 'approved' | 'denied') {
    const { state, expiresAtMs, answers } = review
    return state === 'open' && expiresAtMs > this.#options.now() ? verdictOf(review, answers) : 'open'
  }

  /** Somebody else was faster. */
  async #reread(review: Review): Promise<Review> {
    return await this.#options.store.get(review.id) ?? review
  }

  /** Those who wait here go on at once; all others are told. */
  #changed(review: Review, what?: Extract<ReviewNews, { review: Review }>['what'], told = review): void {
    this.#waits.wake(review)
    this.#options.signals.tell({ what: 'review', id: review.id })
    if (what !== undefined) tellChannels(this.#options, { what, review: told, atMs: this.#options.now() })
  }
}

/** The lock of who asked for it, or of who approved it: a login that somebody stole may have answered. */
function lockedIn({ requester, answers }: Review, locks: LockCheck): Lock | undefined {
  return locks.on(requester) ?? answers.map(({ by }) => locks.on({ ...by, actors: [] })).find((lock) => lock !== undefined)
}

export function isLocked(lock: Lock): ReviewRefused {
  return new ReviewRefused('forbidden', lockWords(lock), 'Nothing is asked or answered until it is lifted. Ask an operator.')
}

function verdictOf({ demands, requester }: Review, answers: readonly Answer[]): 'open' | 'approved' | 'denied' {
  if (answers.some(({ answer }) => answer === 'deny')) return 'denied'
  return demands.length > 0 && answers.length > 0 && satisfies(demands, answers, requester) ? 'approved' : 'open'
}

function verdictWith(review: Review, answer: Answer): 'open' | 'approved' | 'denied' {
  return verdictOf(review, [...review.answers, answer])
}

function denialOf({ answers }: Review): string {
  const denial = answers.find(({ answer }) => answer === 'deny')
  return `${denial?.by.name ?? 'somebody'} denied it: ${denial?.reason ?? 'no reason was given'}`
}

const VOID = { 'not-found': 'the review was not there any more', 'not-open': 'the review was not open any more', 'answered-already': 'they had answered it already' } as const

export function noReview(): ReviewRefused {
  return new ReviewRefused('not-found', 'there is no such review', 'See those that there are: `sallyport review list`, or GET /api/v1/reviews.')
}

function tooLate(state: string): ReviewRefused {
  return new ReviewRefused('conflict', `your answer came too late: it is ${state}`, 'It has no effect.')
}
