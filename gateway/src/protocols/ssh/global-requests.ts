import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { Link } from './channel-end.ts'
import { message, messageWith } from './messages.ts'
import { MESSAGE } from './wire/message-numbers.ts'

type Answered = (success: boolean, answer: Buffer) => void

/** What the gateway asks one peer about the connection as a whole, and its replies, which come in the same order. */
export class GlobalRequests {
  readonly #link: Link
  readonly #waiting: Answered[] = []

  constructor(link: Link) {
    this.#link = link
  }

  /** @param answered gets the reply's own bytes, a view */
  ask(type: string, rest: Buffer, answered: Answered): void {
    this.#waiting.push(answered)
    this.#link.send(messageWith(MESSAGE.globalRequest, [type, true], rest))
  }

  /** Asks for any answer at all. */
  keepAlive(): void {
    this.#waiting.push(() => undefined)
    this.#link.send(message(MESSAGE.globalRequest, 'keepalive@openssh.com', true))
  }

  /** REQUEST_SUCCESS or REQUEST_FAILURE came. @throws MalformedFrameError when nothing was asked */
  answered(payload: Buffer): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) throw new MalformedFrameError('a reply came that nobody asked for')
    waiting(payload[0] === MESSAGE.requestSuccess, payload.subarray(1))
  }
}
