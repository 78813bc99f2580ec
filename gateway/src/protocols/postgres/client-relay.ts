import { Buffer } from 'node:buffer'
import { ByteRanges } from '../../bytes/byte-ranges.ts'
import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Effect } from '../../governance/decision.ts'
import type { Analysis } from '../../sql/analysis.ts'
import type { Portal, Prepared } from './names.ts'
import { changesCatalog, OperationReader } from './operation.ts'
import { HeldStep } from './held-step.ts'
import { Outbound } from './outbound.ts'
import type { RelayState } from './relay-state.ts'
import { Step } from './step.ts'
import { CHANGED_MEANING, FLUSH, FUNCTION_CALL, TOO_MANY_NAMES, unknownName } from './own-messages.ts'
import { WaitingBinds } from './waiting-binds.ts'
import { readBind, readExecute, readNamedObject, readParse, readQuery } from './wire/client-messages.ts'
import { type Course, MessageCutter } from './wire/message-cutter.ts'
import { FRONTEND, HEADER_BYTES } from './wire/message-types.ts'
import { cstring, message } from './wire/message-writer.ts'

/** Kept of what the client sends while something must be waited for, before it is read from no more. */
const MAX_HELD_BYTES = 16 * 1024

/** From the client to the target: reads each message, has each operation governed, sends on what may pass, in order. */
export class ClientRelay {
  readonly #state: RelayState
  readonly #reader: OperationReader
  readonly #messages = new MessageCutter({
    begins: (type, length) => this.#begins(type, length),
    message: (bytes, start, end) => this.#message(bytes, start, end),
    piece: (bytes, start, end) => this.#passCopy(bytes, start, end),
  })
  /** Bytes not looked at yet, while something must be waited for. */
  #held: Buffer | undefined
  readonly outbound: Outbound
  /** Counts Query and Sync messages: what the target skips after an error ends there. */
  #segment = 1
  /** Parse messages of this read whose decision no Execute of the same read has covered. */
  #uncovered: Step[] = []
  readonly #binds: WaitingBinds
  readonly #direct = new ByteRanges()
  readonly #terminate: () => void
  #isOver = false

  constructor(state: RelayState, terminate: () => void) {
    this.#state = state
    this.#reader = new OperationReader(state)
    this.#binds = new WaitingBinds(state.session)
    this.outbound = new Outbound(state, () => {
      if (this.isHeld) queueMicrotask(() => this.resumeSafely())
    })
    this.#terminate = terminate
  }

  /** @throws MalformedFrameError when the client breaks the protocol */
  receive(chunk: Buffer): void {
    const bytes = Buffer.from(chunk)
    if (this.#held === undefined) this.#process(bytes)
    else this.#keep(Buffer.concat([this.#held, bytes]))
  }

  /** Reads on for a while, though nothing is done with it yet: a client that goes is noticed only by reading. */
  #keep(held: Buffer): void {
    this.#held = held
    if (held.length > MAX_HELD_BYTES) this.#state.client.pause()
  }

  get isHeld(): boolean { return this.#held !== undefined }

  /** Goes on with what was held back, when nothing holds it any more. */
  resume(): void {
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    this.#process(held)
    if (!this.isHeld && !this.#state.upstream.socket.writableNeedDrain) this.#state.client.resume()
  }

  /** The session is over: whatever else the client has sent is not looked at. */
  stop(): void {
    this.#isOver = true
    this.#held = undefined
    this.#uncovered = []
  }

  #process(bytes: Buffer): void {
    const rest = this.#messages.push(bytes)
    if (rest === undefined) this.#endOfRead()
    else this.#hold(rest)
  }

  /** COPY data is passed as it comes while the target waits for it, else dropped as the target would: its header may claim 2 GB. */
  #begins(type: number, length: number): Course {
    if (length < 4) throw new MalformedFrameError('invalid message length')
    if (this.#isOver) return 'drop'
    if (type === FRONTEND.copyData) return this.#state.copyIn ? 'pass' : this.#copyMayFollow ? 'wait' : 'drop'
    if (length > this.#state.limits.maxFrameBytes) throw new MalformedFrameError('a message is longer than the gateway takes')
    return 'whole'
  }

  #passCopy(bytes: Buffer, start: number, end: number): void {
    this.#direct.add(bytes, start, end)
    this.#state.transcript.sent(this.#state.inFlight.head, bytes, start, end)
  }

  /** A client need not wait for the target to ask for the data of its COPY; the gateway must. */
  get #copyMayFollow(): boolean {
    return !this.#state.copyIn && this.#state.holdsAll > 0
  }

  get #isFull(): boolean {
    const { inFlight, limits } = this.#state
    return inFlight.length + this.outbound.length >= limits.maxInFlight
  }

  /** @returns false when it must wait */
  #message(bytes: Buffer, start: number, end: number): boolean {
    const type = bytes[start]
    if (type === FRONTEND.terminate) {
      this.#terminate()
      return true
    }
    if (this.#state.copyIn) return this.#inCopy(type, bytes, start, end)
    if (type === FRONTEND.copyDone || type === FRONTEND.copyFail) return !this.#copyMayFollow
    if (this.#mustWait(type)) return false
    const body = start + HEADER_BYTES
    if (type === FRONTEND.query) return this.#query(bytes, start, body, end)
    if (type === FRONTEND.parse) return this.#parse(bytes, start, body, end)
    if (type === FRONTEND.bind) return this.#bind(bytes, start, body, end)
    if (type === FRONTEND.execute) return this.#execute(bytes, start, body, end)
    if (type === FRONTEND.describe) this.#describe(bytes, start, body, end)
    else if (type === FRONTEND.close) this.#close(bytes, start, body, end)
    else if (type === FRONTEND.sync || type === FRONTEND.flush) this.#syncOrFlush(type, bytes, start, end)
    else if (type === FRONTEND.functionCall) this.#refuse(new Step('query', bytes, start, end), FUNCTION_CALL)
    else throw new MalformedFrameError('an unknown message type')
    return true
  }

  /** With a body the target would take either for an error, and ignore what follows. */
  #syncOrFlush(type: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== HEADER_BYTES) throw new MalformedFrameError('a message is longer than its fields')
    this.#binds.refuse()
    if (type === FRONTEND.sync) {
      this.#segment++
      this.#state.pipelined = 0
    }
    this.outbound.push(new Step(type === FRONTEND.sync ? 'sync' : 'unanswered', bytes, start, end))
  }

  /** While the target takes COPY data, only that data and its end can come; it ignores Sync and Flush then. */
  #inCopy(type: number | undefined, bytes: Buffer, start: number, end: number): true {
    if (type === FRONTEND.sync || type === FRONTEND.flush) return true
    if (type !== FRONTEND.copyDone && type !== FRONTEND.copyFail) throw new MalformedFrameError('a message that cannot come during COPY')
    this.#passCopy(bytes, start, end)
    this.#state.copyIn = false
    return true
  }

  #mustWait(type: number | undefined): boolean {
    const { holdsAll, masking, catalog } = this.#state
    if (holdsAll > 0 || this.#isFull) return true
    const readsText = type === FRONTEND.query || type === FRONTEND.parse
    if (!readsText && type !== FRONTEND.execute) return false
    return (masking && !catalog.isFresh) || (readsText && (this.#readingInDoubt || this.#definitionsInDoubt))
  }

  /** What is under way may change how text is read. */
  get #readingInDoubt(): boolean {
    const { holdsReading, readingMoved, inFlight } = this.#state
    return holdsReading > 0 || (readingMoved && (inFlight.length > 0 || this.outbound.toArray().some(({ kind }) => kind !== 'unanswered')))
  }

  /** What is under way may end the transaction that redefined something. */
  get #definitionsInDoubt(): boolean {
    const { masking, definitions, boundaries } = this.#state
    return masking && !definitions.isEmpty && boundaries > 0
  }

  #hold(rest: Buffer): void {
    this.#keep(rest)
    if (rest[0] !== FRONTEND.execute || this.#isFull) this.#binds.refuse()
    // Without a Sync the target may keep its answers to itself, and nobody would ever go on.
    this.outbound.push(new Step('unanswered', FLUSH, 0, FLUSH.length))
    this.#endOfRead()
    const { catalog, holdsAll, holdsReading } = this.#state
    if (this.#state.masking && !catalog.isFresh && holdsAll === 0 && holdsReading === 0) catalog.refresh().then(() => this.resumeSafely(), (error: unknown) => this.failed(error))
  }

  /** Set by the session. */
  failed: (error: unknown) => void = () => undefined

  resumeSafely(): void {
    try {
      this.resume()
    } catch (error) {
      this.failed(error)
    }
  }

  #query(bytes: Buffer, start: number, body: number, end: number): boolean {
    const { text, analysis: own, analyser } = this.#reader.read(readQuery(bytes, body, end))
    if (this.#namesUncertain(own)) return false
    const analysis = this.#state.names.resolve(own)
    if (this.#asksTooEarly(analysis)) return false
    this.#binds.refuse()
    this.#segment++
    this.#operate(new Step('query', bytes, start, end), text, [], analysis, analyser !== undefined)
    this.#state.pipelined = 0
    return true
  }

  /** EXECUTE and FETCH run what a name stands for, which an error before may have left as it was. */
  #namesUncertain(analysis: Analysis): boolean {
    return this.#state.boundaries > 0 && analysis.effects.length > 0 && analysis.effects.some(({ kind }) => kind === 'execute' || kind === 'fetch')
  }

  /** What people are asked about depends on what came before: settings, and whether a transaction is open. Its answers must be in. */
  #asksTooEarly(analysis: Analysis): boolean {
    return this.#state.boundaries > 0 && this.#effectOf(analysis) === 'review'
  }

  #effectOf(analysis: Analysis): Effect {
    return this.#state.session.policy.decide(this.#reader.factsWith(analysis, [])).effect
  }

  /** What came before a Sync that is not answered yet may have been skipped; what came since is skipped with what uses it. */
  #uncertain(believed: Prepared | Portal | undefined, confirmed: Prepared | Portal | undefined): boolean {
    return this.#state.boundaries > 0 && believed !== confirmed && believed?.segment !== this.#segment
  }

  #parse(bytes: Buffer, start: number, body: number, end: number): true {
    const { names, session } = this.#state
    const step = new Step('parse', bytes, start, end)
    const parse = readParse(bytes, body, end)
    if (parse.statement !== '' && names.isFull) return this.#refuse(step, TOO_MANY_NAMES)
    const { text, analysis, analyser } = this.#reader.readTyped(parse.text, parse.types)
    const facts = this.#reader.factsWith(names.resolve(analysis), [])
    const { effect } = session.policy.decide(facts)
    const prepared: Prepared = { text, analysis, analyser, parsed: true, segment: this.#segment, ...(effect === 'review' && { parse: Buffer.from(bytes.subarray(parse.typesAt, end)) }) }
    names.statements.set(parse.statement, prepared)
    if (parse.statement !== '') names.epoch++
    step.prepared = prepared
    step.name = parse.statement
    this.outbound.await(step, { protocol: 'postgres', facts, text, parameters: [], preparesOnly: true })
    // Not denied: an Execute in the same read will carry the decision for both. Else it is refused right here.
    if (effect !== 'deny') this.#uncovered.push(step)
    else this.#state.gatekeeper.govern(session, step)
    return true
  }

  #bind(bytes: Buffer, start: number, body: number, end: number): boolean {
    const { names } = this.#state
    const step = new Step('bind', bytes, start, end)
    const { portal: name, statement, parametersAt } = readBind(bytes, body, end)
    if (this.#uncertain(names.statements.get(statement), names.confirmedStatements.get(statement))) return false
    const prepared = names.statement(statement)
    if (prepared === undefined) return this.#refuse(step, unknownName('prepared statement', statement))
    if (name !== '' && names.isFull) return this.#refuse(step, TOO_MANY_NAMES)
    const portal = { name, prepared, bind: bytes, parametersAt, bindEnd: end, epoch: names.epoch, segment: this.#segment, described: false, plan: undefined }
    names.portals.set(name, portal)
    step.portal = portal
    step.name = statement
    if (this.#effectOf(names.resolve(this.#reader.current(prepared))) !== 'allow') this.#binds.add(step)
    this.outbound.push(step)
    return true
  }

  #execute(bytes: Buffer, start: number, body: number, end: number): boolean {
    const { names, masking } = this.#state
    const step = new Step('execute', bytes, start, end)
    const name = readExecute(bytes, body, end)
    if (this.#uncertain(names.portals.get(name), names.confirmedPortals.get(name))) return false
    const portal = names.portals.get(name)
    if (portal === undefined) return this.#refuse(step, unknownName('portal', name))
    const own = this.#reader.current(portal.prepared)
    if (this.#namesUncertain(own)) return false
    const analysis = names.resolve(own)
    if (this.#asksTooEarly(analysis)) return false
    this.#binds.executed(portal, step)
    if (masking && analysis !== own && portal.epoch !== names.epoch) return this.#refuse(step, CHANGED_MEANING)
    step.portal = portal
    if (!portal.described && this.#state.needsPlan(analysis)) this.#describeOurselves(portal)
    const { prepared } = portal
    const operation = this.#operate(step, prepared.text, this.#reader.parameters(portal), analysis, prepared.analyser !== undefined || !prepared.parsed, portal)
    if (operation === undefined || this.#uncovered.length === 0) return true
    const parse = this.#uncovered.find((candidate) => candidate.prepared === portal.prepared)
    if (parse === undefined) return true
    this.outbound.cover(parse, step)
    this.#uncovered = this.#uncovered.filter((candidate) => candidate !== parse)
    return true
  }

  /** Rows come without a description in the extended protocol: where they may hold masked values, the gateway asks for one. */
  #describeOurselves(portal: Portal): void {
    const frame = message(FRONTEND.describe, 'P', cstring(portal.name))
    const step = new Step('describe-portal', frame, 0, frame.length)
    step.internal = true
    step.portal = portal
    portal.described = true
    this.outbound.push(step)
  }

  #describe(bytes: Buffer, start: number, body: number, end: number): void {
    const { kind, name } = readNamedObject(bytes, body, end)
    const step = new Step(kind === 'portal' ? 'describe-portal' : 'describe-statement', bytes, start, end)
    if (kind === 'portal') {
      // A cursor of DECLARE may be described too: that tells of columns, and no row comes of it.
      step.portal = this.#state.names.portals.get(name)
      if (step.portal !== undefined) step.portal.described = true
    } else {
      step.name = name
      step.prepared = this.#state.names.statements.get(name)
    }
    this.outbound.push(step)
  }

  #close(bytes: Buffer, start: number, body: number, end: number): void {
    const { kind, name } = readNamedObject(bytes, body, end)
    // The name is given up when the target says so: it may skip this message.
    this.#state.names.epoch++
    const step = new Step('close', bytes, start, end)
    step.name = name
    step.closes = kind
    this.outbound.push(step)
  }

  #operate(step: Step, text: string, parameters: readonly (string | null)[], analysis: Analysis, readable: boolean, portal?: Portal): Step | undefined {
    const { names, session, gatekeeper } = this.#state
    if (analysis.effects.length > 0 && names.isFull) {
      this.#refuse(step, TOO_MANY_NAMES)
      return undefined
    }
    names.expect(analysis.effects, text)
    step.analysis = analysis
    const facts = this.#reader.factsWith(analysis, parameters)
    const { effect } = session.policy.decide(facts)
    if (effect !== 'deny') this.#state.definitions.note(analysis)
    if (this.#state.masking && analysis.touchesMasked) step.analysedAt = this.#state.catalog.moves.count
    const asksPeople = effect === 'review'
    if (asksPeople) step.reviewable = HeldStep.of(this.#state, { text, readable, facts, analysis, parameters, portal, inTransaction: this.#state.inTransaction || this.#state.pipelined > 0 })
    else if (effect === 'allow') this.#state.context.note(text, analysis, parameters)
    this.#state.pipelined++
    // Whatever follows what people are asked about is decided after their answer.
    step.holdsAll = analysis.mayCopyIn || asksPeople
    step.holdsReading = analysis.mayChangeReading || (this.#state.masking && changesCatalog(analysis))
    if (step.holdsAll) this.#state.holdsAll++
    if (step.holdsReading) this.#state.holdsReading++
    this.outbound.await(step, { protocol: 'postgres', facts, text, parameters })
    gatekeeper.govern(session, step)
    return step
  }

  #refuse(step: Step, report: Buffer): true {
    step.refuseWith(report)
    this.#state.session.refused++
    this.outbound.push(step)
    return true
  }

  #endOfRead(): void {
    if (this.#isOver) return
    const uncovered = this.#uncovered
    if (uncovered.length > 0) {
      this.#uncovered = []
      for (const step of uncovered) this.#state.gatekeeper.govern(this.#state.session, step)
    }
    // COPY data comes before whatever was read after it; nothing is ever staged before COPY data.
    if (this.#direct.byteLength > 0) {
      this.outbound.write(this.#direct)
      if (this.#state.recordingIsFull) this.#state.client.pause()
    }
    if (this.outbound.isDecided) this.outbound.flush()
  }
}
