import { ByteReader, MalformedFrameError } from '../../bytes/byte-reader.ts'
import { maskRow } from './mask-rows.ts'
import { refuseMoved, UnmaskableError } from './moved-definitions.ts'
import type { RowPlan } from './names.ts'
import type { RelayState } from './relay-state.ts'
import { syncLimited, undo, withinLimit } from './limited-step.ts'
import { RowPlanner } from './row-planner.ts'
import type { Step } from './step.ts'
import { TargetReports } from './target-reports.ts'
import { ToClient } from './to-client.ts'
import { movesTransaction, rowsOfTag } from './wire/command-tag.ts'
import { type Course, MessageCutter } from './wire/message-cutter.ts'
import { BACKEND, HEADER_BYTES } from './wire/message-types.ts'

/** What is to become of a message: sent as it is, or it was taken care of (replaced or dropped). */
type Verdict = 'verbatim' | 'done'

const EMPTY = Buffer.alloc(0)
const MAX_KEPT_DESCRIPTION_BYTES = 8192

/** From the target to the client: matches each message to what asked for it, masks rows, keeps the rest as it is. */
export class ServerRelay {
  readonly #state: RelayState
  readonly #messages = new MessageCutter({
    begins: (type, length) => this.#begins(type, length),
    message: (bytes, start, end) => this.#message(bytes, start, end),
    piece: (bytes, start, end) => this.#pass(bytes, start, end),
  })
  readonly toClient: ToClient
  readonly #planner: RowPlanner
  readonly #reports: TargetReports
  /** Of the gateway's own, to be sent between two of the target's messages. */
  #announced: Buffer[] = []
  /** The catalog is being read again; what arrives meanwhile is kept for later. */
  #rereading = false
  #suspended: Buffer = EMPTY
  /** Set by the session. */
  finished: (step: Step, result: 'completed' | 'failed' | 'aborted') => void = () => undefined
  /** What ran outside of BEGIN since the last call was kept, or taken back by an error. */
  settled: (result: 'completed' | 'failed', code?: string) => void = () => undefined
  progressed: () => void = () => undefined
  failed: (error: unknown) => void = () => undefined

  constructor(state: RelayState) {
    this.#state = state
    this.toClient = new ToClient(state)
    this.#planner = new RowPlanner(state.hashKey)
    this.#reports = new TargetReports(state, this.toClient)
    state.announce = (report) => {
      this.#announced.push(report)
      this.#process(EMPTY)
    }
  }

  /** True while the target is not to be read from: what it sent already is kept until the catalog has been read again. */
  get isRereading(): boolean {
    return this.#rereading
  }

  /** @throws MalformedFrameError, UnmaskableError: the session must end, and nothing of `chunk` was sent */
  receive(chunk: Buffer): void {
    if (this.#rereading) this.#suspended = Buffer.concat([this.#suspended, chunk])
    else this.#process(chunk)
  }

  #process(chunk: Buffer): void {
    const rest = this.#messages.push(chunk)
    if (rest !== undefined) this.#suspended = rest
    else if (this.#announced.length > 0 && !this.#rereading && this.#messages.isBetween) {
      for (const report of this.#announced.splice(0)) this.toClient.add(report)
    }
    this.#state.transcript.settle()
    this.toClient.send()
  }

  /** Rows that need no mask are never looked into, nor held until they are whole. */
  #begins(type: number, length: number): Course {
    refuseMoved(this.#state, type)
    if (length < 4) throw new MalformedFrameError('the target sent an invalid message length')
    if (type === BACKEND.copyData || (type === BACKEND.dataRow && this.#rowPlan() === 'verbatim')) {
      this.#state.transcript.row(this.#state.inFlight.head)
      return 'pass'
    }
    if (length > this.#state.limits.maxFrameBytes) throw new MalformedFrameError('the target sent a message longer than the gateway takes')
    return 'whole'
  }

  /** A part of a row, or of COPY data, that is sent as it is. */
  #pass(bytes: Buffer, start: number, end: number): void {
    this.toClient.add(bytes, start, end)
    this.#state.transcript.part(bytes, start, end)
  }

  /** @throws UnmaskableError when rows come that nobody described */
  #rowPlan(): RowPlan {
    const step = this.#state.inFlight.head
    if (step === undefined || (step.kind !== 'query' && step.kind !== 'execute')) throw new MalformedFrameError('the target sent rows that nobody asked for')
    if (step.kind === 'execute') this.#checkPortal(step)
    // What the target itself said of the columns counts, also where the analysis saw no masked one.
    const plan = step.kind === 'query' ? step.plan : step.portal?.plan
    if (plan !== undefined) return plan
    if (this.#state.needsPlan(step.analysis)) throw new UnmaskableError('rows came without a description')
    return 'verbatim'
  }

  /** @returns false when the message must wait until the catalog has been read again */
  #message(frame: Buffer, start: number, end: number): boolean {
    const verdict = this.#judge(frame, start, end)
    if (verdict === 'wait') return false
    if (verdict === 'verbatim') this.toClient.add(frame, start, end)
    return true
  }

  #judge(frame: Buffer, start: number, end: number): Verdict | 'wait' {
    const step = this.#state.inFlight.head
    switch (frame[start]) {
      case BACKEND.dataRow:
        return this.#row(frame, start, end)
      case BACKEND.rowDescription:
        return this.#describe(step, frame, start, end)
      case BACKEND.commandComplete:
        return this.#commandComplete(step, frame, start, end)
      case BACKEND.readyForQuery:
        return this.#ready(step, frame, start)
      case BACKEND.parseComplete:
        return this.#confirmed(step, 'parse')
      case BACKEND.bindComplete:
        return this.#confirmed(step, 'bind')
      case BACKEND.closeComplete:
        return this.#confirmed(step, 'close')
      case BACKEND.noData:
        return this.#noData(step)
      case BACKEND.parameterDescription:
        return 'verbatim'
      case BACKEND.emptyQuery:
      case BACKEND.portalSuspended:
        return this.#executed(step, frame[start] ?? 0)
      case BACKEND.error:
        return this.#error(step, frame, start, end)
      case BACKEND.notice:
        this.#reports.notice(step, frame, start, end)
        return 'done'
      case BACKEND.notification:
        return this.#state.masking ? 'done' : 'verbatim'
      case BACKEND.parameterStatus:
        return this.#parameterStatus(frame, start, end)
      case BACKEND.copyIn:
        return this.#copyIn(step)
      case BACKEND.copyOut:
        if (step === undefined || this.#state.needsPlan(step.analysis)) throw new UnmaskableError('a COPY began whose columns nobody knows')
        return 'verbatim'
      case BACKEND.copyDone:
        return 'verbatim'
      default:
        throw new MalformedFrameError('the target sent a message that cannot come here')
    }
  }

  #row(frame: Buffer, start: number, end: number): Verdict {
    const plan = this.#rowPlan()
    if (plan === 'verbatim') return 'verbatim'
    const { transcript, inFlight } = this.#state
    transcript.row(inFlight.head)
    const masked = maskRow(frame, start, end, plan, transcript, transcript.original)
    this.#pass(masked, 0, masked.length)
    return 'done'
  }

  #describe(step: Step | undefined, frame: Buffer, start: number, end: number): Verdict | 'wait' {
    if (step === undefined) throw new MalformedFrameError('the target described rows that nobody asked for')
    const statementOnly = step.kind === 'describe-statement'
    if (!statementOnly && step.kind !== 'describe-portal' && step.kind !== 'query') throw new MalformedFrameError('the target described rows out of turn')
    const description = this.#planner.copyOf(frame, start, end)
    if (!statementOnly && this.#state.masking) {
      const { catalog, parameters } = this.#state
      const { plan, tableOids } = this.#planner.describe(description, catalog.protectedColumns, parameters.get('client_encoding') === 'UTF8')
      if (this.#state.needsPlan(step.kind === 'query' ? step.analysis : step.portal?.prepared.analysis) && !tableOids.every((oid) => catalog.knows(oid))) {
        if (!step.reread) {
          step.reread = true
          this.#rereadCatalog()
          return 'wait'
        }
        throw new UnmaskableError('rows came from a table that the catalog does not hold')
      }
      if (step.kind === 'query') step.plan = plan
      else if (step.portal !== undefined) step.portal.plan = plan
    }
    if (step.kind === 'query') {
      this.#state.transcript.message(step, frame, start, end)
      return 'verbatim'
    }
    this.#keepDescription(step, description)
    this.#pop(step)
    return step.internal ? 'done' : 'verbatim'
  }

  /** Rows that come later without one are put on record under it. */
  #keepDescription(step: Step, description: Buffer): void {
    if (description.length > MAX_KEPT_DESCRIPTION_BYTES) return
    if (step.kind === 'describe-portal' && step.portal !== undefined) step.portal.description = description
    else if (step.prepared !== undefined && this.#state.names.confirmedStatements.get(step.name) === step.prepared) step.prepared.description = description
  }

  #rereadCatalog(): void {
    this.#rereading = true
    this.#state.upstream.pause()
    this.#state.catalog.markStale()
    const goOn = (): void => {
      const rest = this.#suspended
      this.#suspended = EMPTY
      this.#rereading = false
      this.#process(rest)
      if (!this.#rereading) this.#state.upstream.resume()
    }
    this.#state.catalog.refresh().then(goOn).catch((error: unknown) => this.failed(error))
  }

  #noData(step: Step | undefined): Verdict {
    if (step?.kind === 'query' && step.rowLimit !== undefined) return 'done'
    if (step?.kind !== 'describe-portal' && step?.kind !== 'describe-statement') throw new MalformedFrameError('the target answered out of turn')
    if (step.portal !== undefined) step.portal.plan = []
    this.#pop(step)
    return step.internal ? 'done' : 'verbatim'
  }

  #commandComplete(step: Step | undefined, frame: Buffer, start: number, end: number): Verdict {
    if (step?.kind !== 'query' && step?.kind !== 'execute') throw new MalformedFrameError('the target completed a command that nobody sent')
    if (step.rowLimit !== undefined && !withinLimit(this.#state, step, frame, start, end)) return 'done'
    step.rows += rowsOfTag(frame, start + HEADER_BYTES, end - 1)
    this.#state.transcript.message(step, frame, start, end)
    if (step.rowLimit !== undefined && step.kind === 'query') {
      step.completion = Buffer.from(frame.subarray(start, end))
      syncLimited(this.#state, step)
      return 'done'
    }
    if (step.kind === 'execute') {
      const verdict = this.#executed(step, BACKEND.commandComplete)
      if (movesTransaction(frame, start + HEADER_BYTES, end - 1)) this.settled('completed')
      return verdict
    }
    step.plan = undefined
    this.#state.copyIn = false
    return 'verbatim'
  }

  #executed(step: Step | undefined, type: number): Verdict {
    if (step?.kind === 'query') return 'verbatim'
    if (step?.rowLimit !== undefined && type === BACKEND.portalSuspended) {
      undo(this.#state, step, 'a change that was approved for a number of rows must be executed without asking for a part of its rows')
      return 'done'
    }
    if (step?.kind !== 'execute') throw new MalformedFrameError('the target answered out of turn')
    this.#checkPortal(step)
    this.#state.copyIn = false
    this.#pop(step)
    this.finished(step, 'completed')
    return 'verbatim'
  }

  /** What ran must be what was decided: a Bind that the target skipped would leave an older portal under the name. */
  #checkPortal(step: Step): void {
    const { portal } = step
    if (portal === undefined || this.#state.names.confirmedPortals.get(portal.name) !== portal) throw new MalformedFrameError('another portal ran than the one that was bound')
  }

  #confirmed(step: Step | undefined, kind: 'parse' | 'bind' | 'close'): Verdict {
    if (step?.kind === 'query' && step.rowLimit !== undefined) return 'done'
    if (step?.kind !== kind) throw new MalformedFrameError('the target answered out of turn')
    const { names } = this.#state
    const { confirmedStatements, confirmedPortals } = names
    this.#pop(step)
    if (kind === 'parse' && step.prepared !== undefined) {
      confirmedStatements.set(step.name, step.prepared)
      if (step.operationNumber > 0) this.finished(step, 'completed')
    } else if (kind === 'bind' && step.portal !== undefined) {
      const { prepared } = step.portal
      if (prepared.parsed && confirmedStatements.get(step.name) !== prepared) throw new MalformedFrameError('another statement was bound than the one that was parsed')
      confirmedPortals.set(step.portal.name, step.portal)
    } else if (kind === 'close') {
      if (step.closes === 'portal') names.closePortal(step.name)
      else names.closeStatement(step.name)
    }
    return 'verbatim'
  }

  #ready(step: Step | undefined, frame: Buffer, start: number): Verdict {
    if (step?.kind !== 'query' && step?.kind !== 'sync') throw new MalformedFrameError('the target is ready out of turn')
    this.#state.copyIn = false
    this.#state.inTransaction = frame[start + HEADER_BYTES] !== 0x49
    if (step.completion !== undefined) this.toClient.add(step.completion)
    // Portals end with their transaction; those bound since are not confirmed yet.
    if (!this.#state.inTransaction) this.#forgetPortals()
    this.#pop(step)
    this.#state.readingUncertain = false
    this.settled('completed')
    if (step.kind === 'query') this.finished(step, step.code === undefined ? 'completed' : 'failed')
    this.#state.settle()
    return 'verbatim'
  }

  #forgetPortals(): void {
    const { names } = this.#state
    names.confirmedPortals.removeFrom(names.portals)
  }

  #error(step: Step | undefined, frame: Buffer, start: number, end: number): Verdict {
    const code = this.#reports.error(step, frame, start, end)
    if (step === undefined) return 'done'
    step.code = code
    this.#state.copyIn = false
    this.settled('failed', code)
    if (step.kind === 'query') {
      step.plan = undefined
      step.completion = undefined
      if (step.rowLimit !== undefined) syncLimited(this.#state, step)
      return 'done'
    }
    // What a Sync commits may fail then, by a deferred constraint: the target is ready right after.
    if (step.kind === 'sync') return 'done'
    this.#pop(step)
    this.finished(step, 'failed')
    this.#skipToSync()
    return 'done'
  }

  /** After an error in the extended protocol the target ignores everything up to the next Sync. */
  #skipToSync(): void {
    const { inFlight } = this.#state
    for (let step = inFlight.head; step !== undefined; step = inFlight.head) {
      if (step.kind === 'sync') return
      this.#pop(step)
      this.finished(step, 'aborted')
    }
    this.#state.skipping = true
  }

  #parameterStatus(frame: Buffer, start: number, end: number): Verdict {
    const reader = new ByteReader(frame, start + HEADER_BYTES, end)
    const name = reader.cstring()
    const value = reader.cstring()
    const { parameters } = this.#state
    if ((name === 'standard_conforming_strings' || name === 'client_encoding') && parameters.get(name) !== value) this.#state.readingMoved = true
    parameters.set(name, value)
    return 'verbatim'
  }

  #copyIn(step: Step | undefined): Verdict {
    if (step?.holdsAll !== true) throw new MalformedFrameError('the target asks for COPY data out of turn')
    this.#state.copyIn = true
    this.progressed()
    return 'verbatim'
  }

  #pop(step: Step): void {
    this.#state.inFlight.shift()
    this.#state.release(step)
    this.progressed()
  }
}
