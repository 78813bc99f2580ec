import { isLoopback } from '@sallyport/contract'
import { fetchJson, type FetchLimits } from './fetch-json.ts'

/** What an issuer says of itself, OpenID Connect Discovery 1.0 §4. */
export interface DiscoveryDocument {
  readonly members: Readonly<Record<string, unknown>>
  /** An address that it names. @throws Error where there is none, or none that may be asked; see {@link permittedUrl} */
  readonly address: (member: string) => URL
}

/** @throws Error in words fit for a client: no address, no content */
export async function fetchDiscovery(issuer: string, limits: FetchLimits): Promise<DiscoveryDocument> {
  const home = permittedUrl(issuer)
  const members = await fetchJson(new URL(`${home.href.replace(/\/$/, '')}/.well-known/openid-configuration`), limits)
  // §4.3: identical, or someone else's document is being read.
  if (members['issuer'] !== issuer) throw new Error('its discovery document is of another issuer')
  return {
    members,
    address(member) {
      if (members[member] === undefined) throw new Error(`its discovery document has no ${member}`)
      return permittedUrl(members[member], `its ${member}`, home)
    },
  }
}

/**
 * An https URL, or http on loopback, without a credential.
 * @param home who names it: one that is elsewhere must not send browsers, or this gateway with its secret, to this machine
 * @throws Error saying so of `what`
 */
export function permittedUrl(text: unknown, what = 'its address', home?: URL): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null
  if (url === null) throw new Error(`${what} is malformed`)
  if (url.username !== '' || url.password !== '') throw new Error(`${what} holds a credential`)
  if (home !== undefined && isLoopback(url.hostname) && !isLoopback(home.hostname)) throw new Error(`${what} is said to be on this machine`)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new Error(`${what} is not https`)
}
