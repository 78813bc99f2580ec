import type { Refusal } from '../../governance/decision.ts'
import type { Exchange, Reviewable } from '../../governance/exchange.ts'
import type { Operation } from '../../governance/operation.ts'
import type { Permit } from '../../governance/permit.ts'
import type { Analysis } from '../../sql/analysis.ts'
import { refusalReport } from './refusal-report.ts'
import type { Portal, Prepared, RowPlan } from './names.ts'

/** What a frame of the client is, as far as the target's answer to it goes. */
export type StepKind = 'query' | 'parse' | 'bind' | 'describe-statement' | 'describe-portal' | 'execute' | 'close' | 'sync' | 'unanswered'

/** Hears how the review of a step ends. */
export interface StepReview extends Reviewable {
  forwarded(): void
  refused(): void
}

/**
 * One frame on its way: first waiting to be sent, then, in the same order, waiting for its answer.
 * A step that carries an operation is an {@link Exchange}: it may be sent only once it has spent its permit.
 */
export class Step implements Exchange {
  readonly kind: StepKind
  readonly frame: Buffer
  readonly start: number
  readonly end: number
  state: 'waiting' | 'ready' | 'refused' = 'ready'
  /** The step whose decision covers this one too: a Parse that is run in the same breath. */
  coveredBy: Step | undefined = undefined
  /** What the client is told instead of the target's own answer, once the step is refused. */
  report: Buffer | undefined = undefined
  /** Sent by the gateway on its own account; the client hears nothing of the answer. */
  internal = false
  prepared: Prepared | undefined = undefined
  portal: Portal | undefined = undefined
  /** Name that Close or Parse gives a new meaning once the target confirms. */
  name = ''
  closes: 'statement' | 'portal' = 'statement'
  analysis: Analysis | undefined = undefined
  /** Value of `DefinitionMoves.count` when it was analysed; set until its first data have come, where it touches masked columns. */
  analysedAt: number | undefined = undefined
  /** Later text is read only once this step's answer is in. */
  holdsReading = false
  /** Nothing at all is sent until this step's answer is in: it may turn the connection into a COPY. */
  holdsAll = false
  plan: RowPlan | undefined = undefined
  /** The catalog was read again for its rows already. */
  reread = false
  /** Set when a person is to be asked. */
  reviewable: StepReview | undefined = undefined
  /** More changed rows than this are rolled back. */
  rowLimit: number | undefined = undefined
  /** Of a limited Query: its Sync is sent, and its CommandComplete, which is true only once that is answered. */
  synced = false
  completion: Buffer | undefined = undefined
  operationNumber = 0
  startedAtMs = 0
  rows = 0
  code: string | undefined = undefined
  #operation: Operation | undefined = undefined
  #settled: (() => void) | undefined = undefined

  constructor(kind: StepKind, frame: Buffer, start: number, end: number) {
    this.kind = kind
    this.frame = frame
    this.start = start
    this.end = end
  }

  /** Makes it wait for a decision on `operation`. */
  awaitDecision(operation: Operation, settled: () => void): void {
    this.#operation = operation
    this.#settled = settled
    this.state = 'waiting'
  }

  get operation(): Operation {
    if (this.#operation === undefined) throw new Error('this step carries no operation')
    return this.#operation
  }

  forward(permit: Permit, operationNumber: number, rowLimit?: number): void {
    permit.spend(this.operation)
    // Several statements in one message end their transaction together, and each has a count of its own.
    if (rowLimit !== undefined && this.kind === 'query' && this.operation.facts.statements !== 1) return this.refuse(UNLIMITABLE)
    this.rowLimit = rowLimit
    this.reviewable?.forwarded()
    this.operationNumber = operationNumber
    this.state = 'ready'
    this.#settled?.()
  }

  refuse(refusal: Refusal): void {
    this.reviewable?.refused()
    this.refuseWith(refusalReport(refusal))
    this.#settled?.()
  }

  /** Refused before any decision: the request makes no sense, or is never passed on. */
  refuseWith(report: Buffer): void {
    this.report = report
    this.state = 'refused'
  }

  /** Where this step stands, its cover taken into account. */
  get standing(): 'waiting' | 'ready' | 'refused' {
    return this.coveredBy === undefined ? this.state : this.coveredBy.state
  }
}

const UNLIMITABLE: Refusal = {
  kind: 'denied', rule: 'row-limit', message: 'it was approved for a number of rows, which cannot be watched over several statements in one message',
  hint: 'It was not run. Send each statement in a message of its own.',
}
