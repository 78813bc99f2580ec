import { type OAuthError, RevocationRequest, type TokenRevocation } from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { calledWith, callerOf } from './caller.ts'
import { formOf } from './form.ts'
import { recordEvent } from './record-event.ts'

const TOKEN_ID = /^[\x21-\x7e]{1,300}$/

/**
 * `POST /oauth/revoke`, RFC 7009: whoever has a session token may end it. That is the proof; there is no other. The answer
 * is the same whether such a token was ever issued (§2.2).
 */
export async function revokeHeldToken(context: Context, services: ApiServices): Promise<Response> {
  const form = await formOf(context)
  if (form === undefined) return refuse(context, 'invalid_request', 'the body is not a form', 'Send application/x-www-form-urlencoded.')
  const request = RevocationRequest.safeParse(Object.fromEntries(form))
  if (!request.success || form.getAll('token').length !== 1) {
    return refuse(context, 'invalid_request', 'missing or wrong: token', 'Send the session token as token, once: RFC 7009, section 2.1.')
  }
  const { token } = request.data
  // A signed token of an issuer: that it is unusable is the issuer's to say.
  if (token.includes('.')) {
    return refuse(context, 'unsupported_token_type', 'only session tokens are revoked here', 'Revoke it at the identity provider that issued it, or have an operator revoke it here.')
  }
  try {
    await services.revokeHeld(token)
  } catch (error) {
    services.log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'a token could not be revoked')
    return refuse(context, 'temporarily_unavailable', 'the token could not be revoked', 'It still works. Try again, and tell an operator if it lasts.')
  }
  return context.body(null, 200)
}

/** Makes a session token, or an identity token with all that was exchanged for it, unusable, and ends their sessions. */
export async function revokeToken(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('operator', 'administrator')
  if (!TOKEN_ID.test(id)) throw new ApiFailure('invalid-request', 'this is no id of a token', 'Ids are in the ledger, in session.opened and token.issued.')
  const action = { by: caller.identity.name, action: 'token.revoke', subject: id, reason: calledWith(caller) }
  await recordEvent(services.ledger, encodeAdministratorActed(action, Date.now()))
  const [, ...derived] = await services.revoke(id)
  services.log.info({ token: id, by: caller.identity.name }, 'a token was revoked through the control API')
  return context.json({ id, derived } satisfies TokenRevocation)
}

function refuse(context: Context, error: OAuthError['error'], description: string, hint: string): Response {
  return context.json({ error, error_description: description, hint } satisfies OAuthError, error === 'temporarily_unavailable' ? 503 : 400)
}
