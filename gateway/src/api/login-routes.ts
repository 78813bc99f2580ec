import type { LoginOffer, WhoAmI } from '@sallyport/contract'
import type { Context } from 'hono'
import type { ApiServices } from './api-services.ts'
import { callerOf } from './caller.ts'

/** For everybody, as nobody has a token before a login: only what any client of those issuers is told anyway. */
export function offerLogin(context: Context, services: ApiServices): Response {
  const issuers = services.policies.current.document.issuers.flatMap(({ name, issuer, audience, cli }) => {
    if (cli === undefined) return []
    const { clientId, scopes, resource, verificationHosts } = cli
    return [{
      name, issuer, audience, clientId, scopes: [...scopes], verificationHosts: [...verificationHosts],
      ...(resource === undefined ? {} : { resource }),
    }]
  })
  return context.json({ issuers } satisfies LoginOffer)
}

/** What this gateway takes the caller for, under the policy of now. */
export async function tellWhoAmI(context: Context, services: ApiServices): Promise<Response> {
  const { identity, roles, credential, tokenId, expiresAtMs } = await callerOf(context, services)
  return context.json({
    name: identity.name, kind: identity.kind, issuer: identity.issuer, subject: identity.subject,
    groups: [...identity.groups], actors: [...identity.actors], roles: [...roles],
    credential, tokenId, expiresAt: new Date(expiresAtMs).toISOString(),
  } satisfies WhoAmI)
}
