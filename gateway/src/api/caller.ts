import type { Context } from 'hono'
import { AuthenticationError } from '../governance/identity.ts'
import { refuseLocked } from '../governance/locks/lock.ts'
import type { PolicyDocument } from '../governance/policy/policy-document.ts'
import type { IdentifiedCaller } from '../governance/token-exchange.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { recordRefusedCookie } from './record-refusal.ts'
import { sessionCookieOf, webCallerOf } from './web-request.ts'

export type Role = keyof PolicyDocument['roles']

/** Who sends a request, and what the policy in force lets them do here. */
export interface Caller extends IdentifiedCaller {
  readonly roles: ReadonlySet<Role>
  holds(...roles: readonly Role[]): boolean
  /** @throws ApiFailure */
  require(...roles: readonly Role[]): void
}

/** @throws ApiFailure when the request carries no usable token, nor the cookie of a session */
export async function callerOf(context: Context, services: ApiServices): Promise<Caller> {
  try {
    const identified = await identify(context, services)
    // Whoever comes, and however: with a token, or with the cookie of a session that began before.
    refuseLocked(services.locks.on(identified.identity))
    const roles = rolesOf(identified, services.policies.current.document)
    const holds = (...wanted: readonly Role[]) => wanted.some((role) => roles.has(role))
    return {
      ...identified,
      roles,
      holds,
      require(...wanted) {
        if (holds(...wanted)) return
        throw new ApiFailure('forbidden', `this is for the role ${orList(wanted)}`, 'Ask an administrator, or use a login that holds the role: a session token holds none.')
      },
    }
  } catch (error) {
    if (error instanceof AuthenticationError) throw new ApiFailure('unauthenticated', error.message, error.hint)
    throw error
  }
}

/** By a token that a program sends, or by a cookie that a browser does. Never by both: it would be unclear who asks. */
async function identify(context: Context, services: ApiServices): Promise<IdentifiedCaller> {
  const authorization = context.req.header('authorization')
  const { webLogin } = services
  const cookie = await onRecord(context, services, () => sessionCookieOf(context, webLogin))
  if (webLogin !== undefined && cookie !== undefined) {
    return onRecord(context, services, () => {
      if (authorization !== undefined) throw new ApiFailure('invalid-request', 'the request carries a token and the cookie of a session', 'Send one of them.')
      return webCallerOf(context, cookie, webLogin)
    })
  }
  const token = tokenOf(context)
  if (token === undefined) {
    throw new ApiFailure('unauthenticated', 'this needs a token', 'Send Authorization: Bearer with an identity token or a session token.')
  }
  return services.identification.identify(token)
}

/** The token that a program sends, unverified. */
export function tokenOf(context: Context): string | undefined {
  return /^Bearer +([\x21-\x7e]+)$/i.exec(context.req.header('authorization') ?? '')?.[1]
}

async function onRecord<Result>(context: Context, services: ApiServices, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ApiFailure || error instanceof AuthenticationError) recordRefusedCookie(context, services, error.message)
    throw error
  }
}

/** For the record: by which login of which issuer something was done. */
export function calledWith({ identity, tokenId }: Caller): string {
  return `through the control API, by a login of issuer ${identity.issuer}, token ${tokenId}`
}

/**
 * Roles are a person's own. An agent has none, nor has anybody who acts for a person: what it may do on targets is for the
 * rules, but it can never change the rules, nor look over others' shoulders. Nor does a person's session token, which
 * opens the targets that it names and may lie where agents run.
 */
function rolesOf({ identity, credential }: IdentifiedCaller, document: PolicyDocument): ReadonlySet<Role> {
  if (credential === 'session-token' || identity.kind !== 'person' || identity.actors.length > 0) return new Set()
  const groups = new Set(identity.groups)
  const entries = Object.entries(document.roles) as [Role, readonly string[]][]
  return new Set(entries.filter(([, members]) => members.some((group) => groups.has(group))).map(([role]) => role))
}

function orList(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter((part) => part !== '').join(' or ')
}
