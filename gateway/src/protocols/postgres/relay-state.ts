import type { Wait } from '../../governance/exchange.ts'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Preview } from '../../governance/review/preview.ts'
import type { Session } from '../../governance/session.ts'
import type { Analysis } from '../../sql/analysis.ts'
import type { CatalogView } from './catalog-keeper.ts'
import type { Connection } from './connection.ts'
import { Names } from './names.ts'
import { OwnDefinitions } from './own-definitions.ts'
import type { OperationContext } from './operation-context.ts'
import type { ReviewedStatement } from './reviewed-statement.ts'
import type { Step } from './step.ts'
import { StepQueue } from './step-queue.ts'
import { Transcript } from './transcript.ts'

export interface RelayLimits {
  /** Longest message of either side that has to be held whole, in bytes. */
  readonly maxFrameBytes: number
  /** Messages sent and not yet answered, and messages waiting to be sent. */
  readonly maxInFlight: number
  /** Of each parameter value that is put on record, in bytes. */
  readonly maxRecordedParameterBytes: number
}

/** How a client waits for people's answers. */
export interface Waiting {
  /** 0: it asked for tickets. Less than its `statement_timeout`, so that it hears of the ticket. */
  readonly maxHoldMs: number
}

/** What the two directions of one session share. */
export class RelayState {
  readonly client: Connection
  readonly upstream: Connection
  readonly session: Session
  readonly gatekeeper: Gatekeeper
  readonly catalog: CatalogView
  readonly hashKey: Uint8Array
  readonly limits: RelayLimits
  readonly waiting: Waiting
  readonly context: OperationContext
  /** Finds out what a statement would touch, over a connection of its own. */
  readonly preview: (statement: ReviewedStatement, how: 'rehearse' | 'count', state: Pick<RelayState, 'catalog' | 'parameters'>) => Promise<Preview>
  readonly names = new Names(() => this.catalog.analyser)
  readonly definitions: OwnDefinitions
  /** The one step that waits for people: nothing that comes after it is looked at until it is answered. */
  held: Wait | undefined = undefined
  /** Sends a message of the gateway's own to the client, between two of the target's. Set by the server's side. */
  announce: (report: Buffer) => void = () => undefined
  /** The target said at its last ReadyForQuery that a transaction is open. */
  inTransaction = false
  /** Operations since the last Sync or Query: they are in one transaction with what follows. */
  pipelined = 0
  readonly transcript: Transcript
  /** Steps sent and not yet answered. */
  readonly inFlight = new StepQueue()
  /** Settings that the target reports. */
  readonly parameters: Map<string, string>
  /** Steps staged or in flight that change how later text is read, or what it means. */
  holdsReading = 0
  /** A step that may have changed how text is read is done, but the target tells of settings only when it is ready. */
  readingUncertain = false
  /**
   * The client has changed how text is read since its login: any error may now take that back, without a word from the
   * target before it is ready.
   */
  readingMoved = false
  /** Query and Sync messages staged or in flight: what the target skips after an error it skips up to one of these. */
  boundaries = 0
  /** Steps staged or in flight after which a COPY may begin. */
  holdsAll = 0
  /** The target has told the client that it ends the connection. */
  targetSaidWhy = false
  /** The target waits for COPY data. */
  copyIn = false
  /** The target ignores all until the next Sync. */
  skipping = false

  constructor(options: Pick<RelayState, 'client' | 'upstream' | 'session' | 'gatekeeper' | 'catalog' | 'hashKey' | 'limits' | 'parameters' | 'waiting' | 'context' | 'preview'>) {
    this.client = options.client
    this.upstream = options.upstream
    this.session = options.session
    this.gatekeeper = options.gatekeeper
    this.catalog = options.catalog
    this.definitions = new OwnDefinitions(options.catalog)
    this.hashKey = options.hashKey
    this.limits = options.limits
    this.parameters = options.parameters
    this.waiting = options.waiting
    this.context = options.context
    this.preview = options.preview
    this.transcript = new Transcript(options.session)
  }

  get masking(): boolean {
    return this.catalog.masking
  }

  /** True when the recording does not keep up: nothing more is taken from either side until it says that it has room. */
  get recordingIsFull(): boolean {
    return this.session.recorder?.full ?? false
  }

  /** True when rows of this step must be checked against their description. */
  needsPlan(analysis: Analysis | undefined): boolean {
    return this.masking && (analysis === undefined || analysis.mayReturnMasked)
  }

  /** The target is ready: tells of it where nothing else is under way. */
  settle(): void {
    if (this.inTransaction || this.boundaries > 0 || this.pipelined > 0) return
    this.context.settled()
    this.definitions.settled()
  }

  /** The step is answered, dropped or aborted: it holds nothing back any more. */
  release(step: Step): void {
    if (step.kind === 'sync' || step.kind === 'query') this.boundaries--
    if (step.holdsReading) this.holdsReading--
    if (step.analysis?.mayChangeReading === true) this.readingUncertain = true
    if (step.holdsAll) this.holdsAll--
    step.holdsReading = false
    step.holdsAll = false
  }
}
