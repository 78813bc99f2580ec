import { z } from 'zod'
import { entryName, referenceOf } from './value-schemas.ts'
import { webhookUrl } from './webhook-url.ts'

/** How people are told of reviews by this gateway. */
export interface ReviewSettings {
  readonly webhooks: readonly ReviewWebhook[]
}

export interface ReviewWebhook {
  readonly name: string
  readonly url: string
  /** Reference. */
  readonly secret: string
  /** What is told; all when undefined. */
  readonly events: readonly ReviewEvent[] | undefined
  /** Whether the statement is told, too. It may hold data. */
  readonly includeStatement: boolean
}

export type ReviewEvent = (typeof EVENTS)[number]

const EVENTS = [
  'review.requested', 'review.answered', 'review.closed', 'access.granted', 'access.ended', 'break-glass.used',
] as const
const MAX_WEBHOOKS = 20

const webhook = z
  .strictObject({
    name: entryName,
    url: webhookUrl,
    secret: referenceOf('vault', 'env', 'file'),
    events: z.array(z.enum(EVENTS)).min(1, 'the list is empty; leave the key out to mean all').max(EVENTS.length, 'named twice').optional(),
    include: z.literal('statement').optional(),
  })
  .transform(({ name, url, secret, events, include }): ReviewWebhook => ({ name, url, secret, events, includeStatement: include === 'statement' }))

const webhooks = z.array(webhook).max(MAX_WEBHOOKS, `at most ${MAX_WEBHOOKS} webhooks`).check((context) => {
  const names = new Set<string>()
  context.value.forEach(({ name }, index) => {
    if (names.has(name)) context.issues.push({ code: 'custom', message: 'another webhook has this name', input: name, path: [index, 'name'] })
    names.add(name)
  })
})

export const reviewSection = z.strictObject({ webhooks: webhooks.default([]) }).prefault({})
