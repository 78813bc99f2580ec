import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Gatekeeper } from '../../governance/gatekeeper.ts'
import type { Session } from '../../governance/session.ts'
import type { Log } from '../protocol-adapter.ts'
import type { Side } from './channel.ts'
import { Channels } from './channels.ts'
import type { ConnectionContext } from './connection-context.ts'
import { endPrograms, type RunningProgram } from './end-programs.ts'
import { GlobalRequests } from './global-requests.ts'
import { Keepalive } from './keepalive.ts'
import { Listens } from './listens.ts'
import { fieldsOf, message, readRequest } from './messages.ts'
import { PeerLink } from './peer-link.ts'
import { ReplyQueue } from './reply-queue.ts'
import type { Transcript } from './transcript.ts'
import type { SshTransport } from './transport/ssh-transport.ts'
import { DISCONNECT, MESSAGE } from './wire/message-numbers.ts'

export interface SshSessionParts {
  readonly client: SshTransport
  readonly target: SshTransport
  readonly session: Session
  readonly gatekeeper: Gatekeeper
  readonly log: Log
  readonly maskKey: Uint8Array
  readonly environment: readonly string[]
  readonly maxStatementBytes: number
  /** Channels at once. */
  readonly maxChannels: number
  /** See {@link endPrograms}. */
  readonly endByShell: boolean
}

/** One session from its login to its end: joins both connections, and is the one place where it ends. */
export class SshSession {
  readonly #parts: SshSessionParts
  readonly #ended: () => void
  /** Resolves once nothing of it is left, on the target either. */
  readonly gone: Promise<void>
  readonly #leave: () => void
  readonly #channels: Channels
  readonly #listens: Listens
  readonly #toTarget: GlobalRequests
  readonly #toClient: GlobalRequests
  readonly #replies: ReplyQueue
  readonly #keepalives: Readonly<Record<Side, Keepalive>>
  /** A side whose peer does not keep up, or of which no more can be recorded. */
  readonly #paused = new Set<Side>()
  #isOver = false

  /** @param ended called once, when nothing of the session is left */
  constructor(parts: SshSessionParts, ended: () => void) {
    this.#parts = parts
    this.#ended = ended
    const { promise, resolve } = Promise.withResolvers<void>()
    this.gone = promise
    this.#leave = resolve
    const { client, target, session } = parts
    const context: ConnectionContext = {
      ...parts,
      finish: (transcript, result, code) => this.#finish(transcript, result, code),
      fail: (side, error) => this.#fail(side, error),
    }
    const links = { client: new PeerLink(client, () => this.#pause('target')), target: new PeerLink(target, () => this.#pause('client')) }
    this.#toTarget = new GlobalRequests(links.target)
    this.#toClient = new GlobalRequests(links.client)
    this.#replies = new ReplyQueue((answer) => links.client.send(answer))
    this.#listens = new Listens(context)
    this.#channels = new Channels(context, links, parts.maxChannels, this.#listens)
    this.#keepalives = {
      client: new Keepalive(() => this.#toClient.keepAlive(), () => this.#isRead('client'), () => this.#stop('the client does not answer any more')),
      target: new Keepalive(() => this.#toTarget.keepAlive(), () => this.#isRead('target'), () => this.#stop('the target does not answer any more')),
    }
    client.onPayload = (payload) => this.#receive('client', payload)
    target.onPayload = (payload) => this.#receive('target', payload)
    client.onDrain = () => this.#resume('target')
    target.onDrain = () => this.#resume('client')
    client.onClose = () => this.#stop('the client closed the connection')
    target.onClose = () => this.#stop('the target closed the connection')
    if (session.recorder !== undefined) session.recorder.onRoom = () => this.#takeMore()
  }

  /** Ends it at once, with what it runs on the target. */
  end(reason: string): void {
    this.#stop(`the session was ended: ${reason}`, reason)
  }

  #receive(side: Side, payload: Buffer): void {
    if (this.#isOver) return
    this.#keepalives[side].heard()
    try {
      this.#dispatch(side, payload)
    } catch (error) {
      this.#fail(side, error)
    }
    if (this.#parts.session.recorder?.full === true) for (const one of ['client', 'target'] as const) this.#parts[one].pause()
  }

  #dispatch(side: Side, payload: Buffer): void {
    const number = payload[0] ?? 0
    if (number >= MESSAGE.channelOpen && number <= MESSAGE.channelFailure) return this.#channels.receive(side, payload)
    switch (number) {
      case MESSAGE.globalRequest:
        return side === 'client' ? this.#fromClient(payload) : this.#fromTarget(payload)
      case MESSAGE.requestSuccess:
      case MESSAGE.requestFailure:
        return (side === 'client' ? this.#toClient : this.#toTarget).answered(payload)
      case MESSAGE.userauthRequest:
        // RFC 4252 section 5.1: after the success they are ignored.
        if (side === 'client') return
        break
      case MESSAGE.userauthBanner:
        if (side === 'target') return
    }
    throw new MalformedFrameError('a message came that has no place in a session')
  }

  #fromClient(payload: Buffer): void {
    const { type, wantsReply, rest } = readRequest(fieldsOf(payload))
    const reply = wantsReply ? this.#replies.add() : { settle: () => undefined }
    if (type === 'tcpip-forward') return this.#listens.ask(rest, reply, this.#toTarget)
    if (type === 'cancel-tcpip-forward') return this.#listens.cancel(rest, reply, this.#toTarget)
    if (type === 'no-more-sessions@openssh.com') this.#channels.refuseSessions()
    // Whatever else there is reaches beyond what is governed, or only wants to hear that somebody is there.
    reply.settle(message(MESSAGE.requestFailure))
  }

  #fromTarget(payload: Buffer): void {
    const { wantsReply } = readRequest(fieldsOf(payload))
    if (wantsReply) this.#parts.target.send(message(MESSAGE.requestFailure))
  }

  #isRead(side: Side): boolean {
    return !this.#paused.has(side) && this.#parts.session.recorder?.full !== true
  }

  #pause(side: Side): void {
    this.#paused.add(side)
    this.#parts[side].pause()
  }

  #resume(side: Side): void {
    this.#paused.delete(side)
    this.#takeMore()
  }

  /** Reads from each side again whose bytes have somewhere to go. */
  #takeMore(): void {
    if (this.#isOver || this.#parts.session.recorder?.full === true) return
    for (const side of ['client', 'target'] as const) if (!this.#paused.has(side)) this.#parts[side].resume()
  }

  #finish(transcript: Transcript, result: 'completed' | 'failed' | 'aborted', code: string | undefined): void {
    const { gatekeeper, session } = this.#parts
    const { operation, bytes, masked, digest, startedAtMs } = transcript
    gatekeeper.finish(session, operation, { result, rows: 0, bytes, masked, digest, code, durationMs: performance.now() - startedAtMs })
  }

  /** Fails closed: whatever was not understood ends the session, and nothing more passes. */
  #fail(side: Side, error: unknown): void {
    const { session, log } = this.#parts
    const known = error instanceof MalformedFrameError
    const reason = known ? error.message : 'an internal error'
    if (known) log.warn({ session: session.id, side, reason }, 'a session was ended because its messages could not be followed')
    else log.error({ session: session.id, side, error }, 'a session was ended by an internal error')
    this.#stop(`the gateway ended the session: ${reason}`, reason, DISCONNECT.protocolError)
  }

  #stop(words: string, reason = words, code: number = DISCONNECT.byApplication): void {
    if (this.#isOver) return
    this.#isOver = true
    const { client, session, gatekeeper } = this.#parts
    for (const keepalive of Object.values(this.#keepalives)) keepalive.stop()
    client.disconnect(code, words)
    const { running: programs, freeId } = this.#channels
    this.#channels.abandon()
    this.#listens.abandon()
    // Only now: who waits for a review has gone, and may come again.
    session.ended ??= reason
    gatekeeper.close(session, reason)
    void this.#endTarget(programs, freeId)
  }

  async #endTarget(programs: readonly RunningProgram[], freeId: number): Promise<void> {
    const { target, session, log, endByShell } = this.#parts
    if (programs.length > 0 && !(await endPrograms({ target, programs, freeId, byShell: endByShell }))) {
      log.warn({ session: session.id }, 'programs of a session that has ended may still run on its target')
    }
    target.disconnect(DISCONNECT.byApplication, 'the session is over')
    this.#ended()
    this.#leave()
  }
}
