import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { AuthenticationError } from '../governance/identity.ts'
import type { SamlAnswer, SamlLogin } from '../governance/saml-login.ts'
import { LoginUnavailable, type WebLogin } from '../governance/web-sessions.ts'
import { answerFailure, ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { LOGIN_COOKIE_SECONDS, nextOf, originOf, orRefused, replaceSession } from './auth-routes.ts'
import { formOf } from './form.ts'
import { recordRefusedLogin } from './record-refusal.ts'
import { clearCookie, readCookie, setCookie } from './web-cookies.ts'
import { requireNavigation } from './web-request.ts'

/** An answer of the longest kind, each `+`, `/` and `=` of its base64 written as three characters. */
const MAX_FORM_BYTES = 400 * 1_024

/** SAML 2.0 web single sign-on, as service provider. Begun here by GET, answered by the provider through the browser by POST. */
export function serveSaml(api: Hono, services: ApiServices): void {
  const { webLogin, samlLogin } = services
  if (webLogin === undefined || samlLogin === undefined) return
  api.get('/auth/saml/:name/metadata', (context) => showMetadata(context, samlLogin, context.req.param('name')))
  api.get('/auth/saml/:name/login', (context) => begin(context, services, { webLogin, samlLogin }, context.req.param('name')))
  api.post('/auth/saml/:name/acs', limited(services), (context) => finish(context, services, { webLogin, samlLogin }, context.req.param('name')))
}

interface Logins {
  readonly webLogin: WebLogin
  readonly samlLogin: SamlLogin
}

async function showMetadata(context: Context, login: SamlLogin, name: string): Promise<Response> {
  try {
    return context.body(await login.metadata(name), 200, { 'content-type': 'application/samlmetadata+xml' })
  } catch (error) {
    if (!(error instanceof AuthenticationError)) throw error
    throw new ApiFailure(error instanceof LoginUnavailable ? 'unavailable' : 'not-found', error.message, error.hint)
  }
}

async function begin(context: Context, services: ApiServices, { webLogin, samlLogin }: Logins, name: string): Promise<Response> {
  return orRefused(context, services, `login with ${name}`, async () => {
    requireNavigation(context)
    const { location, browserCookie } = await samlLogin.begin(name, nextOf(context))
    context.header('set-cookie', setCookie('saml', browserCookie, originOf(webLogin), LOGIN_COOKIE_SECONDS))
    return context.redirect(location, 302)
  })
}

async function finish(context: Context, services: ApiServices, { webLogin, samlLogin }: Logins, name: string): Promise<Response> {
  return orRefused(context, services, `login with ${name}`, async () => {
    const origin = originOf(webLogin)
    // Whatever comes of it, this browser's login is over.
    context.header('set-cookie', clearCookie('saml', origin), { append: true })
    requireNavigation(context)
    const answer = await readAnswer(context)
    const finished = await samlLogin.finish(name, answer, readCookie(context.req.header('cookie'), 'saml', origin))
    await replaceSession(context, services, webLogin, finished)
    // 303: the browser goes on with GET, and takes nothing of the answer along.
    return context.redirect(finished.next, 303)
  })
}

/** @throws ApiFailure */
async function readAnswer(context: Context): Promise<SamlAnswer> {
  const form = await formOf(context)
  if (form === undefined) throw new ApiFailure('invalid-request', 'the body is not a form', 'Log in again.')
  const only = (field: string): string => {
    const [value, second] = form.getAll(field)
    if (value === undefined || second !== undefined) throw new ApiFailure('invalid-request', `the provider's answer does not hold one ${field}`, 'Log in again.')
    return value
  }
  return { response: only('SAMLResponse'), relayState: only('RelayState') }
}

function limited(services: ApiServices) {
  return bodyLimit({
    maxSize: MAX_FORM_BYTES,
    onError: (context) => {
      const message = `the provider's answer is larger than ${MAX_FORM_BYTES} bytes`
      recordRefusedLogin(context, services, message, `login with ${context.req.param('name') ?? ''}`)
      return answerFailure(context, new ApiFailure('too-large', message, 'Have the provider send fewer groups.'))
    },
  })
}
