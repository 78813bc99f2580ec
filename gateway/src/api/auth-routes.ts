import { type LoggedOut, type LoginProviders, routes, type WebSession } from '@sallyport/contract'
import type { Context, Hono } from 'hono'
import { AuthenticationError } from '../governance/identity.ts'
import { LoginUnavailable, type WebLogin } from '../governance/web-sessions.ts'
import { encodeTokenRevoked } from '../governance/recording/events.ts'
import { recordIfPossible } from '../governance/recording/record-if-possible.ts'
import { encodeTokenIssued } from '../governance/recording/token-issued.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'
import { recordRefusedLogin } from './record-refusal.ts'
import { clearCookie, readCookie, setCookie } from './web-cookies.ts'
import { requireNavigation, sessionCookieOf, webCallerOf } from './web-request.ts'

/** As long as the login itself may take. */
export const LOGIN_COOKIE_SECONDS = 600
/** Browsers and providers stay far below. */
const MAX_QUERY_CHARACTERS = 8_192

/** Logins of people at the console, and the sessions that come of them. Answers to browsers, so only `GET` leads to a login. */
export function serveAuth(api: Hono, services: ApiServices): void {
  const login = services.webLogin
  if (login === undefined) return
  api.get(routes.loginProviders, (context) => {
    const providers = login.providers().map(({ name, kind }) => ({ name, kind, login: kind === 'saml' ? `/auth/saml/${name}/login` : `/auth/login/${name}` }))
    return context.json({ providers } satisfies LoginProviders)
  })
  api.get('/auth/login/:issuer', (context) => beginLogin(context, services, login, context.req.param('issuer')))
  api.get('/auth/callback/:issuer', (context) => finishLogin(context, services, login, context.req.param('issuer')))
  api.post('/auth/callback/:issuer', (context) => refusePost(context, services, context.req.param('issuer')))
  api.get(routes.webSession, (context) => showWebSession(context, services, login))
  api.post(routes.logout, (context) => logout(context, services, login))
}

async function beginLogin(context: Context, services: ApiServices, login: WebLogin, issuer: string): Promise<Response> {
  return orRefused(context, services, `login with ${issuer}`, async () => {
    requireNavigation(context)
    const next = nextOf(context)
    const origin = originOf(login)
    const { location, browserCookie } = await login.begin(issuer, next)
    context.header('set-cookie', setCookie('login', browserCookie, origin, LOGIN_COOKIE_SECONDS))
    return context.redirect(location, 302)
  })
}

async function finishLogin(context: Context, services: ApiServices, login: WebLogin, issuer: string): Promise<Response> {
  return orRefused(context, services, `login with ${issuer}`, async () => {
    const origin = originOf(login)
    // Whatever comes of it, this browser's login is over.
    context.header('set-cookie', clearCookie('login', origin), { append: true })
    requireNavigation(context)
    const { search, searchParams } = new URL(context.req.url)
    if (search.length > MAX_QUERY_CHARACTERS) throw new ApiFailure('invalid-request', 'the answer of the provider is too long', 'Log in again.')
    const finished = await login.finish(issuer, searchParams, readCookie(context.req.header('cookie'), 'login', origin))
    await replaceSession(context, services, login, finished)
    return context.redirect(finished.next, 302)
  })
}

/** `response_mode=form_post` was not asked for: whoever sends a form has made it themselves. */
async function refusePost(context: Context, services: ApiServices, issuer: string): Promise<Response> {
  return orRefused(context, services, `login with ${issuer}`, () => {
    throw new ApiFailure('invalid-request', 'the answer of the provider comes as a form, which was not asked for', 'Log in again.')
  })
}

type Finished = Awaited<ReturnType<WebLogin['finish']>>

/** Hands out the new session once it is on record, and ends the one that this browser had. @throws ApiFailure */
export async function replaceSession(context: Context, services: ApiServices, login: WebLogin, finished: Finished): Promise<void> {
  const origin = originOf(login)
  const { cookie, identity, tokenId, expiresAtMs } = finished
  try {
    const issued = { token: '', tokenId, identity, targets: [], purpose: 'console', expiresAtMs, expiresIn: 0 }
    await recordEvent(services.ledger, encodeTokenIssued(issued, Date.now()))
  } catch (error) {
    await login.logout(cookie)
    throw error
  }
  const before = sessionCookieOf(context, login)
  if (before !== undefined) await login.logout(before)
  services.log.info({ identity: identity.name, issuer: identity.issuer, session: tokenId }, 'a person logged in at the console')
  context.header('set-cookie', setCookie('session', cookie, origin, (expiresAtMs - Date.now()) / 1_000), { append: true })
}

async function showWebSession(context: Context, services: ApiServices, login: WebLogin): Promise<Response> {
  const cookie = sessionCookieOf(context, login)
  if (cookie === undefined) throw new ApiFailure('unauthenticated', 'nobody is logged in here', 'GET /auth/providers lists where to log in.')
  const { roles, identity } = await callerOf(context, services)
  const { csrf, idleEndsAtMs, expiresAtMs } = await webCallerOf(context, cookie, login)
  return context.json({
    name: identity.name, issuer: identity.issuer, groups: [...identity.groups], roles: [...roles], csrf,
    idleEndsAt: new Date(idleEndsAtMs).toISOString(), endsAt: new Date(expiresAtMs).toISOString(),
  } satisfies WebSession)
}

async function logout(context: Context, services: ApiServices, login: WebLogin): Promise<Response> {
  // A session that is over is logged out of as well: its cookie goes.
  const live = await callerOf(context, services).then(() => true, (error: unknown) => {
    if (error instanceof ApiFailure && error.body.code === 'unauthenticated') return false
    throw error
  })
  const cookie = live ? sessionCookieOf(context, login) : undefined
  const ended = cookie === undefined ? undefined : await login.logout(cookie)
  if (ended !== undefined) {
    recordIfPossible(services.ledger, encodeTokenRevoked([ended.tokenId], 0, Date.now()))
    services.log.info({ issuer: ended.issuer, session: ended.tokenId }, 'a person logged out at the console')
  }
  context.header('set-cookie', clearCookie('session', originOf(login)))
  return context.json({ location: ended?.location ?? null } satisfies LoggedOut)
}

/** Where the browser wants to be after its login. @throws ApiFailure */
export function nextOf(context: Context): string | undefined {
  const [next, second] = new URL(context.req.url).searchParams.getAll('next')
  if (second !== undefined) throw new ApiFailure('invalid-request', '"next" is given twice', 'Give it once.')
  return next
}

/** How browsers reach the console. @throws ApiFailure when that is not known */
export function originOf(login: WebLogin): string {
  const origin = login.origin()
  if (origin === undefined) throw new ApiFailure('unavailable', 'it is not known under which address browsers reach this gateway', 'Have the operator set gateway.console.url.')
  return origin
}

/** Each login that is refused is on record, with a reason that people understand. @throws ApiFailure */
export async function orRefused(context: Context, services: ApiServices, what: string, login: () => Promise<Response>): Promise<Response> {
  try {
    return await login()
  } catch (error) {
    if (error instanceof ApiFailure) recordRefusedLogin(context, services, error.body.message, what)
    if (!(error instanceof AuthenticationError)) throw error
    recordRefusedLogin(context, services, error.message, what)
    throw new ApiFailure(error instanceof LoginUnavailable ? 'unavailable' : 'unauthenticated', error.message, error.hint)
  }
}
