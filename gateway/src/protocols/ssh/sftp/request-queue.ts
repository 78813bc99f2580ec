import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import type { Refusal } from '../../../governance/decision.ts'
import { accountTouched, describeRequest, type GovernedRequest, type Touched } from './describe-request.ts'
import { isGoverned, objectionTo, pendingOf } from './handle-requests.ts'
import { FXP, STATUS, statusName } from './message-types.ts'
import { OpenFile } from './open-file.ts'
import { writeClose, writeHandle, writeName } from './packet-writer.ts'
import { answerType, byText, changesNames } from './path-questions.ts'
import type { Pending } from './pending-answers.ts'
import type { RelayState } from './relay-state.ts'
import type { CopyRequest, HandleRequest, PathRequest, SftpRequest } from './request.ts'
import { type Failure, resolvePaths } from './resolve-paths.ts'
import { Step, type StepHost } from './step.ts'

/** A request that waits for its turn. */
export interface Queued {
  readonly request: SftpRequest
  readonly clientId: number
  /** Name of the extension that it belongs to. */
  readonly extension: string | undefined
  /** The whole packet; its own. */
  readonly packet: Buffer
  step?: Step
}

/** Requests at the target and not answered; then no more are sent. */
export const MAX_PENDING = 4096
const MAX_OPEN_FILES = 4096
/** Requests held for people at once that others pass by. */
const MAX_PARKED = 64
const LOOK_UPS: ReadonlySet<string> = new Set(['stat', 'lstat', 'realpath', 'expand-path', 'readlink', 'statvfs'])

/**
 * Requests in the order in which they came. Only its first is worked on: what it touches is found out, decided, and sent,
 * before anything behind it is. One that is held for a person steps aside, and takes its turn again once it is approved.
 */
export class RequestQueue implements StepHost {
  readonly #state: RelayState
  readonly #items: Queued[] = []
  readonly #parked = new Set<Queued>()
  #bytes = 0
  #advancing = false
  /** Sent, and not answered yet. */
  readonly #sent = new Set<Step>()

  constructor(state: RelayState) {
    this.#state = state
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  /** Bytes of requests that wait. */
  get bytes(): number {
    return this.#bytes
  }

  get maxHoldMs(): number {
    return this.#state.maxHoldMs
  }

  add(item: Queued): void {
    this.#bytes += item.packet.length
    this.#items.push(item)
    this.advance()
  }

  advance(): void {
    if (this.#advancing || this.#state.home === undefined) return
    this.#advancing = true
    try {
      for (let first = this.#items[0]; first !== undefined && !this.#state.closed && this.#work(first); first = this.#items[0]) {
        // A step that was approved may have come before it.
        this.#items.splice(this.#items.indexOf(first), 1)
        this.#bytes -= first.packet.length
      }
    } finally {
      this.#advancing = false
    }
  }

  held(step: Step): void {
    // Nobody waits for a person's answer to rename a file.
    step.endTurn()
    const first = this.#items[0]
    if (first?.step !== step || this.#parked.size >= MAX_PARKED) return
    this.#items.shift()
    this.#parked.add(first)
    for (const file of step.files) file.held++
    this.#state.run('the client', () => this.advance())
  }

  settled(step: Step): void {
    const { refusal } = step
    if (refusal !== undefined) step.endTurn()
    for (const item of this.#parked) if (item.step === step) this.#unpark(item, step)
    if (this.#state.closed) {
      // It was approved in the moment in which the channel ended: it is not run.
      if (refusal === undefined) this.#finish(step, { result: 'aborted' })
      return
    }
    if (refusal !== undefined) this.#state.refuse(step.clientId, refusal)
    this.#state.run('the client', () => this.advance())
  }

  tell(words: string): void {
    this.#state.tell(words)
  }

  /** The channel is over. */
  leave(how: 'cancelled' | 'left'): void {
    for (const { step } of [...this.#parked, ...this.#items]) {
      if (step === undefined) continue
      step.leave(how)
      // It was let through, and did not come to be sent.
      if (step.stage === 'approved' || step.stage === 'asking-again' || step.stage === 'ready') this.#finish(step, { result: 'aborted' })
    }
    for (const step of this.#sent) step.endTurn()
    this.#sent.clear()
    this.#parked.clear()
    this.#items.length = 0
    this.#bytes = 0
  }

  #unpark(item: Queued, step: Step): void {
    this.#parked.delete(item)
    for (const file of step.files) file.held--
    if (step.refusal !== undefined) this.#bytes -= item.packet.length
    // Next in turn, but behind one that has begun.
    else this.#items.splice(this.#items[0]?.step === undefined ? 0 : 1, 0, item)
  }

  /** @returns true when the request is done with: sent, answered, or refused */
  #work(item: Queued): boolean {
    const { request, clientId, extension } = item
    const state = this.#state
    if (item.step !== undefined) return this.#workOnStep(item, item.step)
    const unsupported = request.kind === 'unsupported' || (extension !== undefined && !state.extensions.has(extension)) ? 'is not passed on' : oddityOf(request, state)
    if (unsupported !== undefined) {
      const name = request.kind === 'unsupported' ? request.name : 'name' in request ? request.name : request.kind
      state.answer(clientId, STATUS.unsupported, `refused by rule "unsupported-request": ${name} ${unsupported}.`)
      return true
    }
    switch (request.kind) {
      case 'handle': return this.#workOnHandle(item, request)
      case 'copy': return this.#workOnCopy(item, request)
      case 'account': return this.#begin(item, request, [])
      case 'limits': return this.#send({ clientId, expects: FXP.extendedReply }, item.packet)
      case 'path': return isHome(request) ? this.#tellHome(clientId) : this.#begin(item, request, [])
      case 'unsupported': return true
    }
  }

  #tellHome(clientId: number): boolean {
    this.#state.toClient.write(writeName(clientId, Buffer.from(this.#state.home ?? '/', 'latin1')))
    return true
  }

  #workOnHandle(item: Queued, request: HandleRequest): boolean {
    const { clientId, packet } = item
    const file = this.#state.files.get(request.handle)
    const objection = objectionTo(request.name, file)
    if (objection !== undefined || file === undefined) {
      if (objection !== undefined) this.#state.answer(clientId, objection.status, objection.words)
      return true
    }
    if (file.held > 0 || this.#state.pending.size >= MAX_PENDING) return false
    if (request.name === 'fsetstat' && isGoverned(request, file)) return this.#begin(item, { ...request, name: 'fsetstat' }, [file])
    if (request.name === 'write') {
      file.writePassed(request.offset, packet, packet.length - request.length, packet.length)
      this.#state.ports.content?.sent(file.operationNumber, packet, packet.length - request.length, packet.length)
    }
    return this.#send(pendingOf(this.#state, request, clientId, file), packet)
  }

  #workOnCopy(item: Queued, request: CopyRequest): boolean {
    const from = this.#state.files.get(request.from)
    const to = this.#state.files.get(request.to)
    const objection = objectionTo('read', from) ?? objectionTo('write', to)
    if (objection !== undefined || from === undefined || to === undefined) {
      if (objection !== undefined) this.#state.answer(item.clientId, objection.status, objection.words)
      return true
    }
    if (from.held > 0 || to.held > 0) return false
    return this.#begin(item, request, [from, to])
  }

  #begin(item: Queued, request: GovernedRequest, files: readonly OpenFile[]): boolean {
    if (request.kind === 'path' && (request.name === 'open' || request.name === 'opendir') && this.#state.files.size >= MAX_OPEN_FILES) {
      this.#state.answer(item.clientId, STATUS.failure, `more than ${MAX_OPEN_FILES} files are open`)
      return true
    }
    item.step = new Step(this, request, item.clientId, item.packet, files)
    return this.#workOnStep(item, item.step)
  }

  #workOnStep({ packet }: Queued, step: Step): boolean {
    if (step.stage === 'new' || step.stage === 'approved') {
      if (!this.#hasTurn(step)) return false
      this.#find(step)
    }
    if (step.stage === 'ready') return this.#state.pending.size < MAX_PENDING && this.#sendStep(step, packet)
    return step.stage === 'refused'
  }

  /** A server may do at once what it has: so nothing is asked or sent that another request there could change meanwhile. */
  #hasTurn(step: Step): boolean {
    const { request } = step
    if (request.kind !== 'path') return true
    step.turn ??= this.#state.names.take(changesNames(request), () => this.#state.run('the client', () => this.advance()))
    return step.turn.begun
  }

  /** Finds out what the step touches, and goes on with it. */
  #find(step: Step): void {
    const { request, files } = step
    const again = step.stage === 'approved'
    step.stage = again ? 'asking-again' : 'asking'
    if (request.kind === 'account') return this.#found(step, accountTouched(request))
    if (request.kind === 'handle') return this.#found(step, { paths: [], objects: files[0]?.objects ?? [] })
    if (request.kind === 'copy') return this.#found(step, { paths: [], source: files[0]?.objects ?? [], objects: files[1]?.objects ?? [] })
    this.#resolve(request, (touched, failure) => {
      this.#found(step, touched, failure)
      this.advance()
    })
  }

  #resolve(request: PathRequest, done: (touched: Touched, failure: Failure | undefined) => void): void {
    const { home = '/' } = this.#state
    const written = request.paths.map((_, at) => byText(request, at, home))
    resolvePaths(this.#state, request, (resolved) => {
      const paths = written.map((path, at) => [...new Set([...(path === undefined ? [] : [path]), ...(resolved.paths[at] ?? [])])])
      done({ paths, objects: [] }, resolved.failure)
    })
  }

  /** @param failure with which the target could not tell what a path is */
  #found(step: Step, touched: Touched, failure?: Failure): void {
    const state = this.#state
    if (step.stage === 'asking-again') {
      if (describeRequest(step.request, touched).digest === step.digest && failure === undefined) step.stage = 'ready'
      else {
        this.#finish(step, { result: 'failed', code: 'paths-changed' })
        state.refuse(step.clientId, CHANGED)
        step.endTurn()
        step.stage = 'refused'
      }
      return
    }
    const { digest } = step.describe(touched)
    step.failure = failure
    if (isLookUp(step) && failure === undefined && state.remembered.has(digest, state.ports.policy(), state.now())) step.stage = 'ready'
    else {
      step.stage = 'deciding'
      state.ports.govern(step)
    }
  }

  #sendStep(step: Step, packet: Buffer): boolean {
    const state = this.#state
    const { request, clientId } = step
    const governed = step.operationNumber > 0
    step.startedAtMs = state.now()
    if (step.failure !== undefined) {
      step.endTurn()
      this.#finish(step, { result: 'failed', code: statusName(step.failure.status) })
      state.answer(clientId, step.failure.status, step.failure.words)
      return true
    }
    if (governed && isLookUp(step) && !step.wasHeld) state.remembered.add(step.digest, state.ports.policy(), step.startedAtMs)
    if (request.kind === 'copy') step.files[1]?.contentUnknown()
    if (request.kind === 'handle' && request.attributes?.size !== undefined) step.files[0]?.sizeSet(request.attributes.size)
    if (governed) state.running.add(step)
    this.#sent.add(step)
    if (request.kind === 'path' && (request.name === 'open' || request.name === 'opendir')) return this.#sendOpen(step, request, packet)
    return this.#send({ clientId, expects: expectedAnswer(request), settled: (status) => this.#answered(step, status) }, packet)
  }

  /** With the question of what its path is behind it: nobody gets a handle of a file that is another than was decided on. */
  #sendOpen(step: Step, request: PathRequest, packet: Buffer): boolean {
    const { clientId } = step
    let opened: OpenFile | undefined
    const settled = (status: number, handle: string | undefined): void => {
      if (handle !== undefined) opened = this.#opened(step, handle)
      else this.#answered(step, status)
    }
    this.#send({ clientId, expects: FXP.handle, settled, withheld: true }, packet)
    this.#resolve(request, (touched, failure) => {
      if (opened === undefined) return
      this.#sent.delete(step)
      step.endTurn()
      this.#state.running.delete(step)
      if (failure === undefined && describeRequest(request, touched).digest === step.digest) {
        this.#state.files.set(opened.handle, opened)
        this.#state.toClient.write(writeHandle(clientId, Buffer.from(opened.handle, 'latin1')))
      } else this.#takeBack(step, opened)
    })
    return true
  }

  #takeBack(step: Step, opened: OpenFile): void {
    this.#state.ask(FXP.status, (id) => writeClose(id, Buffer.from(opened.handle, 'latin1')), () => undefined)
    this.#finish(step, { result: 'failed', code: 'paths-changed' })
    this.#state.refuse(step.clientId, CHANGED)
  }

  #answered(step: Step, status: number): void {
    this.#sent.delete(step)
    step.endTurn()
    this.#state.running.delete(step)
    this.#finish(step, status === STATUS.ok ? { result: 'completed' } : { result: 'failed', code: statusName(status) })
  }

  #opened(step: Step, handle: string): OpenFile {
    const { request, operationNumber, startedAtMs } = step
    if (this.#state.files.has(handle)) throw new MalformedFrameError('it gave the same handle twice')
    const openFlags = request.kind === 'path' && request.name === 'open' ? request.openFlags : undefined
    return new OpenFile({ handle, operationNumber, startedAtMs, objects: step.operation.facts.objects, openFlags })
  }

  #send(pending: Pending, packet: Buffer): boolean {
    if (this.#state.pending.size >= MAX_PENDING) return false
    this.#state.pass(pending, packet, 0, packet.length)
    return true
  }

  #finish(step: Step, { result, code }: { result: 'completed' | 'failed' | 'aborted'; code?: string }): void {
    if (step.operationNumber === 0) return
    const durationMs = step.startedAtMs === 0 ? 0 : this.#state.now() - step.startedAtMs
    this.#state.ports.finish(step.operationNumber, { result, rows: 0, bytes: 0, code, durationMs })
  }
}

function isLookUp({ request }: Step): boolean {
  return request.kind === 'path' && LOOK_UPS.has(request.name)
}

/** The channel's own folder: the gateway knows it since the beginning, and needs nobody to tell it. */
function isHome(request: SftpRequest): boolean {
  return request.kind === 'path' && request.name === 'realpath' && (request.paths[0] === '.' || request.paths[0] === '')
}

/** What makes a request one that the gateway cannot judge. */
function oddityOf(request: SftpRequest, state: RelayState): string | undefined {
  if ('attributes' in request && request.attributes?.extended === true) return 'with attributes of a vendor\'s own is not passed on'
  // OpenSSH has the two paths in the other order than the specification.
  if (request.kind === 'path' && request.name === 'symlink' && !state.extensions.has('posix-rename@openssh.com')) {
    return 'means different things at different servers, and is passed on to OpenSSH only'
  }
  return undefined
}

function expectedAnswer(request: GovernedRequest): number {
  if (request.kind === 'path') return answerType(request.name)
  if (request.kind === 'account') return request.name === 'home-directory' ? FXP.name : FXP.extendedReply
  return FXP.status
}

const CHANGED: Refusal = {
  kind: 'denied', rule: 'paths-changed', message: 'what its paths stand for has changed since it was asked for',
  hint: 'It was not run. Send it again to ask anew.',
}
