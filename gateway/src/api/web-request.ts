import { timingSafeEqual } from 'node:crypto'
import { CSRF_HEADER } from '@sallyport/contract'
import type { Context } from 'hono'
import type { WebCaller, WebLogin } from '../governance/web-sessions.ts'
import { ApiFailure } from './api-failure.ts'
import { readCookie } from './web-cookies.ts'

/** The session's cookie of a request; undefined when there is none. @throws ApiFailure */
export function sessionCookieOf(context: Context, login: WebLogin | undefined): string | undefined {
  const origin = login?.origin()
  return origin === undefined ? undefined : readCookie(context.req.header('cookie'), 'session', origin)
}

/** Streams ask again who follows them; that is no use of the session. */
const used = new WeakSet<Context>()

/**
 * Who sends a request with a session's cookie. Browsers send it along whatever page they are on, so the request must also
 * show that a page of this gateway made it.
 * @throws ApiFailure, AuthenticationError
 */
export async function webCallerOf(context: Context, cookie: string, login: WebLogin): Promise<WebCaller> {
  const changes = !['GET', 'HEAD'].includes(context.req.method)
  requireOwnPage(context, login, changes)
  const caller = await login.find(cookie, !used.has(context))
  used.add(context)
  if (changes && !equal(context.req.header(CSRF_HEADER) ?? '', caller.csrf)) {
    throw new ApiFailure('forbidden', `the request does not carry the token of its session (${CSRF_HEADER})`, 'Send the `csrf` that GET /auth/session gives.')
  }
  return caller
}

/** What browsers say of where a request comes from: Fetch Metadata and, where something changes, Origin (RFC 6454 §7). @throws ApiFailure */
export function requireOwnPage(context: Context, login: WebLogin, changes: boolean): void {
  const site = context.req.header('sec-fetch-site')
  const foreign = new ApiFailure('forbidden', 'the request comes from another site', 'Open the console itself. Programs send a token, and no cookie.')
  if (site !== undefined && site !== 'same-origin' && (changes || site !== 'none')) throw foreign
  if (!changes) return
  const origin = context.req.header('origin')
  if (origin === undefined ? site !== 'same-origin' : origin !== login.origin()) throw foreign
}

/** A login is a page of its own: no frame, image or script of another site begins or ends one unseen. @throws ApiFailure */
export function requireNavigation(context: Context): void {
  const [mode, place] = [context.req.header('sec-fetch-mode'), context.req.header('sec-fetch-dest')]
  if ((mode === undefined || mode === 'navigate') && (place === undefined || place === 'document')) return
  throw new ApiFailure('forbidden', 'a login is opened as a page, not from within another', 'Go to the address itself.')
}

/** Address of the peer; empty where there is no connection. */
export function clientAddressOf(context: Context): string {
  const { incoming } = (context.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress ?? ''
}

function equal(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}
