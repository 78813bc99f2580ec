import type { Exchange, Outcome } from '../../../governance/exchange.ts'
import type { NamesOrder } from './names-order.ts'

/** What the channel lends to an {@link SftpRelay}. None of these may call back into the relay before it returns. */
export interface SftpPorts {
  /** Bytes for the target. A view that is valid during the call only: what cannot be sent at once is copied. */
  toTarget(bytes: Buffer): void
  /** Bytes for the client. A view, as above. */
  toClient(bytes: Buffer): void
  /**
   * One line of words for the person at the client, without its line end, for the channel's stderr: OpenSSH's sftp
   * shows nothing of the text of a status. The relay bounds how many there are.
   */
  tell(line: string): void
  /** `Gatekeeper.govern` for the session. */
  govern(exchange: Exchange): void
  /** `Gatekeeper.finish` for the session. */
  finish(operationNumber: number, outcome: Outcome): void
  /** `session.policy`: another object once another policy is in force. What was remembered is then asked again. */
  policy(): object
  /** Where the policy wants the content of files on record: `session.recorder`, copied before it returns. */
  readonly content?: SftpContentRecorder | undefined
  /** Either side broke the protocol: the channel is to be closed, with these words for log and client. Called once. */
  fail(reason: string): void
}

/** Takes down the content of files: `received` is what the client read, `sent` what it wrote. */
export interface SftpContentRecorder {
  received(operation: number, bytes: Buffer, start: number, end: number): void
  sent(operation: number, bytes: Buffer, start: number, end: number): void
}

export interface SftpOptions {
  /** That of the session, for all its SFTP channels: `namesOrderOf(session)`. */
  readonly names: NamesOrder
  /** The longest that a request is held for a review, milliseconds. */
  readonly maxHoldMs: number
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined
}
