import { createHmac } from 'node:crypto'
import { WebhookFailure } from '../governance/webhook-sender.ts'

const PREFIX = 'whsec_'
const MIN_KEY_BYTES = 24
const MAX_KEY_BYTES = 64

/**
 * Signature header of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), symmetric scheme `v1`.
 * @param secret `whsec_` and 24 to 64 bytes in base64
 * @param timestamp Unix seconds of the attempt
 * @param body exactly as it is sent
 * @throws WebhookFailure when the secret is none, or the id could be read as another message
 */
export function signWebhook(secret: string, id: string, timestamp: number, body: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new WebhookFailure('the message has no usable id')
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return `v1,${signature}`
}

function keyOf(secret: string): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : ''
  const key = Buffer.from(encoded, 'base64')
  const whole = key.toString('base64').replaceAll('=', '') === encoded.replaceAll('=', '')
  if (!whole || key.length < MIN_KEY_BYTES || key.length > MAX_KEY_BYTES) {
    throw new WebhookFailure(`its signing secret is not ${PREFIX} and ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes in base64`)
  }
  return key
}
