import type { Wait } from '../../governance/exchange.ts'
import type { Operation } from '../../governance/operation.ts'
import type { ConnectionContext } from './connection-context.ts'
import { endpoint, readListen } from './forward-channel.ts'
import type { GlobalRequests } from './global-requests.ts'
import { message } from './messages.ts'
import { plain } from './refusal-words.ts'
import type { Reply } from './reply-queue.ts'
import { Step } from './step.ts'
import { Transcript } from './transcript.ts'
import { MESSAGE } from './wire/message-numbers.ts'
import { SshReader } from './wire/ssh-reader.ts'

/** Ports on which the target may listen for one client. */
const MAX_LISTENS = 16
const FAILURE = message(MESSAGE.requestFailure)

/** `tcpip-forward` (RFC 4254 section 7.1): where the target listens for the client. Each is one operation until it ends. */
export class Listens {
  readonly #context: ConnectionContext
  readonly #listening = new Map<string, Transcript>()
  readonly #waits = new Set<Wait>()
  #pending = 0
  #isOver = false

  constructor(context: ConnectionContext) {
    this.#context = context
  }

  /** @returns number of the operation by which the target listens there; undefined when none does */
  operationFor({ host, port }: { readonly host: string; readonly port: number }): number | undefined {
    return this.#listening.get(endpoint(host, port))?.operation
  }

  /** Gives the wait up when the connection is over. @returns what to call once the wait is over by itself */
  leaveAtEnd(wait: Wait): () => void {
    if (this.#isOver) wait.leave()
    else this.#waits.add(wait)
    return () => void this.#waits.delete(wait)
  }

  /** @throws MalformedFrameError */
  ask(rest: Buffer, reply: Reply, toTarget: GlobalRequests): void {
    const { host, port } = readListen(rest)
    if (this.#listening.size + this.#pending >= MAX_LISTENS) return reply.settle(FAILURE)
    const { session, gatekeeper } = this.#context
    const kept = Buffer.from(rest)
    const where = plain(endpoint(host, port))
    const facts = { actions: ['listen'], objects: [where], functions: [], readOnly: false, filtered: true, unknown: false, statements: 1 }
    const operation: Operation = { protocol: 'ssh', facts, text: `listen ${where}`, parameters: [] }
    let waitIsOver = (): void => undefined
    this.#pending++
    gatekeeper.govern(session, new Step(operation, session.target.name, {
      forwarded: (operationNumber) => {
        waitIsOver()
        const transcript = new Transcript(operationNumber, undefined)
        if (this.#isOver) return this.#context.finish(transcript, 'aborted', undefined)
        toTarget.ask('tcpip-forward', kept, (success, answer) => {
          this.#pending--
          if (this.#isOver) return
          if (success) this.#listening.set(endpoint(host, port === 0 ? new SshReader(answer).uint32() : port), transcript)
          else this.#context.finish(transcript, 'failed', undefined)
          reply.settle(success ? Buffer.concat([Buffer.of(MESSAGE.requestSuccess), answer]) : FAILURE)
        })
      },
      refused: () => {
        waitIsOver()
        this.#pending--
        // The protocol has no words for why; it is on record.
        reply.settle(FAILURE)
      },
      waits: (wait) => void (waitIsOver = this.leaveAtEnd(wait)),
      announce: () => undefined,
    }))
  }

  /** @throws MalformedFrameError */
  cancel(rest: Buffer, reply: Reply, toTarget: GlobalRequests): void {
    const { host, port } = readListen(rest)
    const key = endpoint(host, port)
    const transcript = this.#listening.get(key)
    if (transcript === undefined) return reply.settle(FAILURE)
    this.#listening.delete(key)
    toTarget.ask('cancel-tcpip-forward', rest, (success, answer) => {
      this.#context.finish(transcript, 'completed', undefined)
      reply.settle(success ? Buffer.concat([Buffer.of(MESSAGE.requestSuccess), answer]) : FAILURE)
    })
  }

  /** The session is over, and the target listens no more. */
  abandon(): void {
    this.#isOver = true
    for (const wait of this.#waits) wait.leave()
    this.#waits.clear()
    for (const transcript of this.#listening.values()) this.#context.finish(transcript, 'completed', undefined)
    this.#listening.clear()
  }
}
