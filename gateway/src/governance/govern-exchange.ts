import type { Decision, Refusal } from './decision.ts'
import type { Exchange, Outcome, Reviewable } from './exchange.ts'
import type { Gatekeeper, OpenRequest, RefusedLogin } from './gatekeeper.ts'
import { issuePermit } from './permit.ts'
import type { CredentialUse } from './recording/event-schema.ts'
import { encodeCredentialUsed, encodeDecided, encodeFinished, encodeLoginRefused } from './recording/events.ts'
import type { Ledger } from './recording/ledger.ts'
import { recordIfPossible } from './recording/record-if-possible.ts'
import { HeldOperation } from './review/held-operation.ts'
import { holdMs, previewWanted } from './review/demands.ts'
import { NOT_ASKED, NOT_REVIEWABLE, refusalAfterReview, waitingWords } from './review/review-words.ts'
import { type ReviewDesk, ReviewRefused } from './review/review-desk.ts'
import type { OperationReview } from './review/review.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

export interface GovernorOptions {
  readonly ledger: Ledger
  readonly sessions: Sessions
  readonly reviews: ReviewDesk
  /** Puts in force what another gateway has applied, as far as that can be done; never rejects. */
  readonly followPolicy: () => Promise<void>
  /** Told of what failed for a reason of the gateway's own, and what came of it. */
  readonly onError: (error: unknown, session: Session, message: string) => void
}

/** The security flow. The order of its steps is written here and nowhere else. */
export class Governor implements Gatekeeper {
  readonly #ledger: Ledger
  readonly #sessions: Sessions
  readonly #options: GovernorOptions

  constructor(options: GovernorOptions) {
    this.#ledger = options.ledger
    this.#sessions = options.sessions
    this.#options = options
  }

  open(request: OpenRequest): Promise<Session> {
    return this.#sessions.open(request)
  }

  loginRefused(login: RefusedLogin, reason: string): void {
    recordIfPossible(this.#ledger, encodeLoginRefused(login, reason, Date.now()))
  }

  govern(session: Session, exchange: Exchange): void {
    const operationNumber = ++session.operations
    const { operation } = exchange
    const decided = session.policy.decide(operation.facts)
    const decision = decided.effect === 'review' && operation.preparesOnly === true ? toPrepare(decided) : decided
    try {
      this.#ledger.append(encodeDecided(session, operationNumber, operation, decision, Date.now()))
      this.#ledger.onWritten((error) => this.#settle(session, exchange, operationNumber, decision, error))
    } catch {
      // The ledger takes no more: it is full of what it cannot write, or closed. Told later, as every answer is.
      setImmediate(() => this.#settle(session, exchange, operationNumber, decision, NOT_TAKEN))
    }
  }

  finish(session: Session, operationNumber: number, outcome: Outcome): void {
    // Nothing waits for an outcome: it is written with the next decision, or a moment later.
    try {
      this.#ledger.append(encodeFinished(session, operationNumber, outcome, Date.now()))
    } catch {
      // Its decision is on record; the ledger itself tells of the fault, and no further operation passes.
    }
  }

  credentialUsed(session: Session | undefined, use: CredentialUse): void {
    try {
      this.#ledger.append(encodeCredentialUsed(session?.id, use, Date.now()))
    } catch {
      // It has been used; the ledger itself tells of the fault, and no operation passes until it can write again.
    }
  }

  close(session: Session, reason: string): void {
    this.#sessions.close(session, reason)
  }

  /** After the decision is on record. Never throws: whoever wrote it has other sessions to tell, too. */
  #settle(session: Session, exchange: Exchange, operationNumber: number, decision: Decision, failure: Error | undefined): void {
    try {
      if (failure !== undefined) refuse(session, exchange, NOT_RECORDED)
      else if (decision.effect !== 'review' || session.ended !== undefined) answer(session, exchange, operationNumber, decision)
      else void this.#hold(session, exchange, operationNumber, decision)
    } catch (error) {
      this.#lost(session, error)
    }
  }

  /** Never rejects. */
  async #hold(session: Session, exchange: Exchange, operationNumber: number, decision: Decision): Promise<void> {
    try {
      conclude(session, exchange, operationNumber, await this.#reviewOrRefusal(session, exchange, operationNumber, decision))
    } catch (error) {
      this.#lost(session, error)
    }
  }

  /** A protocol failed at passing on or refusing, and may have done it by half: its session ends, and no other is touched. */
  #lost(session: Session, error: unknown): void {
    this.#options.onError(error, session, 'an operation could not be passed on or refused, so its session was ended')
    this.#sessions.end(session.id, 'an internal error')
  }

  async #reviewOrRefusal(session: Session, exchange: Exchange, operationNumber: number, decision: Decision): Promise<Refusal | Approval> {
    try {
      return await this.#review(session, exchange, operationNumber, decision)
    } catch (error) {
      if (error instanceof ReviewRefused) return { kind: 'denied', rule: decision.rule, message: error.message, hint: error.hint }
      this.#options.onError(error, session, 'an operation could not be held for review, so it was refused')
      return NOT_ASKED
    }
  }

  /** Holds the operation until people have answered, and decides again: policy and session may have changed meanwhile. */
  async #review(session: Session, exchange: Exchange, operationNumber: number, decision: Decision): Promise<Refusal | Approval> {
    const { reviewable } = exchange
    if (reviewable === undefined) return NOT_REVIEWABLE(decision)
    const { reviews } = this.#options
    const held = new HeldOperation(session)
    reviewable.beginWait(held)
    const review = await this.#reviewOf(session, exchange, operationNumber, decision, reviewable, held)
    // The answer may have come faster than the word of a policy that was applied before it elsewhere.
    if (review?.state === 'approved') await this.#options.followPolicy()
    if (held.ending !== undefined || session.ended !== undefined) {
      // Who has only gone may come again with the same operation; what was cancelled or revoked is not wanted any more.
      const why = held.ending === 'cancelled' ? 'the client cancelled it' : (session.ended ?? 'the session was ended')
      if (review !== undefined && held.ending !== 'left') await reviews.withdraw(review.id, why)
      return held.ending === 'cancelled' ? CANCELLED(decision) : SESSION_ENDED(session)
    }
    if (review?.state !== 'approved') return refusalAfterReview(decision, review)
    const again = session.policy.decide(exchange.operation.facts)
    if (again.effect === 'deny') return refusalOf(again)
    const used = await reviews.use(review, { session: session.id, operation: operationNumber }, again.demands ?? [])
    return used ? { held, decision: again, rowLimit: review.rowLimit } : refusalAfterReview(again, review)
  }

  /** The review of the operation, one that was asked for before or a new one, once it is answered or the client has waited long enough. */
  async #reviewOf(
    session: Session, exchange: Exchange, operationNumber: number, { demands = [], policyVersion }: Decision, reviewable: Reviewable, held: HeldOperation,
  ): Promise<OperationReview | undefined> {
    const { reviews } = this.#options
    let review = await reviews.find(session, reviewable.digest)
    if (review === undefined) {
      const how = previewWanted(demands)
      const preview = how === 'none' ? undefined : await reviewable.preview(how)
      if (held.ending !== undefined || session.ended !== undefined) return undefined
      review = await reviews.ask({ session, operationNumber, operation: exchange.operation, reviewable, demands, policyVersion, preview })
    }
    const ms = Math.min(holdMs(demands, reviewable.inTransaction), reviewable.maxHoldMs)
    if (review.state !== 'open' || ms <= 0 || held.ending !== undefined) return review
    const { message, hint } = waitingWords(review, ms)
    reviewable.announceWait(message, hint)
    return reviews.wait(review.id, ms, held.signal)
  }
}

/** An approval that was spent for the operation, and the decision under which it was. */
interface Approval {
  readonly held: HeldOperation
  readonly decision: Decision
  readonly rowLimit: number | undefined
}

/** Spending the approval took a moment, in which the client may have gone, or the policy changed. */
function conclude(session: Session, exchange: Exchange, operationNumber: number, result: Refusal | Approval): void {
  if ('kind' in result) return refuse(session, exchange, result)
  const now = session.policy.decide(exchange.operation.facts)
  if (result.held.ending === 'cancelled' && session.ended === undefined) refuse(session, exchange, CANCELLED(now))
  else if (result.held.ending !== undefined || session.ended !== undefined) refuse(session, exchange, SESSION_ENDED(session))
  else if (now !== result.decision) refuse(session, exchange, now.effect === 'deny' ? refusalOf(now) : POLICY_CHANGED(now))
  else exchange.forward(issuePermit(exchange.operation), operationNumber, result.rowLimit)
}

/** What needs no person's answer, or never comes to one. */
function answer(session: Session, exchange: Exchange, operationNumber: number, decision: Decision): void {
  if (session.ended !== undefined) refuse(session, exchange, SESSION_ENDED(session))
  else if (decision.effect === 'allow') exchange.forward(issuePermit(exchange.operation), operationNumber)
  else refuse(session, exchange, refusalOf(decision))
}

function refuse(session: Session, exchange: Exchange, refusal: Refusal): void {
  session.refused++
  exchange.refuse(refusal)
}

function refusalOf({ rule, message, hint }: Decision): Refusal {
  return { kind: 'denied', rule, message: message ?? 'the policy does not allow this', hint: hint ?? 'Send a statement that the rules allow.' }
}

/** By the decision to review it: remembered, so that it is one object on record too. */
const preparations = new WeakMap<Decision, Decision>()

function toPrepare(review: Decision): Decision {
  let decision = preparations.get(review)
  if (decision === undefined) {
    const { rule, policyVersion } = review
    decision = Object.freeze({ effect: 'allow', rule, policyVersion, prepares: true } as const)
    preparations.set(review, decision)
  }
  return decision
}

const NOT_TAKEN = new Error('the ledger takes no entries')

const NOT_RECORDED: Refusal = {
  kind: 'not-recorded',
  rule: 'ledger-unavailable',
  message: 'the gateway cannot record what it decides, so nothing is passed on',
  hint: 'Nothing was run. Try again later, and tell an operator that the ledger cannot be written.',
}

const SESSION_ENDED = ({ ended = 'the client has gone' }: Session): Refusal =>
  ({ kind: 'denied', rule: 'session-ended', message: `this session was ended: ${ended}`, hint: 'Connect again with a new token.' })

const CANCELLED = ({ rule }: Decision): Refusal =>
  ({ kind: 'cancelled', rule, message: 'the client cancelled it', hint: 'It was not run, and nobody is asked any more. Send it again to ask anew.' })

const POLICY_CHANGED = ({ rule }: Decision): Refusal =>
  ({ kind: 'denied', rule, message: 'the policy changed in the moment in which it was approved', hint: 'It was not run. Send it again to ask anew.' })
