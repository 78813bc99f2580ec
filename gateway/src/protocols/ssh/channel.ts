import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { ChannelEnd, type Link } from './channel-end.ts'
import { ChannelFlow, type FlowMode } from './channel-flow.ts'
import { fieldsOf, type PeerRequest, readRequest, STDERR } from './messages.ts'
import type { Transcript } from './transcript.ts'
import { MESSAGE } from './wire/message-numbers.ts'

/** Data of one channel and direction that wait in the gateway: never more. */
const MAX_WAITING = 2 * 1024 * 1024

export type Side = 'client' | 'target'

/** What is done with data between receiving and sending it: SFTP, masks. It gives what comes of it to the channel's flows. */
export interface Filter {
  fromClient(bytes: Buffer): void
  fromTarget(stream: number, bytes: Buffer): void
  /** The client sends no more data. @param then to be called once nothing of it is held */
  clientEnded(then: () => void): void
  /** The target sends no more data: what is held goes on. */
  targetEnded(): void
  /** There is more room for what goes to one of them. */
  roomMade(): void
  close(how: 'cancelled' | 'left'): void
}

/** What a kind of channel adds to data: requests, and the operation that it carries. */
export interface ChannelUse {
  /** @returns false when data may not come now */
  readonly takesData: boolean
  fromClient(request: PeerRequest): void
  fromTarget(request: PeerRequest): void
  targetReplied(success: boolean): void
  /** Data of the client that came before the target may have it. */
  early(bytes: Buffer): void
  /** The client closed it, before the target did. @param then tells the target: at once, or when what runs was made to end */
  clientClosed(then: () => void): void
  /** Nothing of it is left. @param how `left`: the session ended */
  over(how: 'closed' | 'left'): void
}

/** A channel between client and target: its data in both directions, and its end. */
export class Channel {
  readonly id: number
  readonly client: ChannelEnd
  readonly target: ChannelEnd
  readonly toClient: ChannelFlow
  readonly toTarget: ChannelFlow
  transcript: Transcript | undefined
  filter: Filter | undefined
  readonly #use: ChannelUse
  readonly #gone: () => void
  /** Data of the client before the target may have it. */
  #early: Buffer[] = []
  #earlyBytes = 0
  #flowing = false
  #isOver = false

  /** @param gone called once, when nothing of the channel is left */
  constructor(id: number, links: { readonly client: Link; readonly target: Link }, use: (channel: Channel) => ChannelUse, gone: () => void) {
    this.id = id
    this.client = new ChannelEnd(links.client)
    this.target = new ChannelEnd(links.target)
    this.toTarget = new ChannelFlow({
      grant: (bytes) => this.client.grant(bytes),
      emit: (stream, bytes, start, end) => this.target.data(stream, bytes, start, end),
    }, MAX_WAITING)
    this.toClient = new ChannelFlow({
      grant: (bytes) => this.target.grant(bytes),
      emit: (stream, bytes, start, end) => {
        this.transcript?.received(stream, bytes, start, end)
        this.client.data(stream, bytes, start, end)
      },
    }, MAX_WAITING)
    this.#gone = gone
    this.#use = use(this)
  }

  /** From now on data pass in both directions; what the client sent before goes first. */
  flow(mode: FlowMode = 'end-to-end'): void {
    this.#flowing = true
    const early = this.#early
    this.#early = []
    this.toTarget.held = 0
    for (const bytes of early) this.#fromClient(bytes)
    this.toTarget.open(mode)
    this.toClient.open(mode)
    if (this.client.gotEof) this.#endToTarget()
  }

  /** Takes a message for this channel. @throws MalformedFrameError */
  receive(side: Side, payload: Buffer): void {
    const end = side === 'client' ? this.client : this.target
    if (end.gotClose) throw new MalformedFrameError('a message came for a channel that its sender has closed')
    const reader = fieldsOf(payload)
    reader.uint32()
    const about: number = payload[0] ?? 0
    switch (about) {
      case MESSAGE.channelData:
        return this.#data(side, 0, reader.string())
      case MESSAGE.channelExtendedData: {
        const type = reader.uint32()
        if (side === 'client' || type !== STDERR) throw new MalformedFrameError('extended data of a type that nobody sends')
        return this.#data(side, type, reader.string())
      }
      case MESSAGE.channelWindowAdjust:
        ;(side === 'client' ? this.toClient : this.toTarget).adjusted(reader.uint32())
        return this.filter?.roomMade()
      case MESSAGE.channelEof:
        return this.#eof(side)
      case MESSAGE.channelClose:
        return this.#close(side)
      case MESSAGE.channelRequest:
        return side === 'client' ? this.#use.fromClient(readRequest(reader)) : this.#use.fromTarget(readRequest(reader))
      case MESSAGE.channelSuccess:
      case MESSAGE.channelFailure:
        if (side === 'client') throw new MalformedFrameError('a reply came that nobody asked for')
        return this.#use.targetReplied(about === MESSAGE.channelSuccess)
    }
  }

  /** Ends it towards the client, with what still has to be told, and at once towards the target. */
  finish(tell: () => void): void {
    this.target.close()
    this.toTarget.end()
    tell()
    this.toClient.after(() => {
      this.client.eof()
      this.client.close()
      this.#settle()
    })
  }

  /** The session has ended: nothing passes any more, and nothing is told. */
  abandon(): void {
    this.toClient.end()
    this.toTarget.end()
    this.filter?.close('left')
    this.#leave('left')
  }

  #data(side: Side, stream: number, bytes: Buffer): void {
    const [flow, from, to] = side === 'client' ? [this.toTarget, this.client, this.target] : [this.toClient, this.target, this.client]
    if (from.gotEof) throw new MalformedFrameError('data came after their end')
    flow.received(bytes.length)
    if (to.sentClose || to.gotClose || from.sentClose) return
    if (!this.#use.takesData) throw new MalformedFrameError('data came for a channel that nothing runs in')
    // Takes nothing of any window: as many as there are could be kept, to no end.
    if (bytes.length === 0) return
    if (side === 'client') this.#fromClient(bytes)
    else if (this.filter === undefined) this.toClient.push(stream, bytes)
    else this.filter.fromTarget(stream, bytes)
    flow.settle()
  }

  #fromClient(bytes: Buffer): void {
    if (!this.#flowing) {
      this.#early.push(Buffer.from(bytes))
      this.#earlyBytes += bytes.length
      this.toTarget.held = this.#earlyBytes
      return this.#use.early(bytes)
    }
    if (this.filter !== undefined) return this.filter.fromClient(bytes)
    this.transcript?.sent(bytes, 0, bytes.length)
    this.toTarget.push(0, bytes)
  }

  #eof(side: Side): void {
    const from = side === 'client' ? this.client : this.target
    if (from.gotEof) return
    from.gotEof = true
    if (side === 'target') {
      this.filter?.targetEnded()
      this.toClient.after(() => this.client.eof())
    } else if (this.#flowing) this.#endToTarget()
  }

  #endToTarget(): void {
    const end = (): void => this.toTarget.after(() => this.target.eof())
    if (this.filter === undefined) end()
    else this.filter.clientEnded(end)
  }

  #close(side: Side): void {
    if (side === 'client') {
      this.client.gotClose = true
      this.toClient.skip()
      this.toTarget.end()
      this.filter?.close('cancelled')
      // OpenSSH closes once it has the end of the data; its own close waits for the exit status that may follow.
      const close = (): void => {
        this.target.close()
        if (this.target.isOver) this.client.close()
        this.#settle()
      }
      if (this.target.sentClose) close()
      else this.#use.clientClosed(close)
    } else {
      this.target.gotClose = true
      this.target.close()
      this.toTarget.end()
      this.filter?.targetEnded()
      this.toClient.after(() => {
        this.client.close()
        this.#settle()
      })
    }
    this.#settle()
  }

  #settle(): void {
    // What the client takes no more of is as good as told.
    if (this.target.isOver && (this.client.isOver || this.client.sentClose)) this.#use.over('closed')
    if (this.target.isOver && this.client.isOver) this.#leave('closed')
  }

  #leave(how: 'closed' | 'left'): void {
    if (this.#isOver) return
    this.#isOver = true
    this.filter?.close('left')
    this.#use.over(how)
    this.#gone()
  }
}
