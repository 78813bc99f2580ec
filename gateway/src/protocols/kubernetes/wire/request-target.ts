/** The path and query of a request, read so that nobody after us can read them otherwise. Pure. */

export interface RequestTarget {
  /** Decoded, without empty ones. */
  readonly segments: readonly string[]
  /** As it is sent on: every segment encoded in one way, with the trailing slash that came. */
  readonly path: string
  /** Decoded, in their order. */
  readonly query: readonly (readonly [name: string, value: string])[]
  /** As it is sent on: without the question mark; empty for none. */
  readonly search: string
}

/** A request that the API server might read in another way than we do. Nothing of it is passed on. */
export class AmbiguousRequest extends Error {
  override readonly name = 'AmbiguousRequest'
}

export const MAX_TARGET_CHARACTERS = 16 * 1024
const MAX_SEGMENTS = 64
const MAX_PARAMETERS = 512

/** RFC 3986 §3.3: pchar without percent-encoding; no semicolon, which some read as the start of parameters. */
const PLAIN_SEGMENT = /^[A-Za-z0-9\-._~!$&'()*+,=:@]*$/
/** What may stand encoded: printable ASCII but what separates, escapes or climbs. */
const ENCODABLE = /^[ -~]$/
const NEVER_ENCODED = new Set(['/', '\\', '%', '.', ';', '?', '#'])

/**
 * @param target request target in origin form: `/path?query`
 * @throws AmbiguousRequest
 */
export function readRequestTarget(target: string): RequestTarget {
  if (target.length > MAX_TARGET_CHARACTERS) throw new AmbiguousRequest('the URL is too long')
  if (!target.startsWith('/')) throw new AmbiguousRequest('the request target is no path')
  if (target.includes('#')) throw new AmbiguousRequest('the URL has a fragment')
  const mark = target.indexOf('?')
  const rawPath = mark === -1 ? target : target.slice(0, mark)
  const raw = rawPath.slice(1).split('/')
  const hasTrailingSlash = raw.length > 1 && raw.at(-1) === ''
  if (hasTrailingSlash || (raw.length === 1 && raw[0] === '')) raw.pop()
  if (raw.length > MAX_SEGMENTS) throw new AmbiguousRequest('the path has too many parts')
  const segments = raw.map(readSegment)
  const query = mark === -1 ? [] : readQuery(target.slice(mark + 1))
  return {
    segments,
    path: `/${segments.map(encodeSegment).join('/')}${hasTrailingSlash ? '/' : ''}`,
    query,
    search: encodeQuery(query),
  }
}

/** As it is sent on. */
export function encodeQuery(query: RequestTarget['query']): string {
  return query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

export function encodeSegment(segment: string): string {
  // What encodeURIComponent escapes beyond need, such as the colon of `system:node`, is sent plain.
  return encodeURIComponent(segment).replaceAll(/%(?:3A|40|24|26|2B|2C|3D)/g, decodeURIComponent)
}

function readSegment(raw: string): string {
  if (raw === '') throw new AmbiguousRequest('the path has an empty part')
  let segment = ''
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at] ?? ''
    if (character !== '%') {
      if (!PLAIN_SEGMENT.test(character)) throw new AmbiguousRequest('the path has a character that does not belong there')
      segment += character
      continue
    }
    const hex = raw.slice(at + 1, at + 3)
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw new AmbiguousRequest('the path has an unfinished percent-encoding')
    const decoded = String.fromCharCode(Number.parseInt(hex, 16))
    if (!ENCODABLE.test(decoded) || NEVER_ENCODED.has(decoded)) throw new AmbiguousRequest('the path hides a character by percent-encoding')
    segment += decoded
    at += 2
  }
  if (segment === '.' || segment === '..') throw new AmbiguousRequest('the path climbs')
  return segment
}

/** As Go's net/url reads it, where that leaves no doubt: `&` alone separates, `+` is a space. */
function readQuery(text: string): (readonly [string, string])[] {
  if (text === '') return []
  const parts = text.split('&').filter((part) => part !== '')
  if (parts.length > MAX_PARAMETERS) throw new AmbiguousRequest('the query has too many parameters')
  return parts.map((part) => {
    // Go before 1.17 takes a semicolon for a separator, later versions drop the parameter.
    if (part.includes(';')) throw new AmbiguousRequest('the query has a semicolon; write %3B')
    const equals = part.indexOf('=')
    const [name, value] = equals === -1 ? [part, ''] : [part.slice(0, equals), part.slice(equals + 1)]
    return [decodeParameter(name), decodeParameter(value)] as const
  })
}

function decodeParameter(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    if (decoded.includes('\0')) throw new AmbiguousRequest('the query has a NUL')
    return decoded
  } catch (error) {
    if (error instanceof AmbiguousRequest) throw error
    throw new AmbiguousRequest('the query is not well encoded')
  }
}
