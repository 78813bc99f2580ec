import { z } from 'zod'

const EVENTS = ['review.requested', 'review.answered', 'review.closed', 'access.granted', 'access.ended', 'break-glass.used'] as const

/** How a channel is on which people hear of reviews, since the start of the gateway that is asked. */
export const ChannelStatus = z.object({
  /** Its name in the configuration. */
  name: z.string(),
  /** Scheme, host and port of the address; the rest may be secret. */
  origin: z.string(),
  /** What is told through it. */
  events: z.array(z.enum(EVENTS)),
  /** `waiting`: nothing was told yet. `ok`, `failing`: what became of the latest attempt. */
  state: z.enum(['ok', 'failing', 'waiting']),
  failingSince: z.iso.datetime().nullable(),
  lastError: z.string().nullable(),
  /** News that are to be told still. */
  waiting: z.int(),
  /** News that were never told: too many waited, they were too old, or not taken again and again. */
  dropped: z.int(),
  delivered: z.int(),
})
export type ChannelStatus = z.infer<typeof ChannelStatus>

export const ChannelList = z.object({ channels: z.array(ChannelStatus) })
export type ChannelList = z.infer<typeof ChannelList>

/** What came of a test message. */
export const ChannelTest = z.object({
  delivered: z.boolean(),
  /** Words for why not. */
  error: z.string().nullable(),
  tookMs: z.int(),
})
export type ChannelTest = z.infer<typeof ChannelTest>
