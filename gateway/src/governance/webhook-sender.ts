/** The port to those who are told things by a signed webhook. One call is one attempt; who calls tries again. */
export interface WebhookSender {
  /**
   * Resolves once the receiver has taken the message.
   * @param signal gives the attempt up
   * @throws WebhookFailure
   */
  send(endpoint: WebhookEndpoint, message: WebhookMessage, signal?: AbortSignal): Promise<void>
}

export interface WebhookEndpoint {
  /** https; on loopback also http. */
  readonly url: string
  /** Reads the signing secret at the moment of use: `whsec_` and 24 to 64 bytes in base64. */
  readonly secret: () => Promise<string>
}

export interface WebhookMessage {
  /** The same however often it is sent, so that receivers can leave out what they have. Without a dot. */
  readonly id: string
  /** Words with dots between, such as `ledger.checkpoint`. */
  readonly type: string
  /** When it happened, Unix milliseconds. */
  readonly at: number
  readonly data: object
}

/** The message was not taken. In plain words, without address, secret or content of the answer. */
export class WebhookFailure extends Error {
  override readonly name = 'WebhookFailure'
  /** The receiver asks for this much time before another attempt. */
  readonly retryAfterMs: number | undefined
  /** HTTP status, where the receiver answered with one. */
  readonly status: number | undefined
  constructor(message: string, retryAfterMs?: number, status?: number) {
    super(message)
    this.retryAfterMs = retryAfterMs
    this.status = status
  }
}
