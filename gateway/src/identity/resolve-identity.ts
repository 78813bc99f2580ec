import { agentEndsAtMs } from '../governance/agents/agent-end.ts'
import { AuthenticationError, type Identity } from '../governance/identity.ts'
import type { AgentEntry, PolicyDocument } from '../governance/policy/policy-document.ts'
import type { VerifiedClaims } from '../governance/session-tokens.ts'
import { type ClaimsIssuer, claimsIssuers } from './claims-issuer.ts'
import { type Claims, groupsOf, type Principal, recognise } from './recognise.ts'

export interface ResolvedIdentity {
  readonly identity: Identity
  /** Every registered agent that takes part, as subject or as the one who acts: all their limits hold. */
  readonly agents: readonly AgentEntry[]
  /** The end of the first registration to end. */
  readonly endsAtMs: number
}

const MAX_ACTORS = 8

/**
 * Says what verified claims mean under the policy in force: today's agents, not those of the day the token was issued.
 * The identity is the token's subject; who acts for it stands in `actors` (RFC 8693 §4.1) and must be recognised too,
 * or an unregistered agent would pass as the person it acts for.
 *
 * @throws AuthenticationError
 */
export function resolveIdentity(
  subject: VerifiedClaims, actor: VerifiedClaims | undefined, document: PolicyDocument, nowMs: number,
): ResolvedIdentity {
  const issuer = issuerOf(subject, document)
  const principal = recognise(subject.claims, issuer, document, nowMs)
  const chain = actClaims(subject.claims)
  const current = actor === undefined
    ? currentActor(chain[0], subject.claims, principal, issuer, document, nowMs)
    : givenActor(actor, subject.claims, document, nowMs)
  const prior = actor === undefined ? chain.slice(1) : chain
  const agents = [principal, current].flatMap((one) => (one?.kind === 'agent' ? [one.agent] : []))
  return {
    identity: {
      kind: principal.kind,
      name: principal.name,
      issuer: subject.issuer,
      subject: String(subject.claims['sub']),
      groups: groupsOf(subject.claims, issuer),
      claims: subject.claims,
      actors: [...(current === undefined ? [] : [current.name]), ...prior.map((claims) => String(claims['sub']))],
      ...(current !== undefined && { actor: actorOf(current, actor ?? { issuer: subject.issuer, claims: chain[0] ?? {} }, document, issuer) }),
    },
    agents,
    endsAtMs: Math.min(...agents.map(agentEndsAtMs), Number.POSITIVE_INFINITY),
  }
}

/** What the actor's own token says of it; of one that an `act` claim names, that claim alone. */
function actorOf({ kind, name }: Principal, { issuer, claims }: VerifiedClaims, document: PolicyDocument, subjectIssuer: ClaimsIssuer): NonNullable<Identity['actor']> {
  const entry = claimsIssuers(document).find((one) => one.name === issuer) ?? subjectIssuer
  return { kind, name, issuer, subject: String(claims['sub']), groups: groupsOf(claims, entry), claims }
}

function issuerOf(verified: VerifiedClaims, document: PolicyDocument): ClaimsIssuer {
  const issuer = claimsIssuers(document).find((entry) => entry.name === verified.issuer && entry.issuer === verified.claims['iss'])
  if (issuer === undefined) throw new AuthenticationError('the token is of an issuer that is no longer configured', 'Get a token from an issuer in the policy document.')
  return issuer
}

/** Who acts according to an `act` claim. Only the outermost counts; those before are kept for the record. */
function currentActor(
  act: Claims | undefined, claims: Claims, principal: Principal, issuer: ClaimsIssuer, document: PolicyDocument, nowMs: number,
): Principal | undefined {
  if (act === undefined) return undefined
  const client = claims['client_id'] ?? claims['azp']
  if (principal.kind === 'agent' && act['sub'] === client) return principal
  if (act['iss'] !== undefined && act['iss'] !== issuer.issuer) {
    throw new AuthenticationError('whoever acts in this token is of another issuer', 'Exchange it here, with an actor_token of that issuer.')
  }
  return recognise(act, issuer, document, nowMs)
}

/** Who acts according to an actor token of its own. */
function givenActor(actor: VerifiedClaims, subject: Claims, document: PolicyDocument, nowMs: number): Principal {
  if (actor.claims['act'] !== undefined) {
    throw new AuthenticationError('the actor token is itself on behalf of someone', 'Send an actor token that the agent got for itself.')
  }
  const allowed = subject['may_act']
  if (allowed !== undefined && !mayAct(allowed, actor.claims)) {
    throw new AuthenticationError('the subject token names somebody else who may act for it', 'Get a subject token whose may_act names this agent.')
  }
  return recognise(actor.claims, issuerOf(actor, document), document, nowMs)
}

/** RFC 8693 §4.4: the claims of `may_act` identify the party; each must be the actor's. */
function mayAct(allowed: unknown, actor: Claims): boolean {
  if (!isClaims(allowed)) return false
  const wanted = Object.entries(allowed)
  return wanted.length > 0 && wanted.every(([claim, value]) => typeof value === 'string' && Object.hasOwn(actor, claim) && actor[claim] === value)
}

function actClaims(claims: Claims): readonly Claims[] {
  const chain: Claims[] = []
  for (let act = claims['act']; act !== undefined; act = act['act']) {
    if (!isClaims(act) || typeof act['sub'] !== 'string' || act['sub'].length > 253 || chain.length >= MAX_ACTORS) {
      throw new AuthenticationError("the token's act claim is malformed", 'Have the issuer follow RFC 8693, section 4.1.')
    }
    chain.push(act)
  }
  return chain
}

function isClaims(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
