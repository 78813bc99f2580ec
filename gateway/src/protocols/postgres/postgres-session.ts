import { performance } from 'node:perf_hooks'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Log } from '../protocol-adapter.ts'
import { ClientRelay } from './client-relay.ts'
import { changesCatalog } from './operation.ts'
import type { RelayState } from './relay-state.ts'
import { UnmaskableError } from './moved-definitions.ts'
import { ServerRelay } from './server-relay.ts'
import type { Step } from './step.ts'
import { UnsettledOutcomes } from './unsettled-outcomes.ts'
import { FRONTEND } from './wire/message-types.ts'
import { message } from './wire/message-writer.ts'
import { writeReport } from './wire/report.ts'

/** One session from its login to its end: joins both directions, and is the one place where it ends. */
export class PostgresSession {
  readonly #state: RelayState
  readonly #fromClient: ClientRelay
  readonly #fromTarget: ServerRelay
  readonly #unsettled: UnsettledOutcomes
  readonly #log: Log
  readonly #cancelTarget: () => void
  readonly #ended: () => void
  #over = false
  #counted = 0
  #resumeScheduled = false

  /**
   * @param cancelTarget asks the target to stop what runs
   * @param ended called once, when nothing of the session is left
   */
  constructor(state: RelayState, log: Log, cancelTarget: () => void, ended: () => void) {
    this.#state = state
    this.#log = log
    this.#cancelTarget = cancelTarget
    this.#ended = ended
    this.#fromClient = new ClientRelay(state, () => this.#stop('the client ended it'))
    this.#fromTarget = new ServerRelay(state)
    this.#unsettled = new UnsettledOutcomes(state.gatekeeper, state.session)
    this.#counted = 0
    this.#connect()
  }

  /** Ends it at once, with what it runs on the target. */
  end(reason: string): void {
    this.#stop(reason, writeReport({ severity: 'FATAL', code: '57P01', message: `the session was ended: ${reason}`, hint: 'Connect again with a new token.' }))
  }

  /** The client wants what runs, or waits for people, to stop. */
  cancel(): void {
    if (this.#state.held === undefined) this.#cancelTarget()
    else this.#state.held.cancel()
  }

  #connect(): void {
    const { client, upstream, session } = this.#state
    client.receive = (chunk) => this.#guard('client', this.#fromClient, chunk)
    upstream.receive = (chunk) => this.#guard('target', this.#fromTarget, chunk)
    client.drained = () => this.#takeMore()
    upstream.drained = () => this.#takeMore()
    if (session.recorder !== undefined) session.recorder.onRoom = () => this.#takeMore()
    client.ending = () => this.#fromTarget.toClient.flush()
    client.closed = () => this.#stop('the client closed the connection')
    upstream.closed = () => {
      const lost = { severity: 'FATAL', code: '08006', message: 'the target closed the connection', hint: 'Connect again.' } as const
      this.#stop('the target closed the connection', this.#state.inFlight.length > 0 && !this.#state.targetSaidWhy ? writeReport(lost) : undefined)
    }
    this.#fromClient.outbound.dropped = (step) => this.#finish(step, 'aborted')
    this.#fromClient.failed = (error) => this.#fail('client', error)
    this.#fromTarget.finished = (step, result) => this.#finish(step, result)
    this.#fromTarget.settled = (result, code) => this.#unsettled.settle(result, code)
    this.#fromTarget.failed = (error) => this.#fail('target', error)
    this.#fromTarget.progressed = () => this.#resumeClient()
  }

  /** Reads from each side again whose bytes have somewhere to go. */
  #takeMore(): void {
    const { client, upstream, recordingIsFull } = this.#state
    if (this.#over || recordingIsFull) return
    if (!client.socket.writableNeedDrain && !this.#fromTarget.isRereading) upstream.resume()
    if (!this.#fromClient.isHeld && !upstream.socket.writableNeedDrain) client.resume()
  }

  #resumeClient(): void {
    if (!this.#fromClient.isHeld || this.#resumeScheduled) return
    this.#resumeScheduled = true
    queueMicrotask(() => {
      this.#resumeScheduled = false
      if (!this.#over) this.#fromClient.resumeSafely()
    })
  }

  #guard(side: 'client' | 'target', relay: ClientRelay | ServerRelay, chunk: Buffer): void {
    if (this.#over) return
    try {
      relay.receive(chunk)
    } catch (error) {
      this.#fail(side, error)
    }
  }

  /** Fails closed: whatever was not understood ends the session, and nothing more passes. */
  #fail(side: 'client' | 'target', error: unknown): void {
    const known = error instanceof MalformedFrameError || error instanceof UnmaskableError
    const reason = known ? error.message : 'an internal error'
    if (known) this.#log.warn({ session: this.#state.session.id, side, reason }, 'a session was ended because its messages could not be followed')
    else this.#log.error({ session: this.#state.session.id, side, error }, 'a session was ended by an internal error')
    const code = error instanceof MalformedFrameError ? '08P01' : error instanceof UnmaskableError ? '42501' : 'XX000'
    this.#stop(reason, writeReport({ severity: 'FATAL', code, message: `the gateway ended the session: ${reason}`, hint: 'Connect again.' }))
  }

  #finish(step: Step, result: 'completed' | 'failed' | 'aborted'): void {
    const { session, gatekeeper, catalog, masking, names, transcript, context, inTransaction } = this.#state
    if (result !== 'completed' && (step.kind === 'parse' || step.kind === 'bind')) names.restore(step.name, step.prepared, step.portal)
    if (step.analysis !== undefined && result !== 'completed') context.failed(step.operation.text)
    if (step.analysis !== undefined) names.settle(step.analysis.effects, result === 'completed', step.operation.text)
    if (step.operationNumber === 0) return
    if (masking && step.analysis !== undefined && changesCatalog(step.analysis)) catalog.markStale()
    const position = this.#fromTarget.toClient.position
    const { rows, code, operationNumber } = step
    const durationMs = performance.now() - step.startedAtMs
    const masked = transcript.maskedOf(operationNumber)
    const digest = transcript.resultDigest(operationNumber)
    const outcome = { result, rows, bytes: position - this.#counted, masked, digest, code, durationMs }
    if (step.kind === 'execute' && result === 'completed' && !inTransaction) this.#unsettled.add(operationNumber, outcome)
    else gatekeeper.finish(session, operationNumber, outcome)
    this.#counted = position
    step.operationNumber = 0
  }

  #stop(reason: string, report?: Buffer): void {
    if (this.#over) return
    this.#over = true
    this.#fromClient.stop()
    this.#state.held?.leave()
    const { client, upstream, inFlight, session, gatekeeper } = this.#state
    session.ended ??= reason
    if (inFlight.length > 0 && upstream.isOpen) this.#cancelTarget()
    this.#unsettled.settle('aborted')
    for (let step = inFlight.shift(); step !== undefined; step = inFlight.shift()) this.#finish(step, 'aborted')
    for (const step of this.#fromClient.outbound.toArray()) this.#finish(step, 'aborted')
    upstream.receive = () => undefined
    upstream.end(message(FRONTEND.terminate))
    client.receive = () => undefined
    this.#state.definitions.settled()
    this.#fromTarget.toClient.flush()
    client.end(report)
    gatekeeper.close(session, reason)
    this.#ended()
  }
}
