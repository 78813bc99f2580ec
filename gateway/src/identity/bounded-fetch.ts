import type { CustomFetchOptions } from 'oauth4webapi'
import { readWithin } from './read-within.ts'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 256 * 1_024

/** For token requests: bounded in time and size, and goes nowhere else, as a redirect would carry a secret along. */
export async function boundedFetch(url: string, options: CustomFetchOptions<'POST', URLSearchParams>): Promise<Response> {
  const { method, headers, body, signal } = options
  const late = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(url, { method, headers, body, redirect: 'error', signal: signal === undefined ? late : AbortSignal.any([late, signal]) })
  const content = await readWithin(response, MAX_BYTES)
  if (content === undefined) throw new Error('the answer is too large')
  const { status, headers: answered } = response
  return new Response(content, { status, headers: answered })
}
