import type { ReviewSettings } from './config/index.ts'
import { encodeChannelFailed, encodeChannelRecovered } from './governance/recording/events.ts'
import type { Ledger } from './governance/recording/ledger.ts'
import { recordIfPossible } from './governance/recording/record-if-possible.ts'
import type { Review } from './governance/review/review.ts'
import type { Log } from './protocols/protocol-adapter.ts'
import { WebhookChannel, type WebhookChannelOptions } from './webhooks/webhook-channel.ts'
import { WebhookClient } from './webhooks/webhook-client.ts'

/** For one attempt: the next message to this receiver waits so long. */
const ATTEMPT_MS = 10_000

export interface TellingOptions {
  readonly settings: ReviewSettings
  readonly reviewsOpen: () => Promise<readonly Review[]>
  /** Reads a secret's reference at the moment of use. */
  readonly secretOf: (reference: string) => Promise<string>
  readonly ledger: Ledger
  readonly log: Log
  readonly timing?: WebhookChannelOptions['timing']
}

/** Puts together what tells people of reviews. To be started once reviews can be answered, and closed before the ledger is. */
export function tellOfReviews({ settings, reviewsOpen, secretOf, ledger, log, timing }: TellingOptions): WebhookChannel {
  return new WebhookChannel({
    endpoints: settings.webhooks.map(({ secret, ...endpoint }) => ({ ...endpoint, secret: () => secretOf(secret) })),
    sender: new WebhookClient({ timeoutMs: ATTEMPT_MS }),
    reviewsOpen,
    onFailed({ channel, sinceMs, error }) {
      log.error({ channel, error }, 'nobody is told of reviews through a channel')
      recordIfPossible(ledger, encodeChannelFailed(channel, sinceMs, error, Date.now()))
    },
    onRecovered({ channel, sinceMs, dropped }) {
      log.info({ channel, dropped }, 'a channel tells of reviews again')
      recordIfPossible(ledger, encodeChannelRecovered(channel, sinceMs, dropped, Date.now()))
    },
    onError: (error) => log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'reviews that were open before the start are not told'),
    ...(timing && { timing }),
  })
}
