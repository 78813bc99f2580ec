import type { Reviewable } from '../exchange.ts'
import type { Operation } from '../operation.ts'
import type { Session } from '../session.ts'
import type { Grant } from './grant.ts'
import type { Preview } from './preview.ts'
import type { Answer, OperationReview, Requester, Review, ReviewDemand } from './review.ts'

/** What the security flow asks of reviews. */
export interface ReviewDesk {
  /** The review of this very operation that is approved and not used yet, still open, or denied while it could yet be answered. */
  find(session: Session, digest: string): Promise<OperationReview | undefined>
  /** Asks for a review: on record, kept and told to people once it resolves. @throws Error when that is not possible */
  ask(request: OperationRequest): Promise<OperationReview>
  /** Resolves with the review as soon as it is not open any more, or as it is when the time is up or the signal says so. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<OperationReview>
  /**
   * Spends an approval, once among all gateways; on record before it resolves.
   * @returns false when it was used before, has expired, or its answers do not satisfy `demands`
   * @throws Error when it cannot be recorded
   */
  use(review: OperationReview, by: { readonly session: string; readonly operation: number }, demands: readonly ReviewDemand[]): Promise<boolean>
  /** The requester does not want it any more. */
  withdraw(id: string, reason: string): Promise<void>
  /** What holds for an identity on a target now. */
  grantsOf(requester: Requester, target: string): Promise<readonly Grant[]>
}

export interface OperationRequest {
  readonly session: Session
  readonly operationNumber: number
  readonly operation: Operation
  readonly reviewable: Pick<Reviewable, 'digest' | 'definitions' | 'inTransaction'>
  readonly demands: readonly ReviewDemand[]
  readonly policyVersion: number
  readonly preview: Preview | undefined
}

/** What the control API asks of reviews. Who may do what is decided behind it, so that no channel can go around it. */
export interface ReviewAdministration {
  /**
   * @param digest of the review as it was shown
   * @param answer by whom with all groups and actors: those decide whether it counts
   * @throws ReviewRefused; Error when it cannot be recorded or kept
   */
  answer(id: string, digest: string, answer: GivenAnswer): Promise<Review>
  /** @throws ReviewRefused when the caller did not ask for it, or it is closed */
  withdraw(id: string, by: Requester): Promise<Review>
  /** @param rule needed where more than one could be granted @throws ReviewRefused */
  requestAccess(request: AccessRequest): Promise<Review>
  /** A person of a named group passes at once. @throws ReviewRefused */
  breakGlass(request: AccessRequest): Promise<Grant>
  /** Its requester, an operator or administrator ends a grant before its time. @throws ReviewRefused */
  endGrant(id: string, by: Requester, mayEndAll: boolean): Promise<Grant>
}

export interface GivenAnswer extends Pick<Answer, 'answer' | 'reason' | 'narrow'> {
  readonly by: Requester
}

export interface AccessRequest {
  readonly requester: Requester
  /** Verified claims, for conditions. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly target: string
  readonly purpose: string
  readonly minutes: number
  readonly reason: string
  readonly rule?: string
}

/** Why an answer or a request does not count; message and hint are fit for a client. */
export class ReviewRefused extends Error {
  override readonly name = 'ReviewRefused'
  readonly kind: 'not-found' | 'forbidden' | 'conflict' | 'invalid'
  readonly hint: string
  constructor(kind: ReviewRefused['kind'], message: string, hint: string) {
    super(message)
    this.kind = kind
    this.hint = hint
  }
}
