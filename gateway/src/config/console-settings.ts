import { isLoopback } from '@sallyport/contract'
import { z } from 'zod'
import { duration } from './value-schemas.ts'

/** Sessions of people at the console. */
export interface ConsoleSettings {
  /** Origin under which browsers reach the gateway; absent: the control API's own address, when that is on loopback. */
  readonly url?: string
  readonly idleMs: number
  readonly longestMs: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const origin = z.string().max(300, 'at most 300 characters').refine((text) => {
  const url = URL.parse(text)
  if (url === null || (text !== url.origin && text !== `${url.origin}/`)) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}, 'expected https, host and port alone, such as https://sallyport.example.com; http only on loopback').transform((text) => new URL(text).origin)

export const consoleSection = z
  .strictObject({
    url: origin.optional(),
    idle: duration.refine((ms) => ms >= MINUTE && ms <= 24 * HOUR, '1m to 24h').default(30 * MINUTE),
    longest: duration.refine((ms) => ms >= MINUTE && ms <= 7 * 24 * HOUR, '1m to 7d').default(12 * HOUR),
  })
  .refine(({ idle, longest }) => idle <= longest, { path: ['idle'], message: 'longer than "longest"' })
  .transform(({ url, idle, longest }): ConsoleSettings => ({ ...(url === undefined ? {} : { url }), idleMs: idle, longestMs: longest }))
  .prefault({})
