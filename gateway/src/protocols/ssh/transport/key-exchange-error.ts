import { DISCONNECT } from '../wire/message-numbers.ts'

/** Why a connection cannot go on. The message is told to the peer; it holds nothing secret. */
export class KeyExchangeError extends Error {
  override readonly name = 'KeyExchangeError'
  /** The reason that goes into SSH_MSG_DISCONNECT. */
  readonly code: number

  constructor(message: string, code: number = DISCONNECT.keyExchangeFailed) {
    super(message)
    this.code = code
  }
}
