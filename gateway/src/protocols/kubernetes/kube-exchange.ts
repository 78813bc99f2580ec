import type { Exchange, Reviewable, Wait } from '../../governance/exchange.ts'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Operation } from '../../governance/operation.ts'
import type { Permit } from '../../governance/permit.ts'
import type { Refusal } from '../../governance/decision.ts'
import type { Preview } from '../../governance/review/preview.ts'
import type { InFlight, KubeSession } from './kube-session.ts'
import { Transcript } from './transcript.ts'

/** The longest that a client is held: kubectl waits for ever, proxies and libraries in between do not. */
const MAX_HOLD_MS = 600_000

/** What is done with a request once it was decided on. */
export interface ExchangeActions {
  readonly digest: string
  preview(): Promise<Preview>
  /**
   * Sends it on, and brings back what comes of it.
   * @param waited words for the client about a wait that is over
   * @returns the status code as it is recorded
   */
  run(transcript: Transcript, signal: AbortSignal, rowLimit: number | undefined, waited: string | undefined): Promise<string>
  /** Tells the client that it does not run. */
  refuse(refusal: Refusal): void
  /** Something failed while it ran; the client is told as far as that can be. */
  fail(error: unknown): string
}

/** One request on its way: how Kubernetes lends its verbs to the security flow. */
export class KubeExchange implements Exchange, InFlight {
  readonly operation: Operation
  readonly reviewable: Reviewable
  /** Resolves when nothing of it goes on any more; rejects when it ended by an error of the gateway's own. */
  readonly settled: Promise<void>
  readonly #kube: KubeSession
  readonly #gatekeeper: Gatekeeper
  readonly #actions: ExchangeActions
  readonly #abort = new AbortController()
  #wait: Wait | undefined
  #held: { readonly message: string; readonly sinceMs: number } | undefined
  readonly #settle: (over: Promise<void>) => void

  constructor(kube: KubeSession, gatekeeper: Gatekeeper, operation: Operation, actions: ExchangeActions) {
    this.#kube = kube
    this.#gatekeeper = gatekeeper
    this.operation = operation
    this.#actions = actions
    const { promise, resolve } = Promise.withResolvers<void>()
    this.settled = promise
    this.#settle = resolve
    this.reviewable = {
      digest: actions.digest,
      definitions: [],
      inTransaction: false,
      maxHoldMs: MAX_HOLD_MS,
      preview: () => actions.preview(),
      beginWait: (wait) => {
        this.#wait = wait
        if (this.#abort.signal.aborted) wait.leave()
      },
      // HTTP has no word for it that clients print before the answer, and some fail of an answer before the answer: it is told with it.
      announceWait: (message) => {
        this.#held = { message, sinceMs: performance.now() }
      },
    }
  }

  start(): void {
    this.#kube.begin(this)
    this.#gatekeeper.govern(this.#kube.session, this)
  }

  forward(permit: Permit, operationNumber: number, rowLimit?: number): void {
    this.#wait = undefined
    permit.spend(this.operation)
    this.#settle(this.#run(operationNumber, rowLimit).finally(() => this.#kube.over(this)))
  }

  refuse(refusal: Refusal): void {
    this.#wait = undefined
    try {
      this.#actions.refuse(refusal)
    } finally {
      this.#kube.over(this)
      this.#settle(Promise.resolve())
    }
  }

  /** The client has gone, or its session ends. */
  end(reason: string): void {
    this.#abort.abort(new Error(reason))
    this.#wait?.leave()
  }

  async #run(operationNumber: number, rowLimit: number | undefined): Promise<void> {
    const { session } = this.#kube
    const startedAt = performance.now()
    const transcript = new Transcript(session, operationNumber)
    const waited = this.#held && `approved after ${Math.ceil((startedAt - this.#held.sinceMs) / 1_000)} s; it was ${this.#held.message}`
    let code: string
    let result: 'completed' | 'failed' | 'aborted' = 'completed'
    try {
      code = await this.#actions.run(transcript, this.#abort.signal, rowLimit, waited)
      if (Number(code) >= 400) result = 'failed'
    } catch (error) {
      code = this.#actions.fail(error)
      result = this.#abort.signal.aborted ? 'aborted' : 'failed'
    }
    this.#gatekeeper.finish(session, operationNumber, {
      result, rows: 0, bytes: transcript.bytes, masked: transcript.masked, digest: transcript.end(), code, durationMs: performance.now() - startedAt,
    })
  }
}
