import type { WebhookEndpoint, WebhookSender } from '../../governance/webhook-sender.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Anchor } from './anchor.ts'

/** Sends each checkpoint as a signed webhook of type `ledger.checkpoint`. */
export class WebhookAnchor implements Anchor {
  readonly name: string
  readonly #sender: WebhookSender
  readonly #endpoint: WebhookEndpoint

  constructor(endpoint: WebhookEndpoint, sender: WebhookSender) {
    const url = new URL(endpoint.url)
    // A query often holds a key.
    this.name = `${url.origin}${url.pathname}`
    this.#endpoint = endpoint
    this.#sender = sender
  }

  async keep({ size, root, note }: Checkpoint): Promise<void> {
    const hash = Buffer.from(root, 'latin1')
    await this.#sender.send(this.#endpoint, {
      id: `checkpoint-${size}-${hash.toString('hex', 0, 8)}`, type: 'ledger.checkpoint', at: Date.now(),
      data: { origin: note.slice(0, note.indexOf('\n')), size, root: hash.toString('base64'), checkpoint: note },
    })
  }
}
