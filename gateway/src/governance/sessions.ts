import { randomBytes } from 'node:crypto'
import type { OpenRequest } from './gatekeeper.ts'
import { AuthenticationError, type Authenticator } from './identity.ts'
import type { Policy, PolicySource } from './policy/policy.ts'
import type { Ledger } from './recording/ledger.ts'
import { encodeLoginRefused, encodeSessionClosed, encodeSessionOpened } from './recording/events.ts'
import { RecordingUnavailable, type Recordings } from './recording/recordings.ts'
import type { SessionStore } from './recording/session-store.ts'
import type { ReviewDesk } from './review/review-desk.ts'
import { requesterOf } from './review/requester.ts'
import type { Requester } from './review/review.ts'
import type { Session } from './session.ts'

const DAY_MS = 86_400_000

interface Live {
  readonly session: Session
  /** Names of the registered agents in it: the identity itself, or who acts for it. */
  readonly agents: readonly string[]
  readonly end: (reason: string) => void
  readonly timer: NodeJS.Timeout
}

export interface SessionsOptions {
  readonly policies: PolicySource
  readonly authenticator: Authenticator
  readonly ledger: Ledger
  readonly store: SessionStore
  readonly recordings: Pick<Recordings, 'open'>
  readonly reviews: Pick<ReviewDesk, 'grantsOf'>
  /** A session ends after this long, whatever happens in it. */
  readonly maxSessionMs: number
  readonly now: () => number
}

/** Opens, keeps and ends sessions. The only maker of {@link Session}. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #live = new Map<string, Live>()

  constructor(options: SessionsOptions) {
    this.#options = options
    options.policies.onChange((policy) => this.#policyChanged(policy))
  }

  /** @throws AuthenticationError */
  async open(request: OpenRequest): Promise<Session> {
    const { policies, authenticator, reviews, ledger, now } = this.#options
    try {
      const admission = await authenticator.authenticate(request.credential, request.target)
      const requester = requesterOf(admission.identity)
      const grants = await reviews.grantsOf(requester, request.target)
      const policy = policies.current
      const target = policy.document.targets.find((entry) => entry.name === request.target && entry.protocol === request.protocol)
      if (target === undefined) throw unknownTarget(request, policy)
      const { identity, purpose } = admission
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
      await this.#record(encodeSessionOpened(session))
      await this.#options.store.opened(session, request.application)
      await this.#beginRecording(session)
      const timer = this.#endInTime(session)
      const agents = [identity.name, ...identity.actors].filter((name, at) => (at > 0 || identity.kind === 'agent') && policy.document.agents.some((agent) => agent.name === name))
      this.#live.set(session.id, { session, agents, end: request.end, timer })
      if (grants.length > 0) await this.#checkGrants(session, requester)
      return session
    } catch (error) {
      if (error instanceof AuthenticationError) recordIfPossible(ledger, encodeLoginRefused(request, error.message, now()))
      throw error
    }
  }

  #endInTime(session: Session): NodeJS.Timeout {
    const { now, maxSessionMs } = this.#options
    const granted = Math.min(...session.grants.map(({ untilMs }) => untilMs - now()))
    const [ms, reason] = granted < maxSessionMs ? [granted, 'the granted access is over'] : [maxSessionMs, 'its longest duration is over']
    return setTimeout(() => this.end(session.id, reason), ms).unref()
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
    this.#recordEnd(session, reason)
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

  get size(): number {
    return this.#live.size
  }

  async #beginRecording(session: Session): Promise<void> {
    try {
      session.recorder = await this.#options.recordings.open(session)
    } catch (error) {
      this.#recordEnd(session, 'it could not be recorded')
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
    const { ledger } = this.#options
    try {
      await new Promise<void>((resolve, reject) => {
        ledger.append(entry)
        ledger.onWritten((error) => (error === undefined ? resolve() : reject(error)))
      })
    } catch (cause) {
      throw new RecordingUnavailable('the ledger cannot be written', { cause })
    }
  }

  /** A session goes on under a new version only when what was set up at its start still holds. */
  #policyChanged(policy: Policy): void {
    for (const { session, agents } of [...this.#live.values()]) {
      const target = policy.document.targets.find((entry) => entry.name === session.target.name)
      const { identity, purpose } = session.admission
      if (target === undefined || !mayStay(agents, session.target.name, policy, this.#options.now()) || !same(target, session.target)) {
        this.end(session.id, 'the policy changed: its agent or target is no longer as it was')
        continue
      }
      const next = policy.forSession({ identity, target, purpose }, session.grants)
      if (next.readOnly === session.policy.readOnly && same(next.masks, session.policy.masks)) session.policy = next
      else this.end(session.id, 'the policy changed what this session may see or change; connect again')
    }
  }
}

function unknownTarget(request: OpenRequest, policy: Policy): AuthenticationError {
  const known = policy.document.targets.filter((target) => target.protocol === request.protocol).map((target) => target.name)
  return new AuthenticationError(
    `there is no ${request.protocol} target of that name`,
    known.length === 0 ? 'Ask an operator to register the target.' : `Use one of these as the database name: ${known.slice(0, 20).join(', ')}.`,
  )
}

/** Every agent in a session must still be registered for its target. */
function mayStay(agents: readonly string[], target: string, policy: Policy, nowMs: number): boolean {
  return agents.every((name) => {
    const agent = policy.document.agents.find((entry) => entry.name === name)
    if (agent === undefined) return false
    // The last day ends with it, in UTC.
    const expired = agent.expires !== undefined && nowMs >= Date.parse(agent.expires) + DAY_MS
    return !expired && (agent.targets === undefined || agent.targets.includes(target))
  })
}

/** What happened anyway is worth recording, but nothing depends on it. */
function recordIfPossible(ledger: Ledger, entry: string): void {
  try {
    ledger.append(entry)
  } catch {
    // The ledger tells of its own fault.
  }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** 9 characters of time, so that ids sort by it, then 96 random bits. */
function newSessionId(nowMs: number): string {
  return `${nowMs.toString(36).padStart(9, '0')}-${randomBytes(12).toString('base64url')}`
}
