import http, { type ClientRequest, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isLoopback } from '@sallyport/contract'
import { type WebhookEndpoint, WebhookFailure, type WebhookMessage, type WebhookSender } from '../governance/webhook-sender.ts'
import { signWebhook } from './sign-webhook.ts'

export interface WebhookClientOptions {
  /** For one attempt, from its beginning to the end of the answer. Default 15 s. */
  readonly timeoutMs?: number
  readonly now?: () => number
}

const TIMEOUT_MS = 15_000
/** What a receiver says beside its status is read so that it can say it to the end, and thrown away. */
const MAX_ANSWER_BYTES = 64 * 1024
const MAX_RETRY_AFTER_MS = 3_600_000

/** Sends signed messages as Standard Webhooks 1.0.0 says: POST, JSON, no redirects, taken when the status is 2xx. */
export class WebhookClient implements WebhookSender {
  readonly #timeoutMs: number
  readonly #now: () => number

  constructor(options: WebhookClientOptions = {}) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS
    this.#now = options.now ?? Date.now
  }

  async send(endpoint: WebhookEndpoint, { id, type, at, data }: WebhookMessage, givenUp?: AbortSignal): Promise<void> {
    const url = usableUrl(endpoint.url)
    const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
    const timestamp = Math.floor(this.#now() / 1000)
    const headers = {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'sallyport', 'connection': 'close',
      'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signWebhook(await endpoint.secret(), id, timestamp, body),
    }
    const { status, retryAfter } = await this.#post(url, headers, body, givenUp)
    if (status >= 200 && status < 300) return
    if (status >= 300 && status < 400) throw new WebhookFailure('it redirects', undefined, status)
    throw new WebhookFailure(`it answers with status ${status}`, this.#delayOf(retryAfter), status)
  }

  #post(url: URL, headers: http.OutgoingHttpHeaders, body: string, givenUp?: AbortSignal): Promise<{ status: number; retryAfter: string | undefined }> {
    const late = AbortSignal.timeout(this.#timeoutMs)
    const signal = givenUp === undefined ? late : AbortSignal.any([late, givenUp])
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => reject(
        new WebhookFailure(givenUp?.aborted ? 'it was given up' : late.aborted ? 'it answers too slowly' : `it cannot be reached (${error.code ?? 'error'})`))
      // No agent: a connection that is kept could be one to a machine that is no longer meant.
      const options = { method: 'POST', headers, signal, agent: false, maxHeaderSize: 16 * 1024 } as const
      const request: ClientRequest = url.protocol === 'https:' ? https.request(url, { ...options, rejectUnauthorized: true }) : http.request(url, options)
      request.on('error', fail)
      request.on('response', (response) => {
        const answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }
        // The status says it all: how the rest goes changes nothing.
        request.off('error', fail).on('error', () => undefined)
        void drain(response).then(() => {
          request.destroy()
          resolve(answer)
        })
      })
      request.end(body)
    })
  }

  /** Seconds, or a date (RFC 9110 §10.2.3); never longer than an hour. */
  #delayOf(retryAfter: string | undefined): number | undefined {
    if (retryAfter === undefined) return undefined
    const ms = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - this.#now()
    return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : undefined
  }
}

/** @throws WebhookFailure */
function usableUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new WebhookFailure('its address is no URL')
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new WebhookFailure('its address is not https')
}

/** Resolves at the end of the answer, or as soon as it is too long, broken or too slow. */
function drain(response: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) resolve()
    })
    response.on('close', resolve)
    response.on('error', () => resolve())
  })
}
