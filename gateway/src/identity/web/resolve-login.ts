import { AuthenticationError } from '../../governance/identity.ts'
import type { PolicyDocument } from '../../governance/policy/policy-document.ts'
import type { VerifiedClaims } from '../../governance/session-tokens.ts'
import { type ResolvedIdentity, resolveIdentity } from '../resolve-identity.ts'

const MAX_SUBJECT_CHARACTERS = 512

/**
 * Says who the claims of a login at the console are under the policy in force: a person, acting for themselves.
 * @throws AuthenticationError
 */
export function resolveLogin(login: VerifiedClaims, document: PolicyDocument, nowMs: number): ResolvedIdentity {
  const issuer = document.issuers.find((entry) => entry.name === login.issuer)
  const audiences = [login.claims['aud']].flat()
  if (issuer !== undefined && (issuer.console === undefined || !audiences.includes(issuer.console.clientId))) {
    throw new AuthenticationError(`logins of issuer "${issuer.name}" are no longer taken at the console`, 'Log in with another provider.')
  }
  const resolved = resolveIdentity(login, undefined, document, nowMs)
  const { kind, actors, name, subject } = resolved.identity
  // OpenID Connect Core 1.0 §2 allows 255; it is a key of an index.
  if (subject.length > MAX_SUBJECT_CHARACTERS) throw new AuthenticationError(`the login's subject is longer than ${MAX_SUBJECT_CHARACTERS} characters`, 'Have the provider name people more shortly.')
  if (kind !== 'person') throw new AuthenticationError(`"${name}" is a registered agent: the console is for people`, 'Log in as a person.')
  if (actors.length > 0) throw new AuthenticationError('somebody else acts in this login: the console is for people themselves', 'Log in yourself.')
  return resolved
}
