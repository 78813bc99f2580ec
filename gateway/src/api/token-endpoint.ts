import {
  ISSUED_TOKEN_TYPE, type OAuthError, TOKEN_EXCHANGE_GRANT, TokenExchangeRequest, type TokenExchangeResponse,
} from '@sallyport/contract'
import type { Context } from 'hono'
import { encodeTokenIssued } from '../governance/recording/token-issued.ts'
import { TokenExchangeError } from '../governance/token-exchange.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { formOf, repeatsField } from './form.ts'
import { recordEvent } from './record-event.ts'

/** `POST /oauth/token`, RFC 8693. Errors are those of RFC 6749 §5.2. */
export async function exchangeToken(context: Context, services: ApiServices): Promise<Response> {
  const form = await formOf(context)
  if (form === undefined) return refuse(context, 'invalid_request', 'the body is not a form', 'Send application/x-www-form-urlencoded.')
  if (repeatsField(form, REPEATABLE)) return refuse(context, 'invalid_request', 'a parameter is given twice', 'Send every parameter but audience and resource once.')
  if (form.get('grant_type') !== TOKEN_EXCHANGE_GRANT) {
    return refuse(context, 'unsupported_grant_type', 'only token exchange is offered here', `send grant_type=${TOKEN_EXCHANGE_GRANT}`)
  }
  const read = TokenExchangeRequest.safeParse({
    ...Object.fromEntries(form), audience: form.getAll('audience'), resource: form.getAll('resource'),
  })
  if (!read.success) {
    const names = [...new Set(read.error.issues.map((issue) => String(issue.path[0])))].join(', ')
    return refuse(context, 'invalid_request', `missing or wrong: ${names}`, 'See RFC 8693, section 2.1.')
  }
  const request = read.data
  // RFC 8693 §2.1: one never comes without the other.
  if ((request.actor_token === undefined) !== (request.actor_token_type === undefined)) {
    return refuse(context, 'invalid_request', 'actor_token and actor_token_type go together', 'Send both or neither.')
  }
  try {
    return context.json(await issue(request, services))
  } catch (error) {
    if (error instanceof TokenExchangeError) return refuse(context, error.code, error.message, error.hint)
    if (error instanceof ApiFailure) return refuse(context, 'temporarily_unavailable', error.body.message, error.body.hint)
    services.log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'a token exchange failed')
    return refuse(context, 'server_error', 'the exchange failed', 'Try again, and tell an operator if it lasts.')
  }
}

const REPEATABLE = new Set(['audience', 'resource'])

async function issue(request: TokenExchangeRequest, services: ApiServices): Promise<TokenExchangeResponse> {
  const issued = await services.tokenExchange.exchange({
    subjectToken: request.subject_token,
    subjectTokenType: request.subject_token_type,
    ...(request.actor_token === undefined ? {} : { actorToken: request.actor_token }),
    ...(request.actor_token_type === undefined ? {} : { actorTokenType: request.actor_token_type }),
    targets: [...request.audience, ...request.resource],
    ...(request.purpose === undefined ? {} : { purpose: request.purpose }),
    singleUse: request.single_use === 'true',
  })
  try {
    await recordEvent(services.ledger, encodeTokenIssued(issued, Date.now()))
  } catch (error) {
    await services.revoke(issued.tokenId)
    throw error
  }
  return { access_token: issued.token, issued_token_type: ISSUED_TOKEN_TYPE, token_type: 'Bearer', expires_in: issued.expiresIn }
}

function refuse(context: Context, error: OAuthError['error'], description: string, hint: string): Response {
  const status = error === 'server_error' ? 500 : error === 'temporarily_unavailable' ? 503 : 400
  const body: OAuthError = { error, error_description: description, hint }
  return context.json(body, status)
}
