import { z } from 'zod'

/** Where a person types which code. All of it is fit for a terminal. */
export interface VerificationPage {
  readonly url: string
  /** The same page with the code filled in. */
  readonly completeUrl?: string
  readonly userCode: string
}

const MAX_LOGIN_SECONDS = 30 * 60
const MAX_INTERVAL_SECONDS = 60
/** RFC 8628 §3.2. */
const DEFAULT_INTERVAL_SECONDS = 5

/** RFC 8628 §3.2. A user code that a terminal could take for something else is no code to type. */
const DeviceAnswer = z.object({
  device_code: z.string().min(1).max(8_192),
  user_code: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}[A-Za-z0-9]$/),
  verification_uri: z.string(),
  verification_uri_complete: z.string().optional(),
  expires_in: z.coerce.number().positive(),
  interval: z.number().positive().default(DEFAULT_INTERVAL_SECONDS),
})

export interface DeviceAuthorization {
  readonly deviceCode: string
  readonly page: VerificationPage
  readonly expiresInMs: number
  readonly intervalMs: number
}

export interface DeviceAnswerReading {
  readonly issuer: URL
  /** Hosts, besides the issuer's own, whose pages may ask for the user code. */
  readonly verificationHosts: readonly string[]
  /** Reads an address of the issuer's. @throws what the caller throws for one that may not be used */
  readonly permitted: (text: string) => URL
  /** Makes what is thrown for an answer that cannot be used; the words follow on "the issuer cannot be used:". */
  readonly unusable: (why: string) => Error
}

/**
 * Reads the answer of a device authorization endpoint. Whoever made it must not be able to send a person elsewhere than to
 * the issuer, or to one of the hosts that the gateway's policy names.
 *
 * @throws what `unusable` makes, and what `permitted` throws
 */
export function readDeviceAnswer(answer: unknown, { issuer, verificationHosts, permitted, unusable }: DeviceAnswerReading): DeviceAuthorization {
  const parsed = DeviceAnswer.safeParse(answer)
  if (!parsed.success) throw unusable(`its device authorization has no sensible ${String(parsed.error.issues[0]?.path[0] ?? 'content')}`)
  const { device_code: deviceCode, user_code: userCode, verification_uri: uri, verification_uri_complete: complete, interval } = parsed.data
  if (interval > MAX_INTERVAL_SECONDS) throw unusable(`it wants to be asked less often than every ${MAX_INTERVAL_SECONDS} seconds`)
  // Whoever sees the device code can take the login.
  if ([userCode, uri, complete ?? ''].some((shown) => shown.includes(deviceCode))) throw unusable('it would have the device code shown')
  const hosts = new Set([issuer.host, ...verificationHosts])
  const page = (text: string) => {
    const url = permitted(text)
    if (!hosts.has(url.host)) throw unusable('its page for the code is on another host; an operator may name that host in "verificationHosts"')
    return url.href
  }
  return {
    deviceCode,
    page: { url: page(uri), userCode, ...(complete === undefined ? {} : { completeUrl: page(complete) }) },
    expiresInMs: Math.min(parsed.data.expires_in, MAX_LOGIN_SECONDS) * 1_000,
    intervalMs: Math.max(interval, 1) * 1_000,
  }
}
