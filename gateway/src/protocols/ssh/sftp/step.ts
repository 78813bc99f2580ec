import type { Refusal } from '../../../governance/decision.ts'
import type { Exchange, Reviewable, Wait } from '../../../governance/exchange.ts'
import type { Operation } from '../../../governance/operation.ts'
import type { Permit } from '../../../governance/permit.ts'
import type { Preview } from '../../../governance/review/preview.ts'
import { type Description, describeRequest, type GovernedRequest, type Touched } from './describe-request.ts'
import type { Turn } from './names-order.ts'
import type { OpenFile } from './open-file.ts'
import type { Failure } from './resolve-paths.ts'

/** Who hears what becomes of a step. */
export interface StepHost {
  readonly maxHoldMs: number
  /** A person is asked: the step waits for long, and others go on. */
  held(step: Step): void
  /** It may be sent, or was refused. */
  settled(step: Step): void
  tell(words: string): void
}

/**
 * One request that is governed by itself. `asking`: the target is asked what its paths are. `asking-again`: it was held
 * meanwhile, so its paths may have become others. `ready` and `refused` are for good.
 */
export type StepStage = 'new' | 'asking' | 'deciding' | 'held' | 'approved' | 'asking-again' | 'ready' | 'refused'

export class Step implements Exchange, Reviewable {
  readonly request: GovernedRequest
  readonly clientId: number
  /** The whole packet; its own. */
  readonly packet: Buffer
  /** Those that it names by handle. */
  readonly files: readonly OpenFile[]
  stage: StepStage = 'new'
  operationNumber = 0
  startedAtMs = 0
  refusal: Refusal | undefined = undefined
  /** With which the target could not tell what its paths are: it is decided, but never sent. */
  failure: Failure | undefined = undefined
  wasHeld = false
  /** While it relies on what paths mean, or changes it. */
  turn: Turn | undefined = undefined
  readonly definitions = []
  readonly inTransaction = false
  readonly #host: StepHost
  #description: Description | undefined = undefined
  #wait: Wait | undefined = undefined

  constructor(host: StepHost, request: GovernedRequest, clientId: number, packet: Buffer, files: readonly OpenFile[]) {
    this.#host = host
    this.request = request
    this.clientId = clientId
    this.packet = packet
    this.files = files
  }

  describe(touched: Touched): Description {
    this.#description = describeRequest(this.request, touched)
    return this.#description
  }

  get #described(): Description {
    if (this.#description === undefined) throw new Error('this step was not described')
    return this.#description
  }

  get operation(): Operation {
    return this.#described.operation
  }

  get digest(): string {
    return this.#described.digest
  }

  get reviewable(): Reviewable {
    return this
  }

  get maxHoldMs(): number {
    return this.#host.maxHoldMs
  }

  forward(permit: Permit, operationNumber: number): void {
    permit.spend(this.operation)
    this.operationNumber = operationNumber
    this.#wait = undefined
    this.stage = this.wasHeld ? 'approved' : 'ready'
    this.#host.settled(this)
  }

  refuse(refusal: Refusal): void {
    this.refusal = refusal
    this.#wait = undefined
    this.stage = 'refused'
    this.#host.settled(this)
  }

  preview(): Promise<Preview> {
    return Promise.resolve(NO_PREVIEW)
  }

  beginWait(wait: Wait): void {
    this.#wait = wait
    this.wasHeld = true
    this.stage = 'held'
    this.#host.held(this)
  }

  announceWait(message: string, hint: string): void {
    this.#host.tell(`${message}. ${hint}`)
  }

  endTurn(): void {
    this.turn?.end()
    this.turn = undefined
  }

  /** The channel is over. */
  leave(how: 'cancelled' | 'left'): void {
    if (how === 'cancelled') this.#wait?.cancel()
    else this.#wait?.leave()
    this.#wait = undefined
    this.endTurn()
  }
}

const NO_PREVIEW: Preview = {
  method: 'none', rows: undefined, atMost: false, tables: [], sample: [],
  notes: ['File operations are not rehearsed. What is written comes only after the answer: its digest goes on record when the file is closed.'],
}
