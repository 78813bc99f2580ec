import { readWithin } from './read-within.ts'

export interface FetchLimits {
  /** For the whole answer, not only its beginning. */
  readonly timeoutMs: number
  readonly maxBytes: number
}

/**
 * Gets one JSON object. Redirects are errors: an issuer's documents are where the issuer says, and a redirect would let
 * whoever answers choose another host, also one of ours.
 *
 * @throws Error in words fit for a client: no address, no content
 */
export async function fetchJson(url: URL, limits: FetchLimits): Promise<Record<string, unknown>> {
  const signal = AbortSignal.timeout(limits.timeoutMs)
  let response: Response
  try {
    response = await fetch(url, { redirect: 'manual', signal, headers: { accept: 'application/json' } })
  } catch {
    throw new Error(signal.aborted ? 'it answers too slowly' : 'it cannot be reached')
  }
  try {
    if (response.status >= 300 && response.status < 400) throw new Error('it redirects')
    if (response.status !== 200) throw new Error(`it answers with status ${response.status}`)
    return await readObject(response, limits.maxBytes, signal)
  } finally {
    // An answer that is not read to its end would keep its connection.
    if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined)
  }
}

async function readObject(response: Response, maxBytes: number, signal: AbortSignal): Promise<Record<string, unknown>> {
  let content: Buffer | undefined
  try {
    content = await readWithin(response, maxBytes)
  } catch {
    throw new Error(signal.aborted ? 'it answers too slowly' : 'its answer broke off')
  }
  if (content === undefined) throw new Error('its answer is too large')
  let value: unknown
  try {
    value = JSON.parse(content.toString('utf8'))
  } catch {
    throw new Error('its answer is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('its answer is not an object')
  return value as Record<string, unknown>
}
