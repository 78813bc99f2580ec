import { ApiFailure } from './api-failure.ts'

export type WebCookie = 'session' | 'login' | 'saml'

const NAMES = { session: 'sallyport', login: 'sallyport-login', saml: 'sallyport-saml' } as const

/**
 * The name in a cookie of this gateway. Browsers take one that begins with `__Host-` only over https, for this host alone
 * and for all its paths: no neighbour domain can plant one. On loopback without TLS there is no such thing.
 */
export function cookieName(cookie: WebCookie, origin: string): string {
  return isSecure(origin) ? `__Host-${NAMES[cookie]}` : NAMES[cookie]
}

/**
 * Reads one cookie (RFC 6265 §4.2.1).
 * @throws ApiFailure when it is there twice: whoever planted the second must not choose which of them counts
 */
export function readCookie(header: string | undefined, cookie: WebCookie, origin: string): string | undefined {
  const name = cookieName(cookie, origin)
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [before, ...after] = pair.split('=')
    return before?.trim() === name ? [after.join('=').trim()] : []
  })
  if (values.length > 1) throw new ApiFailure('unauthenticated', `the cookie ${name} is there twice`, 'Remove the cookies of this site, then log in again.')
  return values[0]
}

/**
 * RFC 6265bis §4.1. Lax: a link from elsewhere finds people logged in; a form or script from elsewhere does not. The cookie
 * of a SAML login must come along with the provider's form; on loopback, where there is no `Secure`, Lax does for that.
 */
export function setCookie(cookie: WebCookie, value: string, origin: string, maxAgeSeconds: number): string {
  const secure = isSecure(origin) ? '; Secure' : ''
  const sameSite = cookie === 'saml' && isSecure(origin) ? 'None' : 'Lax'
  return `${cookieName(cookie, origin)}=${value}; Path=/; Max-Age=${Math.floor(maxAgeSeconds)}; HttpOnly; SameSite=${sameSite}${secure}`
}

export function clearCookie(cookie: WebCookie, origin: string): string {
  return setCookie(cookie, '', origin, 0)
}

function isSecure(origin: string): boolean {
  return origin.startsWith('https:')
}
