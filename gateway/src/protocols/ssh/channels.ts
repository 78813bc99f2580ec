import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Operation } from '../../governance/operation.ts'
import { BUILT_IN_RULES } from '../../governance/decision.ts'
import { MAX_PACKET, type Link } from './channel-end.ts'
import { Channel, type Side } from './channel.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { RunningProgram } from './end-programs.ts'
import { ForwardChannel, readArrival, readDestination } from './forward-channel.ts'
import type { Listens } from './listens.ts'
import { fieldsOf, message, messageWith } from './messages.ts'
import { ProgramChannel } from './program-channel.ts'
import { plain, refusalWords } from './refusal-words.ts'
import { Step } from './step.ts'
import { Transcript } from './transcript.ts'
import { MESSAGE, OPEN_FAILURE } from './wire/message-numbers.ts'

/** Whoever takes less in one message makes of every keystroke of work a storm of messages. */
const MIN_PACKET = 256
const EMPTY = Buffer.alloc(0)

/** A channel, and which of the two sides asked for it. */
interface Entry {
  readonly channel: Channel
  readonly opener: Side
  readonly program: ProgramChannel | undefined
  /** The window that the opener gave, until the channel is open. */
  readonly window: number
  isOpen: boolean
}

interface OpenRequest {
  readonly type: string
  readonly number: number
  readonly window: number
  readonly maxPacket: number
  readonly rest: Buffer
}

/** The channels of one connection, by the number that the gateway gave them on both sides. */
export class Channels {
  readonly #context: ConnectionContext
  readonly #links: { readonly client: Link; readonly target: Link }
  readonly #limit: number
  readonly #listens: Listens
  readonly #entries = new Map<number, Entry>()
  #nextId = 0
  /** Opens that wait for a decision. */
  #deciding = 0
  #noMoreSessions = false
  #isOver = false

  constructor(context: ConnectionContext, links: { readonly client: Link; readonly target: Link }, limit: number, listens: Listens) {
    this.#context = context
    this.#links = links
    this.#limit = limit
    this.#listens = listens
  }

  /** `no-more-sessions@openssh.com`: what the client says to protect itself from whoever takes over its connection. */
  refuseSessions(): void {
    this.#noMoreSessions = true
  }

  /** A message of the connection protocol about a channel. @throws MalformedFrameError */
  receive(side: Side, payload: Buffer): void {
    if (payload[0] === MESSAGE.channelOpen) return this.#open(side, readOpen(payload))
    const entry = this.#entries.get(fieldsOf(payload).uint32())
    if (entry === undefined) throw new MalformedFrameError('a message came for a channel that is not there')
    const isAnswer = payload[0] === MESSAGE.channelOpenConfirmation || payload[0] === MESSAGE.channelOpenFailure
    if (isAnswer !== !entry.isOpen || (isAnswer && side === entry.opener)) throw new MalformedFrameError('a message came for a channel that is not open')
    if (!isAnswer) entry.channel.receive(side, payload)
    else if (payload[0] === MESSAGE.channelOpenConfirmation) this.#confirmed(entry, payload)
    else this.#failed(entry, payload)
  }

  /** What runs now, besides what a client has closed. */
  get running(): RunningProgram[] {
    return [...this.#entries.values()].flatMap(({ program }) => program?.running ?? [])
  }

  /** A number that no channel has. */
  get freeId(): number {
    return this.#nextId
  }

  /** The session is over: nothing passes any more. */
  abandon(): void {
    this.#isOver = true
    for (const { channel } of [...this.#entries.values()]) channel.abandon()
  }

  #open(side: Side, request: OpenRequest): void {
    if (side === 'target') return this.#openArrival(request)
    const { type } = request
    if (this.#entries.size + this.#deciding >= this.#limit) return this.#refuse('client', request, OPEN_FAILURE.resourceShortage, `at most ${this.#limit} channels at once`)
    if (request.maxPacket < MIN_PACKET) return this.#refuse('client', request, OPEN_FAILURE.resourceShortage, 'the packets of this channel would be too small')
    if (type === 'session') {
      if (this.#noMoreSessions) return this.#refuse('client', request, OPEN_FAILURE.administrativelyProhibited, 'this connection asked for no more sessions')
      let program: ProgramChannel | undefined
      const entry = this.#add('client', request, (channel) => (program = new ProgramChannel(this.#context, channel)), () => program)
      this.#askFor(entry, 'session', EMPTY)
    } else if (type === 'direct-tcpip') this.#govern(request)
    else this.#refuse('client', request, type.endsWith('@openssh.com') ? OPEN_FAILURE.administrativelyProhibited : OPEN_FAILURE.unknownChannelType, `refused by rule "${BUILT_IN_RULES.unsupported}": channels of this type are never passed on`)
  }

  /** A connection to somewhere else is an operation of its own. */
  #govern(request: OpenRequest): void {
    const { session, gatekeeper } = this.#context
    const destination = plain(readDestination(request.rest))
    const kept = { ...request, rest: Buffer.from(request.rest) }
    const facts = { actions: ['forward'], objects: [destination], functions: [], readOnly: false, filtered: true, unknown: false, statements: 1 }
    const operation: Operation = { protocol: 'ssh', facts, text: `forward ${destination}`, parameters: [] }
    let waitIsOver = (): void => undefined
    this.#deciding++
    gatekeeper.govern(session, new Step(operation, session.target.name, {
      forwarded: (operationNumber) => {
        waitIsOver()
        this.#deciding--
        const transcript = new Transcript(operationNumber, session.recorder)
        if (this.#isOver) return this.#context.finish(transcript, 'aborted', undefined)
        const entry = this.#add('client', kept, (channel) => new ForwardChannel(this.#context, channel, true))
        entry.channel.transcript = transcript
        this.#askFor(entry, kept.type, kept.rest)
      },
      refused: (refusal) => {
        waitIsOver()
        this.#deciding--
        this.#refuse('client', kept, OPEN_FAILURE.administrativelyProhibited, refusalWords(refusal).replaceAll('\n', '. '))
      },
      // A client cannot be told anything while it waits for a channel, nor give it up.
      waits: (wait) => void (waitIsOver = this.#listens.leaveAtEnd(wait)),
      announce: () => undefined,
    }))
  }

  /** A connection has come to a port that the target listens on for the client. */
  #openArrival(request: OpenRequest): void {
    const operationNumber = request.type === 'forwarded-tcpip' ? this.#listens.operationFor(readArrival(request.rest)) : undefined
    if (operationNumber === undefined) return this.#refuse('target', request, OPEN_FAILURE.administrativelyProhibited, 'nobody asked for this channel')
    if (this.#entries.size + this.#deciding >= this.#limit || request.maxPacket < MIN_PACKET) return this.#refuse('target', request, OPEN_FAILURE.resourceShortage, 'too many channels')
    const entry = this.#add('target', request, (channel) => new ForwardChannel(this.#context, channel, false))
    entry.channel.transcript = new Transcript(operationNumber, this.#context.session.recorder)
    this.#askFor(entry, request.type, request.rest)
  }

  #add(opener: Side, { number, window, maxPacket }: OpenRequest, use: ConstructorParameters<typeof Channel>[2], program: () => ProgramChannel | undefined = () => undefined): Entry {
    const id = this.#nextId++
    const channel = new Channel(id, this.#links, use, () => this.#entries.delete(id))
    channel[opener].opened(number, maxPacket)
    const entry: Entry = { channel, opener, program: program(), window, isOpen: false }
    this.#entries.set(id, entry)
    return entry
  }

  /** Asks the other side to open it too. Neither side may send data yet: windows are given once something may flow. */
  #askFor({ channel, opener }: Entry, type: string, rest: Buffer): void {
    const link = opener === 'client' ? this.#links.target : this.#links.client
    link.send(messageWith(MESSAGE.channelOpen, [type, channel.id, 0, channel[opener].maxPacket], rest))
  }

  #confirmed(entry: Entry, payload: Buffer): void {
    const { channel, opener, program } = entry
    const reader = fieldsOf(payload)
    reader.uint32()
    const other = opener === 'client' ? 'target' : 'client'
    const number = reader.uint32()
    const window = reader.uint32()
    const maxPacket = reader.uint32()
    if (maxPacket < MIN_PACKET) throw new MalformedFrameError('the packets of a channel would be too small')
    channel[other].opened(number, maxPacket)
    entry.isOpen = true
    const windows = { [opener]: entry.window, [other]: window }
    channel.toClient.adjusted(windows['client'] ?? 0)
    channel.toTarget.adjusted(windows['target'] ?? 0)
    this.#links[opener].send(message(MESSAGE.channelOpenConfirmation, channel[opener].number ?? 0, channel.id, 0, Math.min(maxPacket, MAX_PACKET)))
    if (program === undefined) channel.flow()
  }

  #failed({ channel, opener }: Entry, payload: Buffer): void {
    const reader = fieldsOf(payload)
    reader.uint32()
    const reason = reader.uint32()
    const words = reader.string().toString('utf8', 0, 256)
    this.#links[opener].send(message(MESSAGE.channelOpenFailure, channel[opener].number ?? 0, reason, plain(words), ''))
    if (channel.transcript !== undefined) this.#context.finish(channel.transcript, 'failed', `open failure ${reason}`)
    channel.transcript = undefined
    channel.abandon()
  }

  #refuse(side: Side, { number }: OpenRequest, reason: number, words: string): void {
    if (!this.#isOver) this.#links[side].send(message(MESSAGE.channelOpenFailure, number, reason, words, ''))
  }
}

function readOpen(payload: Buffer): OpenRequest {
  const reader = fieldsOf(payload)
  return { type: reader.text(), number: reader.uint32(), window: reader.uint32(), maxPacket: reader.uint32(), rest: reader.take(reader.remaining) }
}
