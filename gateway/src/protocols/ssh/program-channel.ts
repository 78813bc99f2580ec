import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Refusal } from '../../governance/decision.ts'
import type { Wait } from '../../governance/exchange.ts'
import type { Operation } from '../../governance/operation.ts'
import type { Channel, ChannelUse } from './channel.ts'
import { ChannelEnvironment, checkWindowChange, signalName } from './channel-environment.ts'
import { type PeerRequest, STDERR } from './messages.ts'
import { type Program, PROGRAM_REQUESTS, readProgram } from './program.ts'
import { gatewayLines, refusalStatus, refusalWords } from './refusal-words.ts'
import { Step } from './step.ts'
import { withoutFiles } from './unmaskable-files.ts'
import { Transcript } from './transcript.ts'
import { SshReader } from './wire/ssh-reader.ts'
import { SshWriter } from './wire/ssh-writer.ts'
import type { ConnectionContext } from './connection-context.ts'
import { HANGUP_MS, type RunningProgram } from './end-programs.ts'
import { openFilter } from './open-filter.ts'

/** Requests that wait for a decision; whoever sends more does not wait for anything. */
const MAX_WAITING = 64
/** What may be typed while a decision is waited for, so that an interrupt character is seen. */
const TYPED_AHEAD_BYTES = 1024
const INTERRUPT = 0x03
const NOT_FOUND = 127

/** A `session` channel (RFC 4254 section 6): its environment, and the one program that runs in it. */
export class ProgramChannel implements ChannelUse {
  readonly #context: ConnectionContext
  readonly #channel: Channel
  readonly #environment: ChannelEnvironment
  #phase: 'waiting' | 'deciding' | 'running' | 'over' = 'waiting'
  /** Requests behind the program's, as long as it is not decided. */
  readonly #later: PeerRequest[] = []
  /** Who waits for the target's reply to a request, in their order; undefined where nobody does. */
  readonly #asked: ((success: boolean) => void)[] = []
  /** Replies to the client, in their order. */
  readonly #replies: { success: boolean | undefined }[] = []
  #wait: Wait | undefined
  #terminal: Buffer | undefined
  #typedAhead = false
  #exit: { readonly code: string; readonly failed: boolean } | undefined
  /** It was made to end. */
  #stopped = false
  /** The target said that it does not run it. */
  #notRun = false

  constructor(context: ConnectionContext, channel: Channel) {
    this.#context = context
    this.#channel = channel
    this.#environment = new ChannelEnvironment(context.environment)
  }

  get takesData(): boolean {
    return this.#phase !== 'waiting'
  }

  early(bytes: Buffer): void {
    if (this.#environment.hasTerminal && bytes.includes(INTERRUPT)) this.#wait?.cancel()
  }

  fromClient(request: PeerRequest): void {
    if (this.#phase === 'deciding') return this.#keep(request)
    const reply = this.#replyTo(request)
    switch (request.type) {
      case 'env':
        if (this.#phase !== 'waiting' || !this.#environment.takeVariable(request.rest)) return reply(false)
        return this.#pass(request, reply)
      case 'pty-req':
        if (this.#phase !== 'waiting' || !this.#environment.takeTerminal(request.rest)) return reply(false)
        this.#terminal = Buffer.from(request.rest)
        return this.#pass(request, reply)
      case 'window-change':
        checkWindowChange(request.rest)
        this.#channel.transcript?.request('client', request.type, request.rest)
        return this.#pass(request, reply)
      case 'signal':
        if (this.#phase !== 'running' || signalName(request.rest) === undefined) return reply(false)
        return this.#pass(request, reply)
      case 'break':
        if (this.#phase !== 'running') return reply(false)
        return this.#pass(request, reply)
      default:
        // Agents, X11 and whatever else would reach beyond the channel never pass.
        if (this.#phase !== 'waiting' || !PROGRAM_REQUESTS.includes(request.type)) return reply(false)
        return this.#begin(readProgram(request, this.#context.maxStatementBytes, this.#environment.hasTerminal), reply)
    }
  }

  fromTarget({ type, wantsReply, rest }: PeerRequest): void {
    if (this.#phase === 'running' && !wantsReply) {
      if (type === 'exit-status') this.#exited(`exit ${new SshReader(rest).uint32()}`, new SshReader(rest).uint32() !== 0)
      else if (type === 'exit-signal') this.#exited(`signal ${signalName(rest) ?? 'unknown'}`, true)
      if (PASSED_TO_CLIENT.includes(type)) {
        const kept = Buffer.from(rest)
        this.#channel.toClient.after(() => {
          if (type.startsWith('exit-')) this.#channel.transcript?.request('target', type, kept)
          this.#channel.client.request(type, false, kept)
        })
      }
    }
    // Asked only to see whether the gateway is there.
    if (wantsReply) this.#channel.target.reply(false)
  }

  targetReplied(success: boolean): void {
    const asked = this.#asked.shift()
    if (asked === undefined) throw new MalformedFrameError('a reply came that nobody asked for')
    asked(success)
  }

  clientClosed(then: () => void): void {
    this.#wait?.cancel()
    if (this.#phase !== 'running' || this.#exit !== undefined) return then()
    // After the end of the target's data a client closes as a matter of course. The target closes when the program ends;
    // until then the channel stays open there, so that the end of the session still reaches it.
    if (this.#channel.target.gotEof) return
    this.#stopped = true
    this.#signal('HUP')
    setTimeout(() => {
      this.#signal('KILL')
      then()
    }, HANGUP_MS)
  }

  /** What runs in it now; undefined when nothing does. */
  get running(): RunningProgram | undefined {
    const { id, target: { number, sentClose } } = this.#channel
    return this.#phase === 'running' && this.#exit === undefined && number !== undefined && !sentClose ? { id, number } : undefined
  }

  over(how: 'closed' | 'left'): void {
    if (how === 'left') this.#wait?.leave()
    this.#wait = undefined
    const { transcript } = this.#channel
    if (this.#phase !== 'running' || transcript === undefined) {
      this.#phase = 'over'
      return
    }
    this.#phase = 'over'
    // A target that closes without a status, as some devices do, has done it; a client that does has not waited.
    const done = this.#exit !== undefined || (how === 'closed' && !this.#stopped)
    const failed = this.#notRun || this.#exit?.failed === true
    const code = this.#notRun ? 'not run' : this.#exit?.code
    this.#context.finish(transcript, !done && !this.#notRun ? 'aborted' : failed ? 'failed' : 'completed', code)
  }

  /** OpenSSH passes it to the whole process group. */
  #signal(name: 'HUP' | 'KILL'): void {
    this.#channel.target.request('signal', false, new SshWriter().string(name).take())
  }

  #exited(code: string, failed: boolean): void {
    this.#exit ??= { code, failed }
  }

  #keep(request: PeerRequest): void {
    if (this.#later.length >= MAX_WAITING) throw new MalformedFrameError('too many requests wait for a decision')
    if (request.rest.length > TYPED_AHEAD_BYTES) return this.#replyTo(request)(false)
    this.#later.push({ ...request, rest: Buffer.from(request.rest) })
  }

  #begin(program: Program, reply: (success: boolean) => void): void {
    const { session, gatekeeper } = this.#context
    this.#phase = 'deciding'
    const facts = program.givesFiles === true && !program.speaksSftp ? withoutFiles(program.facts, session.policy) : program.facts
    const operation: Operation = { protocol: 'ssh', facts, text: program.text, parameters: [] }
    const meaning = program.readable ? JSON.stringify([session.target.name, program.type, this.#environment.description]) : undefined
    const step = new Step(operation, meaning, {
      forwarded: (operationNumber) => this.#run(program, operationNumber, reply),
      refused: (refusal) => this.#refused(refusal, reply),
      waits: (wait) => {
        if (this.#channel.client.gotClose) wait.cancel()
        else if (this.#phase !== 'deciding') wait.leave()
        else this.#wait = wait
      },
      announce: (words) => {
        if (this.#phase !== 'deciding') return
        reply(true)
        this.#tell(words)
        if (this.#environment.hasTerminal && !this.#typedAhead) {
          this.#typedAhead = true
          this.#channel.toTarget.grantAhead(TYPED_AHEAD_BYTES)
        }
      },
    })
    gatekeeper.govern(session, step)
  }

  #run(program: Program, operationNumber: number, reply: (success: boolean) => void): void {
    const { session } = this.#context
    this.#wait = undefined
    const transcript = new Transcript(operationNumber, program.speaksSftp ? undefined : session.recorder, this.#environment.hasTerminal)
    if (this.#phase !== 'deciding' || this.#channel.client.gotClose) return this.#context.finish(transcript, 'aborted', undefined)
    if (program.rest.includes(0, EXEC_LENGTH_BYTES) && !program.readable) {
      this.#context.finish(transcript, 'aborted', undefined)
      return this.#refused(NOT_TEXT, reply)
    }
    this.#phase = 'running'
    this.#channel.transcript = transcript
    if (this.#terminal !== undefined) transcript.request('client', 'pty-req', this.#terminal)
    this.#channel.target.request(program.type, true, program.rest)
    this.#asked.push((success) => {
      reply(success)
      if (!success) this.#notRunByTarget(program)
    })
    this.#channel.filter = openFilter(this.#context, this.#channel, program)
    this.#channel.flow(program.speaksSftp ? 'stored' : 'end-to-end')
    for (const request of this.#later.splice(0)) this.fromClient(request)
  }

  #notRunByTarget({ type }: Program): void {
    this.#notRun = true
    // A client that was told to wait has had its reply already.
    this.#channel.finish(() => {
      this.#tell(`the target does not run this ${type === 'exec' ? 'command' : type}`)
      this.#exitWith(NOT_FOUND)
    })
  }

  #refused(refusal: Refusal, reply: (success: boolean) => void): void {
    this.#wait = undefined
    if (this.#phase !== 'deciding') return
    this.#phase = 'over'
    reply(true)
    for (const request of this.#later.splice(0)) this.#replyTo(request)(false)
    this.#channel.finish(() => {
      this.#tell(refusalWords(refusal))
      this.#exitWith(refusalStatus(refusal))
    })
  }

  #tell(words: string): void {
    this.#channel.toClient.push(STDERR, gatewayLines(words, this.#environment.hasTerminal))
  }

  #exitWith(status: number): void {
    this.#channel.toClient.after(() => this.#channel.client.request('exit-status', false, new SshWriter().uint32(status).take()))
  }

  #pass({ type, wantsReply, rest }: PeerRequest, reply: (success: boolean) => void): void {
    this.#channel.target.request(type, wantsReply, rest)
    if (!wantsReply) return
    this.#asked.push(reply)
  }

  /** @returns how to reply; the client gets it in the order of its requests. @throws MalformedFrameError */
  #replyTo({ wantsReply }: PeerRequest): (success: boolean) => void {
    if (!wantsReply) return () => undefined
    if (this.#replies.length >= MAX_WAITING) throw new MalformedFrameError('too many requests wait for a reply')
    const place: { success: boolean | undefined } = { success: undefined }
    this.#replies.push(place)
    return (success) => {
      place.success ??= success
      for (let first = this.#replies[0]; first?.success !== undefined; first = this.#replies[0]) {
        this.#replies.shift()
        this.#channel.client.reply(first.success)
      }
    }
  }
}

const EXEC_LENGTH_BYTES = 4
/** `eow`: OpenSSH's word for a program that reads no more. */
const PASSED_TO_CLIENT: readonly string[] = ['exit-status', 'exit-signal', 'xon-xoff', 'eow@openssh.com']

const NOT_TEXT: Refusal = {
  kind: 'denied', rule: 'unsupported-request', message: 'a command with a NUL byte is never passed on',
  hint: 'Send a command that is text.',
}
