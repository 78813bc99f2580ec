import { agentEndsAtMs } from '../governance/agents/agent-end.ts'
import { AuthenticationError } from '../governance/identity.ts'
import { nameKey } from '../governance/name-key.ts'
import type { AgentEntry, PolicyDocument } from '../governance/policy/policy-document.ts'
import type { ClaimsIssuer } from './claims-issuer.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Who a set of claims is about. */
export type Principal =
  | { readonly kind: 'agent'; readonly name: string; readonly agent: AgentEntry }
  | { readonly kind: 'person'; readonly name: string }

/**
 * Finds the registered agent or the person that verified claims are about. An agent's registration beats a person claim:
 * a token that an agent got on a person's login is the agent's.
 *
 * @throws AuthenticationError when it is neither, or more than one agent
 */
export function recognise(claims: Claims, issuer: ClaimsIssuer, document: PolicyDocument, nowMs: number): Principal {
  const agents = document.agents.filter((agent) => agent.issuer === issuer.name && matches(agent, claims))
  const [agent, other] = agents
  if (agent !== undefined) {
    if (other !== undefined) {
      throw new AuthenticationError('the token matches more than one registered agent', 'Have the operator make the agents\' match claims distinct.')
    }
    if (nowMs >= agentEndsAtMs(agent)) {
      throw new AuthenticationError(`the registration of agent "${agent.name}" has expired`, `Ask its owner, ${agent.owner}, to have it renewed.`)
    }
    return { kind: 'agent', name: agent.name, agent }
  }
  const name = own(claims, issuer.person)
  if (typeof name !== 'string' || isClientsOwn(claims) || !isPlainName(name)) {
    throw new AuthenticationError('this is an unregistered non-human identity', 'Have the operator register the agent in the policy document.')
  }
  if (document.agents.some((registered) => nameKey(registered.name) === nameKey(name))) {
    throw new AuthenticationError('this person has the name of a registered agent', 'Have the operator rename the agent.')
  }
  return { kind: 'person', name }
}

/** Groups as the issuer's claim lists them; a single string is one group. */
export function groupsOf(claims: Claims, issuer: ClaimsIssuer): readonly string[] {
  const groups = own(claims, issuer.groups)
  if (typeof groups === 'string') return [groups]
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string').slice(0, 1_000) : []
}

function matches(agent: AgentEntry, claims: Claims): boolean {
  const wanted = Object.entries(agent.match)
  return wanted.length > 0 && wanted.every(([claim, value]) => own(claims, claim) === value)
}

/**
 * True when a client got the token for itself, with nobody logging in. Whatever else such a token claims may come from the
 * client's own metadata, so it is no person's. RFC 9068 §2.2 has `sub` name the client then; the rest is how Auth0,
 * Entra ID and Keycloak say the same.
 */
function isClientsOwn(claims: Claims): boolean {
  const clients = [own(claims, 'client_id'), own(claims, 'azp')].filter((client) => typeof client === 'string')
  const username = own(claims, 'preferred_username')
  return (
    clients.some((client) => client === own(claims, 'sub')) ||
    own(claims, 'gty') === 'client-credentials' ||
    own(claims, 'idtyp') === 'app' ||
    clients.some((client) => username === `service-account-${client}`.toLowerCase())
  )
}

/** Names stand in logs, messages and before reviewers: no odd lengths, no control characters, and nothing that nobody sees. */
function isPlainName(name: string): boolean {
  return name.length > 0 && name.length <= 253 && name.trim() === name && !/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u.test(name)
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
