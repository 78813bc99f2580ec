import type { CustomFetchOptions } from 'oauth4webapi'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 256 * 1_024

/** For token requests: bounded in time and size, and goes nowhere else, as a redirect would carry a secret along. */
export async function boundedFetch(url: string, options: CustomFetchOptions<'POST', URLSearchParams>): Promise<Response> {
  const { method, headers, body, signal } = options
  const late = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(url, { method, headers, body, redirect: 'error', signal: signal === undefined ? late : AbortSignal.any([late, signal]) })
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > MAX_BYTES) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  const { status, headers: answered } = response
  return new Response(Buffer.concat(chunks), { status, headers: answered })
}
