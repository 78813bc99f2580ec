import { type AgentChange, type AgentList, AgentQuery, AgentRemoval, AgentRequest, Days, PruneRequest, routes } from '@sallyport/contract'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { type AgentFacts, isExpiring, isOrphaned, isUnused } from '../governance/agents/agent-facts.ts'
import type { RegistryChange } from '../governance/agents/agent-registry.ts'
import { encodeAdministratorActed, encodePolicyApplied } from '../governance/recording/events.ts'
import { refusing, toAgent } from './agent-answers.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'

/** An owner who was not seen for so long counts as gone, unless the caller says otherwise. */
export const OWNER_UNSEEN_MS = 90 * 86_400_000

/** The inventory of agents, and their registration. */
export function serveAgents(api: Hono, services: ApiServices, limit: MiddlewareHandler): void {
  api.get(routes.agents, (context) => listAgents(context, services))
  api.post(routes.agents, limit, (context) => addAgent(context, services))
  api.post(routes.agentPrune, limit, (context) => pruneAgents(context, services))
  api.get(`${routes.agents}/:name`, (context) => showAgent(context, services, context.req.param('name')))
  api.delete(`${routes.agents}/:name`, (context) => removeAgent(context, services, context.req.param('name')))
}

async function listAgents(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const query = AgentQuery.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'the query cannot be read', 'unused, expiring and ownerUnseen are times in days, such as 30d; orphaned is true or false.')
  const { unused, expiring, orphaned, ownerUnseen = OWNER_UNSEEN_MS } = query.data
  const nowMs = Date.now()
  const agents = (await services.agents.inventory.list({ ownerUnseenMs: ownerUnseen }))
    .filter((facts) => sees(caller, facts))
    .filter((facts) => (unused === undefined || isUnused(facts, unused, nowMs)) && (expiring === undefined || isExpiring(facts, expiring, nowMs))
      && (orphaned !== 'true' || isOrphaned(facts)))
  return context.json({ agents: agents.map(toAgent), policyVersion: services.policies.current.version } satisfies AgentList)
}

async function showAgent(context: Context, services: ApiServices, name: string): Promise<Response> {
  const caller = await callerOf(context, services)
  const [facts] = await services.agents.inventory.list({ names: [name], ownerUnseenMs: OWNER_UNSEEN_MS })
  if (facts === undefined || !sees(caller, facts)) throw noSuch()
  return context.json(toAgent(facts))
}

async function addAgent(context: Context, services: ApiServices): Promise<Response> {
  const caller = await administrator(context, services)
  const request = AgentRequest.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) {
    throw new ApiFailure('invalid-request', 'this is no agent', 'Send {"name", "issuer", "match": {claim: value}, "owner", "purpose"}, and "targets" and "expires" if it has them.')
  }
  const { policyVersion, ...entry } = request.data
  const by = caller.identity.name
  await recordEvent(services.ledger, encodeAdministratorActed({ by, action: 'agent.add', subject: entry.name, reason: calledWith(caller) }, Date.now()))
  const change = await refusing(() => services.agents.registry.add(entry, by, policyVersion))
  return context.json(await applied(change, by, services), 201)
}

async function removeAgent(context: Context, services: ApiServices, name: string): Promise<Response> {
  const caller = await administrator(context, services)
  const query = AgentRemoval.safeParse(context.req.query())
  if (!query.success) throw new ApiFailure('invalid-request', 'the query cannot be read', 'policyVersion is the number of a version.')
  if (!services.policies.current.document.agents.some((agent) => agent.name === name)) throw noSuch()
  const by = caller.identity.name
  await recordEvent(services.ledger, encodeAdministratorActed({ by, action: 'agent.remove', subject: name, reason: calledWith(caller) }, Date.now()))
  const change = await refusing(() => services.agents.registry.remove(() => [name], by, query.data.policyVersion))
  return context.json(await applied(change, by, services))
}

/** What is removed was shown by a dry run of the same version, and is still unused, with no session open, in the moment before. */
async function pruneAgents(context: Context, services: ApiServices): Promise<Response> {
  const caller = await administrator(context, services)
  const request = PruneRequest.safeParse(await context.req.json().catch(() => undefined))
  const unused = Days.safeParse(request.data?.unused)
  if (!request.success || !unused.success) {
    throw new ApiFailure('invalid-request', 'this is no request to prune', 'Send {"dryRun": true, "unused": "90d"}, then the same with "dryRun": false and the "agents" and "policyVersion" of the answer.')
  }
  if (request.data.dryRun) {
    const { version } = services.policies.current
    const { prunable, left } = await prune(services, unused.data, undefined)
    return context.json({ policyVersion: version, agents: prunable, dryRun: true, left } satisfies AgentChange)
  }
  const { agents, policyVersion } = request.data
  const by = caller.identity.name
  let left: AgentChange['left'] = []
  const change = await refusing(() => services.agents.registry.remove(async () => {
    const now = await prune(services, unused.data, agents)
    left = now.left
    if (now.prunable.length === 0) throw new ApiFailure('conflict', 'none of these agents can be pruned any more', 'Look again: a dry run says which can be.')
    await recordEvent(services.ledger, encodeAdministratorActed({
      by, action: 'agent.prune', subject: `${now.prunable.length} agents unused for ${request.data.unused}: ${now.prunable.slice(0, 50).join(', ')}`, reason: calledWith(caller),
    }, Date.now()))
    return now.prunable
  }, by, policyVersion))
  return context.json({ ...await applied(change, by, services), left })
}

async function prune(services: ApiServices, unusedMs: number, names: readonly string[] | undefined): Promise<{ prunable: string[]; left: AgentChange['left'] }> {
  const facts = await services.agents.inventory.list({ ownerUnseenMs: OWNER_UNSEEN_MS, ...(names !== undefined && { names }) })
  const nowMs = Date.now()
  const left = facts.flatMap((one): AgentChange['left'] => {
    if (one.live > 0) return [{ agent: one.entry.name, reason: `it has ${one.live} open ${one.live === 1 ? 'session' : 'sessions'}` }]
    return names !== undefined && !isUnused(one, unusedMs, nowMs) ? [{ agent: one.entry.name, reason: 'it was used meanwhile' }] : []
  })
  return { prunable: facts.filter((one) => isUnused(one, unusedMs, nowMs)).map(({ entry }) => entry.name), left: names === undefined ? [] : left }
}

/** Records the version as `policy apply` does. */
export async function applied({ version, sha256, agents }: RegistryChange, by: string, services: ApiServices): Promise<AgentChange> {
  services.log.info({ version, by, agents: agents.length }, 'agents were changed through the control API')
  await recordEvent(services.ledger, encodePolicyApplied(version, sha256, by, Date.now()), 'the policy is in force, but that could not be put on record')
  return { policyVersion: version, agents: [...agents], dryRun: false, left: [] }
}

export async function administrator(context: Context, services: ApiServices): Promise<Caller> {
  const caller = await callerOf(context, services)
  caller.require('administrator')
  return caller
}

/** Auditors, operators and administrators see all; a person who owns some, those. */
function sees(caller: Caller, { entry }: AgentFacts): boolean {
  const { kind, actors, name } = caller.identity
  return caller.holds('auditor', 'operator', 'administrator') || (kind === 'person' && actors.length === 0 && entry.owner === name)
}

function noSuch(): ApiFailure {
  return new ApiFailure('not-found', 'there is no such agent, or you may not see it', 'See those that you may: `sallyport agent list`, or GET /api/v1/agents.')
}
