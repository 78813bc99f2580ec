import type { ServerResponse } from 'node:http'
import type { Refusal } from '../../governance/decision.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import { RecordingUnavailable } from '../../governance/recording/recordings.ts'
import { RefusedRequest } from './client-request.ts'
import { NotImpersonable } from './impersonation.ts'
import { TooManySessions } from './kube-sessions.ts'
import { type StatusFailure, writeStatus } from './wire/status.ts'
import { AmbiguousRequest } from './wire/request-target.ts'
import { NoSessionToken } from './session-login/service-account-token.ts'
import { TargetUnreachable } from './upstream.ts'

/** HTTP/2's too: Node's compatibility API gives them the same face. */
export type AnyResponse = ServerResponse

const VERBS: Record<Refusal['kind'], string> = {
  denied: 'refused by rule',
  'review-pending': 'waits for a review by rule',
  cancelled: 'cancelled while it waited for a review by rule',
  'not-recorded': 'refused:',
}

/** A refusal as the API server's own kind of answer, which every client prints. */
export function refusalStatus({ kind, rule, message, hint, ticket }: Refusal): StatusFailure {
  const causes = [
    { reason: 'SallyportRule', message: rule },
    { reason: 'SallyportHint', message: hint },
    ...(ticket === undefined ? [] : [{ reason: 'SallyportTicket', message: ticket }]),
  ]
  const text = `sallyport: ${VERBS[kind]} "${rule}": ${message}${ticket === undefined ? '' : ` (ticket ${ticket})`}. ${hint}`
  // Without Retry-After, so that no client sends it again by itself.
  return kind === 'not-recorded' ? { code: 503, reason: 'ServiceUnavailable', message: text, causes } : { code: 403, reason: 'Forbidden', message: text, causes }
}

/** What went wrong on the way, in words for the client; undefined when it is the gateway's own fault. */
export function errorStatus(error: unknown): StatusFailure | undefined {
  if (error instanceof RefusedRequest) return { code: error.code, reason: error.reason, message: `sallyport: ${error.message}` }
  if (error instanceof AmbiguousRequest) return { code: 400, reason: 'BadRequest', message: `sallyport: ${error.message}, so the request could be read in two ways` }
  if (error instanceof AuthenticationError) return { code: 401, reason: 'Unauthorized', message: `sallyport: ${error.message}. ${error.hint}` }
  if (error instanceof TooManySessions) return { code: 429, reason: 'TooManyRequests', message: 'sallyport: too many sessions are open. Try again later' }
  if (error instanceof NotImpersonable) return { code: 403, reason: 'Forbidden', message: `sallyport: ${error.message}, so the request cannot be made in its name` }
  if (error instanceof TargetUnreachable || error instanceof NoSessionToken) return { code: 502, reason: 'ServiceUnavailable', message: `sallyport: ${error.message}. Tell an operator` }
  if (error instanceof RecordingUnavailable) return { code: 503, reason: 'ServiceUnavailable', message: `sallyport: ${error.told}. ${error.hint}` }
  return undefined
}

export const INTERNAL: StatusFailure = { code: 500, reason: 'InternalError', message: 'sallyport: the gateway failed. Tell an operator' }

/** One of the connections broke: told as far as there is somebody to tell. */
export const BROKEN: StatusFailure = { code: 502, reason: 'ServiceUnavailable', message: 'sallyport: the connection to the API server broke. Send it again if it may run twice' }

const BREAKS = new Set(['ECONNRESET', 'EPIPE', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_HTTP2_STREAM_CANCEL', 'ERR_STREAM_DESTROYED', 'HPE_INVALID_CONSTANT'])

export function isBroken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && BREAKS.has(error.code)
}

/** A header that clients of Kubernetes print: RFC 7234 §5.5. */
export function warningOf(text: string): string {
  return `299 - "sallyport: ${text.replaceAll(/[^ -~]/g, '?').replaceAll(/["\\]/g, '\\$&').slice(0, 1_000)}"`
}

/** @returns the bytes that the client got */
export function answerStatus(response: AnyResponse, failure: StatusFailure): Buffer {
  const body = writeStatus(failure)
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return Buffer.alloc(0)
  }
  response.writeHead(failure.code, { 'content-type': 'application/json', 'content-length': String(body.length), 'cache-control': 'no-cache, private' })
  response.end(body)
  return body
}
