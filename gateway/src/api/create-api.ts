import { routes, type Version } from '@sallyport/contract'
import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { timeout } from 'hono/timeout'
import { breakGlass, endGrant, listGrants, requestAccess } from './access-routes.ts'
import { serveAgents } from './agent-routes.ts'
import { answerFailure, ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { serveAuth } from './auth-routes.ts'
import { callerOf } from './caller.ts'
import { issueSshCertificate, showSshAuthorities } from './certificate-routes.ts'
import { serveCampaigns } from './campaign-routes.ts'
import { serveConsole } from './console-routes.ts'
import { serveChannels } from './channel-routes.ts'
import { type OpenApiDocument, openApiDocument } from './reference/openapi-document.ts'
import { serveInstallation } from './installation-routes.ts'
import { listHolds, placeHold, releaseHold } from './hold-routes.ts'
import { offerLogin, tellWhoAmI } from './login-routes.ts'
import { serveLedger } from './ledger-routes.ts'
import { downloadOriginals } from './originals-routes.ts'
import { servePolicy } from './policy-routes.ts'
import { downloadSession, followSession, listOperations, replaySession } from './reading-routes.ts'
import { followReviews } from './follow-reviews.ts'
import { answerReview, listReviews, showReview, withdrawReview } from './review-routes.ts'
import { serveSaml } from './saml-routes.ts'
import { searchSessions } from './search-routes.ts'
import { endSession, listSessions, showSession } from './session-routes.ts'
import { liftLock, listLocks, placeLock } from './lock-routes.ts'
import { serveTargets } from './target-routes.ts'
import { exchangeToken } from './token-endpoint.ts'
import { revokeHeldToken, revokeToken } from './token-routes.ts'

const MAX_FORM_BYTES = 128 * 1_024
const MAX_AGENT_BYTES = 256 * 1_024
const MAX_HOLD_BYTES = 16 * 1_024
const MAX_ANSWER_BYTES = 16 * 1_024
const MAX_POLICY_BYTES = 1_024 * 1_024
const TIMEOUT_MS = 30_000

/** The control API. Knows HTTP and who may do what; everything else is lent to it. */
export function createApi(services: ApiServices): Hono {
  const api = new Hono()
  api.use(protectiveHeaders)
  api.use(timeout(TIMEOUT_MS, new TimedOut(408)))

  api.get(routes.health, (context) => context.json({ status: 'ok' }))
  api.get(routes.version, (context) => context.json({ name: 'sallyport', version: services.version } satisfies Version))
  let reference: OpenApiDocument | undefined
  api.get(routes.openApi, (context) => context.json(reference ??= openApiDocument(services.version)))
  api.post(routes.token, limitBody(MAX_FORM_BYTES), (context) => exchangeToken(context, services))
  api.get(routes.login, (context) => offerLogin(context, services))
  api.get(routes.whoami, (context) => tellWhoAmI(context, services))
  api.get(routes.sshAuthorities, (context) => showSshAuthorities(context, services))
  api.post(routes.sshCertificates, limitBody(MAX_ANSWER_BYTES), (context) => issueSshCertificate(context, services))
  serveTargets(api, services, limitBody(MAX_ANSWER_BYTES))
  api.get(routes.sessions, (context) => listSessions(context, services))
  api.get(routes.search, (context) => searchSessions(context, services))
  api.get(`${routes.sessions}/:id/operations`, (context) => listOperations(context, services, context.req.param('id')))
  api.get(`${routes.sessions}/:id/replay`, (context) => replaySession(context, services, context.req.param('id')))
  api.get(`${routes.sessions}/:id/events`, (context) => followSession(context, services, context.req.param('id')))
  api.get(`${routes.sessions}/:id/export`, (context) => downloadSession(context, services, context.req.param('id')))
  api.get(`${routes.sessions}/:id`, (context) => showSession(context, services, context.req.param('id')))
  api.delete(`${routes.sessions}/:id`, (context) => endSession(context, services, context.req.param('id')))
  api.get(`${routes.sessions}/:id/originals`, (context) => downloadOriginals(context, services, context.req.param('id')))
  api.post(routes.revocation, limitBody(MAX_FORM_BYTES), (context) => revokeHeldToken(context, services))
  api.post(`${routes.tokens}/:id/revoke`, (context) => revokeToken(context, services, context.req.param('id')))
  api.get(routes.locks, (context) => listLocks(context, services))
  api.post(routes.locks, limitBody(MAX_HOLD_BYTES), (context) => placeLock(context, services))
  api.delete(`${routes.locks}/:kind/:name`, (context) => liftLock(context, services, context.req.param('kind'), context.req.param('name')))
  api.get(routes.holds, (context) => listHolds(context, services))
  api.post(routes.holds, limitBody(MAX_HOLD_BYTES), (context) => placeHold(context, services))
  api.delete(`${routes.holds}/:kind/:subject`, (context) => releaseHold(context, services, context.req.param('kind'), context.req.param('subject')))
  api.get(routes.reviews, (context) => listReviews(context, services))
  api.get(routes.reviewEvents, (context) => followReviews(context, services))
  serveChannels(api, services)
  serveAgents(api, services, limitBody(MAX_AGENT_BYTES))
  serveCampaigns(api, services, limitBody(MAX_AGENT_BYTES))
  api.get(`${routes.reviews}/:id`, (context) => showReview(context, services, context.req.param('id')))
  api.delete(`${routes.reviews}/:id`, (context) => withdrawReview(context, services, context.req.param('id')))
  api.post(`${routes.reviews}/:id/answers`, limitBody(MAX_ANSWER_BYTES), (context) => answerReview(context, services, context.req.param('id')))
  api.get(routes.access, (context) => listGrants(context, services))
  api.post(routes.access, limitBody(MAX_ANSWER_BYTES), (context) => requestAccess(context, services))
  api.post(routes.breakGlass, limitBody(MAX_ANSWER_BYTES), (context) => breakGlass(context, services))
  api.delete(`${routes.access}/:id`, (context) => endGrant(context, services, context.req.param('id')))
  servePolicy(api, services, limitBody(MAX_POLICY_BYTES))
  serveLedger(api, services)
  serveInstallation(api, services)
  serveAuth(api, services)
  serveSaml(api, services)
  if (services.consoleFolder !== undefined) serveConsole(api, services.consoleFolder)
  api.get(routes.ledgerStatus, async (context) => {
    const caller = await callerOf(context, services)
    caller.require('auditor', 'operator', 'administrator')
    return context.json(services.ledgerStatus())
  })

  api.notFound((context) => answerFailure(context, new ApiFailure('not-found', 'there is nothing here', 'See docs/reference/api.md for the paths.')))
  api.onError((error, context) => {
    if (error instanceof ApiFailure) return answerFailure(context, error)
    if (error instanceof TimedOut) return answerFailure(context, new ApiFailure('timeout', 'the request took too long', 'Try again in a moment.'))
    // A client that goes while it sends: nothing failed here, and anybody can do it as often as they like.
    if (context.req.raw.signal.aborted) return answerFailure(context, new ApiFailure('invalid-request', 'the request broke off', 'Send it again, to its end.'))
    // The message may quote what a client or a database said; its kind is enough to look further.
    services.log.error({ error: error.name, route: context.req.routePath, method: context.req.method }, 'a request of the control API failed')
    return answerFailure(context, new ApiFailure('internal', 'the request failed', 'Try again, and tell an operator if it lasts.'))
  })
  return api
}

class TimedOut extends HTTPException {}

function limitBody(maxBytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: (context) => answerFailure(context, new ApiFailure('too-large', `the body is larger than ${maxBytes} bytes`, 'Send less.')),
  })
}

/** Answers are data for programs: kept by a cache only where a route says so, never run, framed or read by a page. There is no CORS at all. */
const protectiveHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  // Nobody will read it, and whatever it holds on to is given back now.
  if (context.req.method === 'HEAD') await context.res.body?.cancel()
  if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store')
  if (!context.res.headers.has('content-security-policy')) context.header('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  context.header('cross-origin-resource-policy', 'same-origin')
  context.header('referrer-policy', 'no-referrer')
  context.header('x-content-type-options', 'nosniff')
}
