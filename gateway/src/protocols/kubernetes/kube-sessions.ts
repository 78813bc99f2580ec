import { hash } from 'node:crypto'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Session } from '../../governance/session.ts'
import { KubeSession } from './kube-session.ts'
import { readField } from './masked-field.ts'
import { FieldMasks } from './masked-fields.ts'
import { idleMsOf, kubernetesTarget } from './target.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'

export interface OpeningRequest {
  readonly token: string
  readonly target: string
  readonly clientAddress: string
  readonly application: string
  readonly purpose?: string
}

const SWEEP_EVERY_MS = 2_000

/** Sessions by token and target: HTTP requests of one client are one conversation, however many connections they take. */
export class KubeSessions {
  readonly #gatekeeper: Gatekeeper
  readonly #upstreams: Upstreams
  readonly #maxSessions: number
  readonly #byKey = new Map<string, Promise<KubeSession>>()
  /** All that are not closed, also those that take no more requests. */
  readonly #open = new Set<KubeSession>()
  readonly #sweep: NodeJS.Timeout

  constructor(gatekeeper: Gatekeeper, upstreams: Upstreams, maxSessions: number) {
    this.#gatekeeper = gatekeeper
    this.#upstreams = upstreams
    this.#maxSessions = maxSessions
    this.#sweep = setInterval(() => this.#closeIdle(), SWEEP_EVERY_MS).unref()
  }

  /**
   * The session of a request; opened when there is none that goes on.
   * @throws AuthenticationError; RecordingUnavailable; TooManySessions; whatever a credential cannot be read with
   */
  async for(request: OpeningRequest): Promise<KubeSession> {
    const key = hash('sha256', JSON.stringify([request.token, request.target]))
    const known = this.#byKey.get(key)
    if (known !== undefined) {
      const kube = await known
      if (isUsable(kube.session)) return kube
      // It takes no more requests; what goes on in it may go on. Whoever waited for the same one has made the next already.
      if (this.#byKey.get(key) === known) this.#byKey.delete(key)
      else return this.for(request)
    }
    if (Math.max(this.#byKey.size, this.#open.size) >= this.#maxSessions && !this.#makeRoom()) throw new TooManySessions()
    const opening = this.#openNew(request, () => {
      if (this.#byKey.get(key) === opening) this.#byKey.delete(key)
    })
    this.#byKey.set(key, opening)
    opening.catch(() => this.#byKey.get(key) === opening && this.#byKey.delete(key))
    return opening
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const kube of [...this.#open]) this.#end(kube, 'the gateway is shutting down')
    this.#byKey.clear()
  }

  async #openNew({ token, target: name, clientAddress, application, purpose }: OpeningRequest, forget: () => void): Promise<KubeSession> {
    let kube: KubeSession | undefined
    const session = await this.#gatekeeper.open({
      protocol: 'kubernetes', credential: token, target: name, clientAddress, application,
      ...(purpose !== undefined && { purpose }),
      end: (reason) => {
        forget()
        if (kube !== undefined) this.#end(kube, reason)
      },
    })
    let upstream: Upstream | undefined
    try {
      const target = kubernetesTarget(session.target)
      upstream = await this.#upstreams.for(session, target)
      kube = new KubeSession(forget, session, target, new FieldMasks(target.maskedFields.map(readField), target.secrets), upstream)
      this.#open.add(kube)
      // It may have been ended while its credential was being read.
      if (session.ended !== undefined) this.#end(kube, session.ended)
      return kube
    } catch (error) {
      upstream?.end()
      this.#gatekeeper.close(session, error instanceof Error ? error.message : 'the session could not be opened')
      throw error
    }
  }

  #end(kube: KubeSession, reason: string): void {
    kube.forget()
    this.#open.delete(kube)
    kube.session.ended ??= reason
    kube.end(reason)
    kube.upstream.end()
    this.#gatekeeper.close(kube.session, reason)
  }

  /** Each kubectl has a token, and so a session, of its own, and leaves it behind. @returns false when all are in use */
  #makeRoom(): boolean {
    let longest: KubeSession | undefined
    for (const kube of this.#open) if (kube.inFlight === 0 && kube.idleSince < (longest?.idleSince ?? Infinity)) longest = kube
    if (longest === undefined) return false
    this.#end(longest, 'nothing was asked in it, and others need the room')
    return true
  }

  #closeIdle(): void {
    const now = performance.now()
    for (const kube of [...this.#open]) {
      if (kube.inFlight > 0) continue
      if (!isUsable(kube.session)) this.#end(kube, 'its token has expired')
      else if (now - kube.idleSince > idleMsOf(kube.target)) this.#end(kube, 'nothing was asked for in it for too long')
    }
    for (const [key, opening] of this.#byKey) void opening.then(({ session }) => isUsable(session) || this.#byKey.get(key) !== opening || this.#byKey.delete(key), () => undefined)
  }
}

export class TooManySessions extends Error {
  override readonly name = 'TooManySessions'
  constructor() {
    super('too many sessions are open')
  }
}

/** Every request carries the token: one that has expired opens no more of them. */
function isUsable({ ended, admission }: Session): boolean {
  return ended === undefined && Date.now() < admission.expiresAtMs
}
