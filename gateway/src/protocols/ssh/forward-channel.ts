import type { Channel, ChannelUse } from './channel.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { PeerRequest } from './messages.ts'
import { SshReader } from './wire/ssh-reader.ts'

/** A channel that carries a TCP connection (RFC 4254 section 7.2): data in both directions, and no requests. */
export class ForwardChannel implements ChannelUse {
  readonly #context: ConnectionContext
  readonly #channel: Channel
  /** An operation of its own ends with it; a connection that came to a listening port is part of another's. */
  readonly #ownOperation: boolean
  readonly takesData = true
  #isOver = false

  constructor(context: ConnectionContext, channel: Channel, ownOperation: boolean) {
    this.#context = context
    this.#channel = channel
    this.#ownOperation = ownOperation
  }

  early(): void {}

  fromClient({ wantsReply }: PeerRequest): void {
    if (wantsReply) this.#channel.client.reply(false)
  }

  fromTarget({ wantsReply }: PeerRequest): void {
    if (wantsReply) this.#channel.target.reply(false)
  }

  targetReplied(): void {}

  clientClosed(then: () => void): void {
    then()
  }

  over(how: 'closed' | 'left'): void {
    const { transcript } = this.#channel
    if (this.#isOver || transcript === undefined) return
    this.#isOver = true
    if (this.#ownOperation) this.#context.finish(transcript, how === 'closed' ? 'completed' : 'aborted', undefined)
  }
}

/** Where a connection is to go, as CHANNEL_OPEN `direct-tcpip` says it. @throws MalformedFrameError */
export function readDestination(rest: Buffer): string {
  const reader = new SshReader(rest)
  const destination = endpoint(reader.text(), reader.uint32())
  reader.string()
  reader.uint32()
  reader.expectEnd()
  return destination
}

/** Where a `tcpip-forward` is to listen, or `cancel-tcpip-forward` no more. @throws MalformedFrameError */
export function readListen(rest: Buffer): { readonly host: string; readonly port: number } {
  const reader = new SshReader(rest)
  const listen = { host: reader.text(), port: reader.uint32() }
  reader.expectEnd()
  return listen
}

/** Which of the listening ports a `forwarded-tcpip` channel came to. @throws MalformedFrameError */
export function readArrival(rest: Buffer): { readonly host: string; readonly port: number } {
  const reader = new SshReader(rest)
  return { host: reader.text(), port: reader.uint32() }
}

/** `host:port`, as rules name it. */
export function endpoint(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host.toLowerCase()}:${port}`
}
