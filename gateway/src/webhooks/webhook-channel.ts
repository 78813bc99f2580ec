import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChannelState, ChannelTrial, ReviewChannels } from '../governance/review/channel-state.ts'
import type { ReviewChannel, ReviewNews } from '../governance/review/review-channel.ts'
import type { Review } from '../governance/review/review.ts'
import { WebhookFailure, type WebhookMessage, type WebhookSender } from '../governance/webhook-sender.ts'
import { DeliveryQueue, type DeliveryQueueOptions } from './delivery-queue.ts'
import { reviewMessage } from './review-message.ts'

export interface ChannelEndpoint {
  readonly name: string
  readonly url: string
  /** Reads the signing secret at the moment of use. */
  readonly secret: () => Promise<string>
  /** What is told; all when undefined. */
  readonly events: readonly ReviewNews['what'][] | undefined
  readonly includeStatement: boolean
}

export interface WebhookChannelOptions {
  readonly endpoints: readonly ChannelEndpoint[]
  readonly sender: WebhookSender
  /** All that are open, read at the start: what was asked for before it may not have been told. */
  readonly reviewsOpen: () => Promise<readonly Review[]>
  /** Told when an endpoint has failed for five minutes, and when it works again after that. */
  readonly onFailed: (failed: { readonly channel: string; readonly sinceMs: number; readonly error: string }) => void
  readonly onRecovered: (recovered: { readonly channel: string; readonly sinceMs: number; readonly dropped: number }) => void
  /** Open reviews cannot be read, so that those of before the start are not told. */
  readonly onError: (error: unknown) => void
  readonly timing?: Pick<DeliveryQueueOptions, 'maxWaiting' | 'tellAfterMs' | 'firstRetryMs' | 'now'>
}

interface Endpoint {
  readonly settings: ChannelEndpoint
  readonly origin: string
  readonly queue: DeliveryQueue
  testing: boolean
}

const ALL: readonly ReviewNews['what'][] = [
  'review.requested', 'review.answered', 'review.closed', 'access.granted', 'access.ended', 'break-glass.used',
]
/** News that ask for nothing are worth telling for a day. */
const WORTH_TELLING_MS = 86_400_000
const SECRET_MS = 5_000
const OPEN_ATTEMPTS = 8

/** Tells of reviews by signed webhooks. What a receiver says beside its status is thrown away: nobody answers here. */
export class WebhookChannel implements ReviewChannel, ReviewChannels {
  readonly #options: WebhookChannelOptions
  readonly #endpoints: readonly Endpoint[]
  readonly #closing = new AbortController()
  /** Reviews of which something newer was told while those that are open are being read. */
  #heard: Set<string> | undefined

  constructor(options: WebhookChannelOptions) {
    this.#options = options
    this.#endpoints = options.endpoints.map((settings) => ({
      settings, origin: new URL(settings.url).origin, testing: false,
      queue: new DeliveryQueue({
        ...options.timing,
        send: (message, signal) => this.#send(settings, message, signal),
        onFailed: (failed) => options.onFailed({ channel: settings.name, ...failed }),
        onRecovered: (recovered) => options.onRecovered({ channel: settings.name, ...recovered }),
      }),
    }))
  }

  /** Tells of what is open already, under the ids that it was told under before. Never throws. */
  async start(): Promise<void> {
    if (this.#endpoints.length === 0) return
    this.#heard = new Set()
    const open = await this.#readOpen()
    const heard = this.#heard
    this.#heard = undefined
    const untold = open.filter(({ id }) => !heard.has(id)).toSorted((one, other) => one.createdAtMs - other.createdAtMs)
    for (const review of untold) this.tell({ what: 'review.requested', review, atMs: review.createdAtMs })
  }

  tell(news: ReviewNews): void {
    if ('review' in news) this.#heard?.add(news.review.id)
    const subscribed = this.#endpoints.filter(({ settings }) => settings.events?.includes(news.what) ?? true)
    const messages = new Map<boolean, WebhookMessage>()
    const closed = 'review' in news && news.review.state !== 'open' ? news.review.id : undefined
    if (closed !== undefined) for (const { queue } of this.#endpoints) queue.forget(closed)
    if (closed !== undefined && news.what === 'review.requested') return
    for (const { settings: { includeStatement }, queue } of subscribed) {
      const message = messages.get(includeStatement) ?? reviewMessage(news, includeStatement)
      messages.set(includeStatement, message)
      queue.add({ message, ...usefulness(news) })
    }
  }

  states(): readonly ChannelState[] {
    return this.#endpoints.map(({ settings: { name, events }, origin, queue }) => ({ name, origin, events: events ?? ALL, ...queue.state }))
  }

  async test(name: string, by: string): Promise<ChannelTrial | 'unknown' | 'busy'> {
    const endpoint = this.#endpoints.find(({ settings }) => settings.name === name)
    if (endpoint === undefined) return 'unknown'
    if (endpoint.testing) return 'busy'
    endpoint.testing = true
    const began = performance.now()
    const tookMs = () => Math.round(performance.now() - began)
    try {
      const message = { id: `test_${randomBytes(16).toString('base64url')}`, type: 'webhook.test', at: Date.now(), data: { channel: name, by } }
      await this.#send(endpoint.settings, message, this.#closing.signal)
      endpoint.queue.receiverIsThere()
      return { delivered: true, error: undefined, tookMs: tookMs() }
    } catch (error) {
      return { delivered: false, error: error instanceof WebhookFailure ? error.message : 'it could not be sent', tookMs: tookMs() }
    } finally {
      endpoint.testing = false
    }
  }

  /**
   * Sends what receivers take within the time; what waits for one that fails is left.
   * @returns how many news were never told, by name of the endpoint, where there are any
   */
  async close(withinMs: number): Promise<ReadonlyMap<string, number>> {
    this.#closing.abort()
    const left = await Promise.all(this.#endpoints.map(async ({ settings, queue }) => [settings.name, await queue.close(withinMs)] as const))
    return new Map(left.filter(([, count]) => count > 0))
  }

  /** @throws WebhookFailure */
  async #send({ url, secret }: ChannelEndpoint, message: WebhookMessage, signal: AbortSignal): Promise<void> {
    const readSecret = async (): Promise<string> => {
      try {
        // A vault that hangs must not hold up more than this attempt.
        return await before(secret(), AbortSignal.any([signal, AbortSignal.timeout(SECRET_MS)]))
      } catch {
        throw new WebhookFailure('its signing secret cannot be read')
      }
    }
    await this.#options.sender.send({ url, secret: readSecret }, message, signal)
  }

  async #readOpen(): Promise<readonly Review[]> {
    for (let attempt = 1; !this.#closing.signal.aborted; attempt++) {
      try {
        return await this.#options.reviewsOpen()
      } catch (error) {
        if (attempt === OPEN_ATTEMPTS) {
          this.#options.onError(error)
          return []
        }
        await delay(Math.min((this.#options.timing?.firstRetryMs ?? 1_000) * 2 ** attempt, 60_000), undefined, { ref: false, signal: this.#closing.signal }).catch(() => undefined)
      }
    }
    return []
  }
}

function usefulness(news: ReviewNews): { readonly untilMs: number; readonly asksFor: string | undefined } {
  if (news.what === 'review.requested') return { untilMs: news.review.expiresAtMs, asksFor: news.review.id }
  return { untilMs: news.atMs + WORTH_TELLING_MS, asksFor: undefined }
}

/** @throws the signal's reason when it is aborted first */
function before<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject)
  })
}
