const MAX_CHARACTERS = 1_000

/** Where a login goes that does not say. */
const HOME = '/'

/** RFC 3986 §3.3 and §3.4: characters of a path, then of query and fragment. No backslash: browsers take it for a slash. */
const LOCAL = /^\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(?:[?#](?:[\w.~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})*)?$/

/**
 * A path of this gateway that a login may go to, or undefined. Whatever could be read as another host is none, also when it
 * is decoded once more on its way, and nothing below `/auth` is: a login would begin or end another.
 */
export function checkNext(next: string | undefined): string | undefined {
  if (next === undefined || next === '') return HOME
  if (next.length > MAX_CHARACTERS || !LOCAL.test(next)) return undefined
  const path = next.split(/[?#]/, 1)[0] ?? ''
  // Slash, backslash, percent, dot and control characters are never needed in encoded form.
  if (path.includes('//') || /%(?:2[ef5]|5c|[01][0-9a-f]|7f)/i.test(path) || /%(?:[01][0-9a-f]|7f)/i.test(next)) return undefined
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return undefined
  return path === '/auth' || path.toLowerCase().startsWith('/auth/') ? undefined : next
}
