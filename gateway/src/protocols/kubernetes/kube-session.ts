import type { Session } from '../../governance/session.ts'
import type { FieldMasks } from './masked-fields.ts'
import type { KubernetesTarget } from './target.ts'
import type { Upstream } from './upstream.ts'

/** Something that goes on in a session and ends with it. */
export interface InFlight {
  /** At once, with words for the client. */
  end(reason: string): void
}

/** One token's conversation with one target: many requests, some of them for hours. */
export class KubeSession {
  readonly forget: () => void
  readonly session: Session
  readonly target: KubernetesTarget
  readonly masks: FieldMasks
  readonly upstream: Upstream
  /** When the last request of it was over, as `performance.now()`. */
  idleSince = performance.now()
  readonly #inFlight = new Set<InFlight>()
  #waiting: (() => void)[] = []

  /** @param forget takes it out of those that take requests */
  constructor(forget: () => void, session: Session, target: KubernetesTarget, masks: FieldMasks, upstream: Upstream) {
    this.forget = forget
    this.session = session
    this.target = target
    this.masks = masks
    this.upstream = upstream
    if (session.recorder !== undefined) session.recorder.onRoom = () => this.#room()
  }

  /** Whether any text is looked through for what is masked wherever it stands. */
  get detects(): boolean {
    return this.session.policy.detectors !== undefined
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  begin(one: InFlight): void {
    this.#inFlight.add(one)
  }

  over(one: InFlight): void {
    this.#inFlight.delete(one)
    this.idleSince = performance.now()
  }

  /** Ends all that goes on. */
  end(reason: string): void {
    for (const one of [...this.#inFlight]) one.end(reason)
    this.#room()
  }

  /** Resolves once the recording keeps up again; undefined when it does. */
  room(): Promise<void> | undefined {
    if (this.session.recorder?.full !== true || this.session.ended !== undefined) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #room(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
