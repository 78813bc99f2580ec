import { recordSettings } from '../../governance/recording/record-settings.ts'
import type { Session } from '../../governance/session.ts'
import type { Channel, Filter } from './channel.ts'
import type { ConnectionContext } from './connection-context.ts'
import { STDERR } from './messages.ts'
import { gatewayLines } from './refusal-words.ts'
import { namesOrderOf } from './sftp/names-order.ts'
import type { SftpContentRecorder } from './sftp/sftp-ports.ts'
import { SftpRelay } from './sftp/sftp-relay.ts'
import { MAX_HOLD_MS } from './step.ts'
import { headerOf } from './transcript.ts'
import { governedFile } from './unmaskable-files.ts'

/** Lends the data of a channel to the SFTP relay, which passes on what is allowed. */
export class SftpFilter implements Filter {
  readonly #channel: Channel
  readonly #relay: SftpRelay
  #ending: (() => void) | undefined
  #settling = false

  constructor(context: ConnectionContext, channel: Channel) {
    const { session, gatekeeper, log } = context
    this.#channel = channel
    this.#relay = new SftpRelay({
      toTarget: (bytes) => {
        channel.toTarget.push(0, bytes)
        this.#settleSoon()
      },
      toClient: (bytes) => {
        channel.toClient.push(0, bytes)
        this.#settleSoon()
      },
      tell: (line) => channel.toClient.push(STDERR, gatewayLines(line, false)),
      govern: (exchange) => gatekeeper.govern(session, governedFile(exchange, session.policy)),
      finish: (operationNumber, outcome) => gatekeeper.finish(session, operationNumber, outcome),
      policy: () => session.policy,
      content: recordedContent(session),
      fail: (reason) => {
        log.warn({ session: session.id, reason }, 'an SFTP channel was closed because its messages could not be followed')
        // Not within a call of the relay's own.
        setImmediate(() => channel.finish(() => channel.toClient.push(STDERR, gatewayLines(reason, false))))
      },
    }, { names: namesOrderOf(session), maxHoldMs: MAX_HOLD_MS })
  }

  fromClient(bytes: Buffer): void {
    this.#relay.fromClient(bytes)
    this.#settle()
  }

  fromTarget(stream: number, bytes: Buffer): void {
    if (stream === 0) this.#relay.fromTarget(bytes)
    else this.#channel.toClient.push(stream, bytes)
    this.#settle()
  }

  clientEnded(then: () => void): void {
    this.#ending = then
    this.#settle()
  }

  targetEnded(): void {
    this.#ending = undefined
  }

  roomMade(): void {
    this.#settle()
  }

  close(how: 'cancelled' | 'left'): void {
    this.#relay.close(how)
  }

  #settleSoon(): void {
    if (this.#settling) return
    this.#settling = true
    queueMicrotask(() => {
      this.#settling = false
      this.#settle()
    })
  }

  /** Grants both sides what there is room for, and ends the client's data once none of them waits. */
  #settle(): void {
    const { toTarget, toClient } = this.#channel
    toTarget.held = this.#relay.heldFromClient + toClient.queued
    toClient.held = this.#relay.heldFromTarget
    toTarget.settle()
    toClient.settle()
    if (this.#ending === undefined || this.#relay.heldFromClient > 0) return
    const end = this.#ending
    this.#ending = undefined
    end()
  }
}

/** Content of files as channel data, each piece a message of its own as in `transcript.ts`; only where the policy wants it. */
function recordedContent({ recorder, target }: Session): SftpContentRecorder | undefined {
  if (recorder === undefined || recordSettings(target).files !== 'all') return undefined
  return {
    received(operation, bytes, start, end) {
      const header = headerOf(0, end - start)
      recorder.received(operation, header, 0, header.length)
      recorder.received(operation, bytes, start, end)
    },
    sent(operation, bytes, start, end) {
      const header = headerOf(0, end - start)
      recorder.sent(operation, header, 0, header.length)
      recorder.sent(operation, bytes, start, end)
    },
  }
}
