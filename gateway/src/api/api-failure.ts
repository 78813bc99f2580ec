import { type ApiError, apiErrorStatus, type Problem } from '@sallyport/contract'
import type { Context } from 'hono'

/** Thrown by a handler, answered as an {@link ApiError}. Its words go to the client: no secret, no inner detail. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure'
  readonly body: ApiError

  constructor(code: ApiError['code'], message: string, hint: string, problems?: readonly Problem[]) {
    super(message)
    this.body = { code, message, hint, ...(problems === undefined ? {} : { problems: [...problems] }) }
  }
}

export function answerFailure(context: Context, failure: ApiFailure): Response {
  const { code } = failure.body
  // RFC 6750 §3: says how to authenticate.
  if (code === 'unauthenticated') context.header('www-authenticate', 'Bearer realm="sallyport", error="invalid_token"')
  return context.json(failure.body, apiErrorStatus[code])
}
