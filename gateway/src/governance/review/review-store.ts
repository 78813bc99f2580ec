import type { Grant } from './grant.ts'
import type { Answer, Requester, Review, ReviewState } from './review.ts'

/** The port to where reviews are kept. Gateways that share the state share them; each change is atomic among all. */
export interface ReviewStore {
  /** @throws Error when it cannot be kept: nobody may then be told that it waits */
  add(review: Review): Promise<void>
  get(id: string): Promise<Review | undefined>
  /** The newest that is open, approved or denied, of this digest, requester (kind, name, issuer, subject and actors) and target. */
  findStanding(digest: string, requester: Requester, target: string): Promise<Review | undefined>
  /** Newest first. */
  list(query: ReviewListQuery): Promise<readonly Review[]>
  /** All that are open, for the start of a gateway; at most 10,000, the oldest first. */
  listOpen(): Promise<readonly Review[]>
  /** How many are open, of one requester (as for {@link findStanding}) or of all. */
  countOpen(requester?: Requester): Promise<number>
  /**
   * Adds an answer while the review is open, not past its time at `answer.atMs`, and nobody of that name (letters' case aside) or subject has answered it yet.
   * Changes nothing else: the state is moved by {@link move}.
   * @returns the review as it is then, with all answers that came before, or why the answer does not count
   */
  answer(id: string, answer: Answer): Promise<Review | 'not-found' | 'not-open' | 'answered-already'>
  /**
   * From one state to another, if it is in that one and, going to `used`, not expired at `nowMs`.
   * @returns false when it was in another: somebody else was faster
   */
  move(id: string, from: ReviewState, to: ReviewState, change: { readonly expiresAtMs?: number; readonly nowMs: number }): Promise<boolean>
  /**
   * Moves what is open or approved and past its time to `expired`, at most 500 at once: call again until there is nothing.
   * @returns what it moved; each review is returned to one caller among all gateways
   */
  expire(nowMs: number): Promise<readonly Review[]>
  /** Removes what was asked for before `beforeMs` and is closed, and grants that ended before it. */
  sweep(beforeMs: number): Promise<void>

  addGrant(grant: Grant): Promise<void>
  getGrant(id: string): Promise<Grant | undefined>
  /** Those that hold at `nowMs`, of one requester (as for {@link findStanding}) on one target, or all; at most 10,000, the newest first. */
  listGrants(nowMs: number, of?: { readonly requester: Requester; readonly target: string }): Promise<readonly Grant[]>
  /** @returns false when it was over already */
  endGrant(id: string, atMs: number): Promise<boolean>
}

export interface ReviewListQuery {
  readonly limit: number
  /** Id of the last one of the page before. */
  readonly after?: string
  readonly states?: readonly ReviewState[]
  /** Only what this identity asked for; of somebody for whom nobody acts, also what was asked for on their behalf. */
  readonly requester?: Requester
}
