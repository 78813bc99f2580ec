import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import { fieldsOf } from './messages.ts'
import type { SshTransport } from './transport/ssh-transport.ts'
import { MESSAGE } from './wire/message-numbers.ts'

/** A login has few messages, each waited for; whoever sends more at once is no client and no server. */
const MAX_WAITING = 16
/** Of the text of banners, shown to nobody. */
const MAX_IGNORED = 64

/** The login cannot go on. */
export class HandshakeFailed extends Error {
  override readonly name = 'HandshakeFailed'
}

/** Reads the messages of a login one by one. */
export class PayloadReader {
  readonly #transport: SshTransport
  readonly #waiting: Buffer[] = []
  #wake: (() => void) | undefined
  #ignored = 0
  #error: Error | undefined
  #rejectFailed: (error: Error) => void = () => undefined
  /** Rejects when the login cannot go on any more. */
  readonly failed: Promise<never>

  constructor(transport: SshTransport) {
    this.#transport = transport
    this.failed = new Promise((_, reject) => (this.#rejectFailed = reject))
    // Told to whoever waits, if anybody does.
    this.failed.catch(() => undefined)
    transport.onPayload = (payload) => this.#receive(payload)
    transport.onClose = (error) => this.fail(error ?? new HandshakeFailed('the connection was closed'))
  }

  fail(error: Error): void {
    if (this.#error !== undefined) return
    this.#error = error
    this.#rejectFailed(error)
    this.#wake?.()
  }

  /** Whether everything that came was read. */
  get isDrained(): boolean {
    return this.#waiting.length === 0
  }

  /**
   * The next message, which must be one of these; with none named, any.
   * @throws HandshakeFailed; MalformedFrameError; whatever the connection failed with
   */
  async next(...expected: readonly number[]): Promise<Buffer> {
    while (this.#waiting.length === 0) {
      if (this.#error !== undefined) throw this.#error
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = undefined
    }
    const payload = this.#waiting.shift()
    if (payload === undefined) throw new Error('a message was taken twice')
    if (expected.length > 0 && !expected.includes(payload[0] ?? 0)) throw new MalformedFrameError(`message ${payload[0] ?? 0} came where it has no place`)
    return payload
  }

  /** Gives a message back, to be read again. */
  putBack(payload: Buffer): void {
    this.#waiting.unshift(payload)
  }

  #receive(payload: Buffer): void {
    // What a target says to people before it lets them in is not for the client.
    if (payload[0] === MESSAGE.userauthBanner && ++this.#ignored <= MAX_IGNORED) return
    if (payload[0] === MESSAGE.globalRequest && ++this.#ignored <= MAX_IGNORED) return this.#globalRequest(payload)
    if (this.#waiting.length >= MAX_WAITING) {
      this.fail(new MalformedFrameError('too many messages at once during a login'))
      this.#transport.destroy()
      return
    }
    this.#waiting.push(Buffer.from(payload))
    this.#wake?.()
  }

  /** Servers tell their other host keys as soon as somebody is logged in. */
  #globalRequest(payload: Buffer): void {
    const reader = fieldsOf(payload)
    reader.string()
    if (reader.boolean()) this.#transport.send(Buffer.of(MESSAGE.requestFailure))
  }
}
