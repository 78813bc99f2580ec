import { repeat } from '../repeat.ts'
import { chooseAccess, chooseBreakGlass } from './access-requests.ts'
import type { Change } from './change-signals.ts'
import type { Grant } from './grant.ts'
import { LiveGrants } from './live-grants.ts'
import { lockWords } from '../locks/lock.ts'
import { operationCard } from './operation-card.ts'
import { isOwn, requesterOf } from './requester.ts'
import {
  type AccessRequest, type GivenAnswer, type OperationRequest, type ReviewAdministration, type ReviewDesk, ReviewRefused,
} from './review-desk.ts'
import { digestOf, newGrantId, newReviewId } from './review-ids.ts'
import { isLocked, noReview, ReviewSteps } from './review-steps.ts'
import { ReviewWaits } from './review-waits.ts'
import type { AccessReview, OperationReview, Requester, Review, ReviewDemand } from './review.ts'
import type { ReviewsOptions } from './reviews-options.ts'
import { riskContext } from './risk-context.ts'
import { Turns } from './turns.ts'
import type { Session } from '../session.ts'

const TICK_MS = 5_000
const SWEEP_EVERY_MS = 3_600_000
const KEPT_MS = 90 * 86_400_000
const MINUTE_MS = 60_000
/** Of one identity on one target. */
const MAX_GRANTS = 20
/** Read at once, and at most: more are never open. */
const PAGE = 200
const MOST = 20_000

/** Reviews, grants, and who waits for them: for the security flow, and for the control API. */
export class Reviews implements ReviewDesk, ReviewAdministration {
  readonly #options: ReviewsOptions
  readonly #grants: LiveGrants
  readonly #waits: ReviewWaits
  readonly #steps: ReviewSteps
  readonly #turns = new Turns()
  #stopListening: (() => void)[] = []
  #endRounds: (() => Promise<void>) | undefined
  #sweptAtMs = 0
  #closed = false

  constructor(options: ReviewsOptions) {
    this.#options = options
    this.#grants = new LiveGrants(options)
    this.#waits = new ReviewWaits((id) => this.#steps.read(id))
    this.#steps = new ReviewSteps(options, this.#grants, this.#waits)
  }

  /** Takes on what was open and granted before. @throws Error of the store */
  async start(): Promise<void> {
    const { signals, store } = this.#options
    this.#stopListening = [signals.onChange((change) => this.#changed(change)), signals.onGap(() => this.#lookAtAll())]
    await this.#grants.lookAll()
    for (const { id, answers } of await store.listOpen()) if (answers.length > 0) await this.#tried(this.#steps.read(id))
    await this.#round()
    this.#endRounds = repeat(TICK_MS, () => this.#round())
  }

  /** Everybody who waits goes on with the review as it is; reviews stay open. */
  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#stopListening) stop()
    this.#grants.close()
    await this.#waits.close()
    await this.#endRounds?.()
  }

  /** Operations that wait for an answer in this gateway. */
  get waiting(): number {
    return this.#waits.size
  }

  async find(session: Session, digest: string): Promise<OperationReview | undefined> {
    const { store, now } = this.#options
    const found = await store.findStanding(digest, requesterOf(session.admission.identity), session.target.name)
    const review = found?.state === 'open' && found.answers.length > 0 ? await this.#steps.read(found.id) : found
    if (review?.kind !== 'operation' || review.expiresAtMs <= now()) return undefined
    return review.state === 'used' || review.state === 'expired' || review.state === 'withdrawn' ? undefined : review
  }

  async ask(request: OperationRequest): Promise<OperationReview> {
    const { policies, history, now } = this.#options
    const { session, operationNumber, reviewable, demands, policyVersion, preview } = request
    if (demands.length === 0) throw new RangeError('a review that demands nothing')
    const risk = await riskContext(request, history, policies.current.document)
    const createdAtMs = now()
    const review: OperationReview = {
      id: newReviewId(), kind: 'operation', state: 'open', requester: requesterOf(session.admission.identity),
      target: session.target.name, labels: session.target.labels, purpose: session.admission.purpose, digest: reviewable.digest,
      demands, policyVersion, createdAtMs, expiresAtMs: createdAtMs + Math.min(...demands.map(({ expiresMs }) => expiresMs)), answers: [],
      session: session.id, operation: operationNumber, protocol: session.protocol, card: operationCard(request, risk),
      // What a planner guesses limits nothing.
      rowLimit: preview?.method === 'rehearsed' || preview?.method === 'counted' ? preview.rows : undefined,
    }
    await this.#openUnlocked(review)
    return review
  }

  wait(id: string, ms: number, signal: AbortSignal): Promise<OperationReview> {
    return this.#waits.wait(id, ms, signal)
  }

  use(review: OperationReview, by: { readonly session: string; readonly operation: number }, demands: readonly ReviewDemand[]): Promise<boolean> {
    return this.#steps.use(review, by.session, by.operation, demands)
  }

  withdraw(id: string, reason: string): Promise<void>
  withdraw(id: string, by: Requester): Promise<Review>
  async withdraw(id: string, why: string | Requester): Promise<Review | void> {
    if (typeof why === 'string') return void await this.#steps.withdraw(id, why)
    const review = await this.#options.store.get(id)
    if (review === undefined) throw noReview()
    if (!isOwn(review.requester, why)) throw new ReviewRefused('forbidden', 'only who asked for it can withdraw it', 'Those who may answer it can deny it.')
    const withdrawn = await this.#steps.withdraw(id, 'who asked for it withdrew it')
    if (withdrawn === undefined) throw noReview()
    if (review.state === withdrawn.state || withdrawn.state !== 'withdrawn') throw new ReviewRefused('conflict', `it is not open any more: ${withdrawn.state}`, 'There is nothing to withdraw.')
    return withdrawn
  }

  grantsOf(requester: Requester, target: string): Promise<readonly Grant[]> {
    return this.#grants.of(requester, target)
  }

  /**
   * For a lock: withdraws what those whom it covers asked for or approved and nobody has used, and ends their grants.
   * @throws Error when something cannot be recorded or kept; what came before it is done
   */
  async shutOut(covers: (who: Requester) => boolean, reason: string): Promise<void> {
    const { store, now } = this.#options
    for (const review of await this.#unused()) {
      const approvers = review.answers.filter(({ answer }) => answer === 'approve').map(({ by }) => ({ ...by, groups: [], actors: [] }))
      if ([review.requester, ...approvers].some(covers)) await this.#steps.withdraw(review.id, reason)
    }
    for (const grant of await store.listGrants(now())) {
      if (covers(grant.requester)) await this.#turns.take(grant.id, () => this.#grants.end(grant, reason))
    }
  }

  /** Open or approved, all of them. */
  async #unused(): Promise<readonly Review[]> {
    const found: Review[] = []
    for (let after: string | undefined; ;) {
      const page = await this.#options.store.list({ states: ['open', 'approved'], limit: PAGE, ...(after === undefined ? {} : { after }) })
      found.push(...page)
      after = page.at(-1)?.id
      if (page.length < PAGE || found.length >= MOST) return found
    }
  }

  answer(id: string, digest: string, answer: GivenAnswer): Promise<Review> {
    return this.#steps.answer(id, digest, answer)
  }

  async requestAccess(request: AccessRequest): Promise<Review> {
    const { store, policies, now } = this.#options
    const policy = policies.current
    const { requester, purpose, minutes } = request
    const { target, rule, demand, reason } = chooseAccess(policy, request)
    const { kind, name, issuer, subject, actors } = requester
    const digest = digestOf(['access', target.name, rule, minutes, reason, kind, name, issuer, subject, actors])
    const before = await store.findStanding(digest, requester, target.name)
    if (before?.kind === 'access' && before.state !== 'denied' && before.expiresAtMs > now()) return before
    const createdAtMs = now()
    const review: AccessReview = {
      id: newReviewId(), kind: 'access', state: 'open', requester, target: target.name, labels: target.labels, purpose, digest,
      demands: [demand], policyVersion: policy.version, createdAtMs, expiresAtMs: createdAtMs + demand.expiresMs, answers: [], rule, minutes, reason,
    }
    await this.#openUnlocked(review)
    return review
  }

  async breakGlass(request: AccessRequest): Promise<Grant> {
    const { store, policies, now } = this.#options
    const { requester, minutes } = request
    const { target, rules, reason } = chooseBreakGlass(policies.current, request)
    return this.#turns.take(digestOf([requester.issuer, requester.subject]), async () => {
      const fromMs = now()
      if ((await store.listGrants(fromMs, { requester, target: target.name })).length >= MAX_GRANTS) {
        throw new ReviewRefused('conflict', `${MAX_GRANTS} grants of yours hold on ${target.name} already`, 'End some of them first.')
      }
      const grant: Grant = { id: newGrantId(), kind: 'break-glass', requester, target: target.name, rules, reason, fromMs, untilMs: fromMs + minutes * MINUTE_MS }
      this.#refuseLocked(requester)
      await this.#grants.give(grant)
      const lock = this.#options.locks.on(requester)
      if (lock === undefined) return grant
      await this.#grants.end(grant, lockWords(lock))
      throw isLocked(lock)
    })
  }

  async endGrant(id: string, by: Requester, mayEndAll: boolean): Promise<Grant> {
    return this.#turns.take(id, async () => {
      const { store, now } = this.#options
      const grant = await store.getGrant(id)
      if (grant === undefined) throw new ReviewRefused('not-found', 'there is no such grant', 'See those that hold: `sallyport access list`, or GET /api/v1/access.')
      if (!mayEndAll && !isOwn(grant.requester, by)) throw new ReviewRefused('forbidden', 'only who holds a grant, or an operator, can end it', 'Ask one of them.')
      const ended = grant.untilMs > now() ? await this.#grants.end(grant, `${by.name} ended it`) : undefined
      if (ended === undefined) throw new ReviewRefused('conflict', 'it is over already', 'There is nothing to end.')
      return ended
    })
  }

  /** Looked at once more when it is open: whoever is locked in that moment is shut out by the lock, or here. */
  async #openUnlocked(review: Review): Promise<void> {
    this.#refuseLocked(review.requester)
    await this.#steps.open(review)
    const lock = this.#options.locks.on(review.requester)
    if (lock === undefined) return
    await this.#steps.withdraw(review.id, lockWords(lock))
    throw isLocked(lock)
  }

  #refuseLocked(who: Requester): void {
    const lock = this.#options.locks.on(who)
    if (lock !== undefined) throw isLocked(lock)
  }

  #changed({ what, id }: Change): void {
    if (what === 'review') this.#waits.look(id)
    else if (what === 'grant') void this.#tried(this.#grants.look(id))
  }

  #lookAtAll(): void {
    this.#waits.lookAll()
    void this.#tried(this.#grants.lookAll())
  }

  /** Signals may be lost; what is read here is not. Never throws. */
  async #round(): Promise<void> {
    const { store, now } = this.#options
    await this.#tried(this.#steps.expire())
    if (this.#grants.size > 0) await this.#tried(this.#grants.lookAll())
    if (now() - this.#sweptAtMs < SWEEP_EVERY_MS) return
    this.#sweptAtMs = now()
    await this.#tried(store.sweep(now() - KEPT_MS))
  }

  async #tried(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      if (!this.#closed) this.#options.onError(error as Error, 'reviews could not be looked after, and will be again')
    }
  }
}
