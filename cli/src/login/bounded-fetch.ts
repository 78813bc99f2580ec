import { isLoopback } from '@sallyport/contract'

/** An answer that is not what it should be, or none. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
  /** Nobody was reached, or not in time: it may work later. Otherwise what came makes no sense. */
  readonly away: boolean

  constructor(message: string, away: boolean) {
    super(message)
    this.away = away
  }
}

interface FetchRequest {
  readonly method?: string
  readonly headers?: RequestInit['headers']
  /** Forms only are sent here. */
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
}

interface FetchLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

const LIMITS: FetchLimits = { timeoutMs: 10_000, maxBytes: 256 * 1_024 }

/**
 * A fetch for whoever `home` belongs to. Every address it is sent to is checked, redirects are errors, the whole answer has
 * to come in time, and it is bounded: tokens go where they are meant to, and nobody can keep the command waiting.
 * Errors are {@link NoAnswer}, in words that quote nothing of the answer.
 */
export function boundedFetch(home: URL, limits: FetchLimits = LIMITS): (url: string, request: FetchRequest) => Promise<Response> {
  return async (url, { method = 'GET', headers, body, signal: callers }) => {
    const address = permittedUrl(url, home)
    const form = formOf(body)
    const late = AbortSignal.timeout(limits.timeoutMs)
    const signal = callers === undefined ? late : AbortSignal.any([late, callers])
    try {
      const response = await fetch(address, { method, ...(headers === undefined ? {} : { headers }), body: form, redirect: 'manual', signal })
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel()
        throw new NoAnswer('it sends to another place', false)
      }
      const bytes = await readBody(response, limits.maxBytes)
      return new Response(bytes.byteLength === 0 ? null : new Uint8Array(bytes), { status: response.status, headers: response.headers })
    } catch (error) {
      if (error instanceof NoAnswer) throw error
      throw new NoAnswer(signal.aborted ? 'it does not answer in time' : 'it cannot be reached', true)
    }
  }
}

function formOf(body: unknown): URLSearchParams | null {
  if (body === undefined || body === null) return null
  if (body instanceof URLSearchParams) return body
  throw new TypeError('only forms are sent to an issuer')
}

async function readBody(response: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop early cancels the stream, and with it the connection.
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new NoAnswer('its answer is too large', false)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** https, or http to this machine from what is on this machine itself; never with a credential in it. @throws NoAnswer */
export function permittedUrl(text: string, home: URL): URL {
  const url = text.length <= 2_000 ? URL.parse(text) : null
  if (url === null) throw new NoAnswer('an address of it is malformed', false)
  if (url.username !== '' || url.password !== '') throw new NoAnswer('an address of it holds a credential', false)
  if (isLoopback(url.hostname) && !isLoopback(home.hostname)) throw new NoAnswer('an address of it is on this machine', false)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new NoAnswer('an address of it is not https', false)
}
