import { randomBytes } from 'node:crypto'
import { agentEndsAtMs } from './agents/agent-end.ts'
import type { OpenRequest } from './gatekeeper.ts'
import { withPurpose } from './declared-purpose.ts'
import { AuthenticationError, type Authenticator, type Identity } from './identity.ts'
import { type LockCheck, refuseLocked } from './locks/lock.ts'
import type { Policy, PolicySource } from './policy/policy.ts'
import type { Ledger } from './recording/ledger.ts'
import { encodeLoginRefused, encodeSessionClosed, encodeSessionOpened } from './recording/events.ts'
import { recordEvent } from './recording/recording-events.ts'
import { recordIfPossible } from './recording/record-if-possible.ts'
import { RecordingUnavailable, type Recordings } from './recording/recordings.ts'
import type { SessionStore } from './recording/session-store.ts'
import type { ReviewDesk } from './review/review-desk.ts'
import { requesterOf } from './review/requester.ts'
import type { Requester } from './review/review.ts'
import type { Session } from './session.ts'

interface Live {
  readonly session: Session
  /** Names of the agents in it: the identity itself, or who acts for it. */
  readonly agents: readonly string[]
  readonly end: (reason: string) => void
  timer?: NodeJS.Timeout
  /** Its beginning is in the ledger, so that its end goes there too. */
  isOnRecord?: boolean
}

export interface SessionsOptions {
  readonly policies: PolicySource
  readonly authenticator: Authenticator
  readonly ledger: Ledger
  readonly store: SessionStore
  readonly recordings: Pick<Recordings, 'open'>
  readonly reviews: Pick<ReviewDesk, 'grantsOf'>
  readonly locks: LockCheck
  /** A session ends after this long, whatever happens in it; at most what a timer takes, 24 days. */
  readonly maxSessionMs: number
  readonly now: () => number
}

/** Opens, keeps and ends sessions. The only maker of {@link Session}. */
export class Sessions {
  readonly #options: SessionsOptions
  /** From before their beginning is on record: whoever ends sessions sees also those that are only being opened. */
  readonly #live = new Map<string, Live>()
  /** For each login under way the tokens that were revoked meanwhile: its own may have been looked up before. */
  readonly #revokedMeanwhile = new Set<Set<string>>()

  constructor(options: SessionsOptions) {
    this.#options = options
    options.policies.onChange((policy) => this.#policyChanged(policy))
  }

  /** @throws AuthenticationError */
  async open(request: OpenRequest): Promise<Session> {
    const revoked = new Set<string>()
    this.#revokedMeanwhile.add(revoked)
    try {
      return await this.#open(request, revoked)
    } catch (error) {
      if (error instanceof AuthenticationError) recordIfPossible(this.#options.ledger, encodeLoginRefused(request, error.message, this.#options.now()))
      throw error
    } finally {
      this.#revokedMeanwhile.delete(revoked)
    }
  }

  async #open(request: OpenRequest, revoked: ReadonlySet<string>): Promise<Session> {
    const { policies, authenticator, reviews, locks, now } = this.#options
    const admission = withPurpose(await authenticator.authenticate(request.credential, request.target), request.purpose)
    const { identity, purpose } = admission
    refuseLocked(locks.on(identity, request.target))
    const requester = requesterOf(identity)
    const grants = await reviews.grantsOf(requester, request.target)
    const policy = policies.current
    const target = policy.document.targets.find((entry) => entry.name === request.target && entry.protocol === request.protocol)
    if (target === undefined) throw unknownTarget(request, policy)
    const session: Session = {
      id: newSessionId(now()),
      admission,
      target,
      protocol: request.protocol,
      clientAddress: request.clientAddress,
      application: request.application,
      openedAtMs: now(),
      grants,
      policy: policy.forSession({ identity, target, purpose }, grants),
      operations: 0,
      refused: 0,
      ended: undefined,
      recorder: undefined,
    }
    const agents = agentsIn(identity, policy)
    // Who it is was found out under the policy of then: a session that is not live yet hears of no change.
    if (!mayStay(agents, target.name, policy, now())) throw new AuthenticationError('the policy changed while the session was opened: its agent may not open the target any more', 'Ask an operator.')
    const live: Live = { session, agents, end: request.end }
    this.#live.set(session.id, live)
    try {
      // Looked at again now that it can be ended from outside: what came before is seen here, what comes later ends it.
      refuseLocked(locks.on(identity, request.target))
      if (tokensOf(session).some((id) => revoked.has(id))) throw new AuthenticationError('the token was revoked', 'Ask the operator why, then get a new one.')
      await this.#begin(session, request.application)
      this.#endInTime(live)
      if (grants.length > 0) await this.#checkGrants(session, requester)
      if (session.ended !== undefined) throw new AuthenticationError(`the session was ended while it was opened: ${session.ended}`, 'Connect again, with a new token.')
    } catch (error) {
      this.close(session, error instanceof AuthenticationError ? error.message : 'it could not be opened')
      throw error
    }
    return session
  }

  /** @throws RecordingUnavailable; Error of the store */
  async #begin(session: Session, application: string): Promise<void> {
    await this.#record(encodeSessionOpened(session))
    const live = this.#live.get(session.id)
    if (live !== undefined) live.isOnRecord = true
    await this.#options.store.opened(session, application)
    await this.#beginRecording(session)
  }

  /** Ends it by the clock: with its longest duration, the first of its grants, or the registration of an agent in it. */
  #endInTime(live: Live): void {
    const { now, maxSessionMs, policies } = this.#options
    const { session, agents } = live
    const ends = [
      { atMs: session.openedAtMs + maxSessionMs, reason: 'its longest duration is over' },
      ...session.grants.map(({ untilMs }) => ({ atMs: untilMs, reason: 'the granted access is over' })),
      ...policies.current.document.agents.filter(({ name }) => agents.includes(name))
        .map((agent) => ({ atMs: agentEndsAtMs(agent), reason: `the registration of agent "${agent.name}" has ended` })),
    ]
    const first = ends.reduce((one, other) => (other.atMs < one.atMs ? other : one))
    clearTimeout(live.timer)
    live.timer = setTimeout(() => this.end(session.id, first.reason), Math.max(0, first.atMs - now())).unref()
  }

  /** A grant may have been withdrawn while the session was opened, when there was nothing to end yet. */
  async #checkGrants({ id, grants, target }: Session, requester: Requester): Promise<void> {
    const still = await this.#options.reviews.grantsOf(requester, target.name)
    if (!grants.every((grant) => still.some((one) => one.id === grant.id))) this.end(id, 'the granted access was withdrawn')
  }

  /** Records the end. Safe to call twice. */
  close(session: Session, reason: string): void {
    const live = this.#live.get(session.id)
    if (live === undefined) return
    this.#live.delete(session.id)
    clearTimeout(live.timer)
    session.ended ??= reason
    if (live.isOnRecord === true) this.#recordEnd(session, reason)
  }

  /** Ends a live session at once, with what it runs on its target. @returns false when there is none of that id */
  end(id: string, reason: string): boolean {
    const live = this.#live.get(id)
    if (live === undefined) return false
    live.session.ended = reason
    live.end(reason)
    return true
  }

  /** Ends every live session that a test picks. @returns how many */
  endWhere(test: (session: Session) => boolean, reason: string): number {
    const ids = [...this.#live.values()].filter((live) => test(live.session)).map((live) => live.session.id)
    for (const id of ids) this.end(id, reason)
    return ids.length
  }

  /** Ends every live session that one of these tokens opened, or a token that was exchanged for one. @returns how many */
  endByToken(tokenIds: readonly string[], reason: string): number {
    for (const login of this.#revokedMeanwhile) for (const id of tokenIds) login.add(id)
    const ended = new Set(tokenIds)
    return this.endWhere((session) => tokensOf(session).some((id) => ended.has(id)), reason)
  }

  /** Ids of all tokens by which sessions are live. */
  get tokenIds(): readonly string[] {
    return [...new Set([...this.#live.values()].flatMap(({ session }) => tokensOf(session)))]
  }

  get size(): number {
    return this.#live.size
  }

  async #beginRecording(session: Session): Promise<void> {
    try {
      session.recorder = await this.#options.recordings.open(session)
    } catch (error) {
      this.close(session, 'it could not be recorded')
      throw error
    }
    if (session.recorder !== undefined) session.recorder.onFailure = () => void this.end(session.id, 'the gateway cannot record it any more')
  }

  #recordEnd(session: Session, reason: string): void {
    recordIfPossible(this.#options.ledger, encodeSessionClosed(session, reason, this.#options.now()))
    this.#options.store.closed(session, reason)
    // What could not be kept was told when it happened; the gateway waits for the others before it ends.
    session.recorder?.close().catch(() => undefined)
  }

  /** @throws RecordingUnavailable */
  async #record(entry: string): Promise<void> {
    try {
      await recordEvent(this.#options.ledger, entry)
    } catch (cause) {
      throw new RecordingUnavailable('the ledger cannot be written', { cause })
    }
  }

  /** A session goes on under a new version only when what was set up at its start still holds. */
  #policyChanged(policy: Policy): void {
    for (const live of [...this.#live.values()]) {
      const { session, agents } = live
      const target = policy.document.targets.find((entry) => entry.name === session.target.name)
      const { identity, purpose } = session.admission
      if (target === undefined || !mayStay(agents, session.target.name, policy, this.#options.now()) || !same(target, session.target)) {
        this.end(session.id, 'the policy changed: its agent or target is no longer as it was')
        continue
      }
      const next = policy.forSession({ identity, target, purpose }, session.grants)
      if (next.readOnly === session.policy.readOnly && same(next.masks, session.policy.masks)
        && same(next.detectors ?? [], session.policy.detectors ?? [])) {
        session.policy = next
        // Only once it was opened: the clock is set then anyway.
        if (live.timer !== undefined) this.#endInTime(live)
      } else this.end(session.id, 'the policy changed what this session may see or change; connect again')
    }
  }
}

function unknownTarget({ target, protocol }: OpenRequest, { document: { targets } }: Policy): AuthenticationError {
  const other = targets.find(({ name }) => name === target)
  if (other !== undefined) {
    return new AuthenticationError(`the target "${other.name}" is opened by ${other.protocol}, not by ${protocol}`, `Connect with a client of ${other.protocol}.`)
  }
  const known = targets.filter((one) => one.protocol === protocol).map(({ name }) => name)
  return new AuthenticationError(
    `there is no ${protocol} target of that name`,
    known.length === 0 ? 'Ask an operator to register the target.' : `There are: ${known.slice(0, 20).join(', ')}.`,
  )
}

/** The identity itself, and who was recognised as acting for it, registered or not any more; of those who acted before, the registered ones. */
function agentsIn({ kind, name, actors, actor }: Identity, { document }: Policy): readonly string[] {
  const recognised = [...(kind === 'agent' ? [name] : []), ...(actor?.kind === 'agent' ? [actor.name] : [])]
  return [...new Set([...recognised, ...actors.filter((one) => document.agents.some((agent) => agent.name === one))])]
}

/** Every agent in a session must still be registered for its target. */
function mayStay(agents: readonly string[], target: string, policy: Policy, nowMs: number): boolean {
  return agents.every((name) => {
    const agent = policy.document.agents.find((entry) => entry.name === name)
    if (agent === undefined) return false
    return nowMs < agentEndsAtMs(agent) && (agent.targets === undefined || agent.targets.includes(target))
  })
}

function tokensOf({ admission: { tokenId, parentIds = [] } }: Session): readonly string[] {
  return [tokenId, ...parentIds]
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** 9 characters of time, so that ids sort by it, then 96 random bits. */
function newSessionId(nowMs: number): string {
  return `${nowMs.toString(36).padStart(9, '0')}-${randomBytes(12).toString('base64url')}`
}
