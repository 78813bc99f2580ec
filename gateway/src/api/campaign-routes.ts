import { type AgentChange, CampaignApplication, CampaignClosing, CampaignDecision, type CampaignList, CampaignRequest, Days, routes } from '@sallyport/contract'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { type Campaign, type Decider, isReviewer } from '../governance/agents/campaign.ts'
import type { Person } from '../governance/review/review.ts'
import { encodeAdministratorActed } from '../governance/recording/events.ts'
import { refusing, toCampaign, toSummary } from './agent-answers.ts'
import { administrator, applied, OWNER_UNSEEN_MS } from './agent-routes.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { type Caller, calledWith, callerOf } from './caller.ts'
import { recordEvent } from './record-event.ts'
import { seesAll } from './session-access.ts'

const MAX_LISTED = 100
const MAX_ID = 64

/** Access reviews of agents. */
export function serveCampaigns(api: Hono, services: ApiServices, limit: MiddlewareHandler): void {
  api.get(routes.campaigns, (context) => listCampaigns(context, services))
  api.post(routes.campaigns, limit, (context) => openCampaign(context, services))
  api.get(`${routes.campaigns}/:id`, (context) => showCampaign(context, services, context.req.param('id')))
  api.post(`${routes.campaigns}/:id/decisions`, limit, (context) => decide(context, services, context.req.param('id')))
  api.post(`${routes.campaigns}/:id/close`, limit, (context) => closeCampaign(context, services, context.req.param('id')))
  api.post(`${routes.campaigns}/:id/apply`, limit, (context) => applyCampaign(context, services, context.req.param('id')))
}

async function listCampaigns(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const { campaigns: store } = services.agents
  if (seesAll(caller)) return context.json({ campaigns: (await store.list({ limit: MAX_LISTED })).map(toSummary) } satisfies CampaignList)
  const person = ownPerson(caller)
  if (person === undefined) return context.json({ campaigns: [] } satisfies CampaignList)
  const owned = await store.list({ limit: MAX_LISTED, owner: person.name })
  const { roles } = services.policies.current.document
  const reviewed = (await store.list({ limit: MAX_LISTED })).filter((campaign) => isReviewer({ person, groups: caller.identity.groups }, campaign, roles))
  const found = [...reviewed, ...owned.filter(({ id }) => !reviewed.some((one) => one.id === id))].toSorted((a, b) => b.openedAtMs - a.openedAtMs)
  return context.json({ campaigns: found.map(toSummary) } satisfies CampaignList)
}

async function openCampaign(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  caller.require('auditor', 'administrator')
  const openedBy = personWithLogin(caller)
  const request = CampaignRequest.safeParse(await context.req.json().catch(() => undefined))
  const due = Days.safeParse(request.data?.due)
  if (!request.success || !due.success) {
    throw new ApiFailure('invalid-request', 'this is no campaign', 'Send {"due": "14d", "reason": why}, and "agents", "reviewers" and "independent" where they are wanted.')
  }
  const { due: _due, ...rest } = request.data
  const campaign = await refusing(() => services.agents.reviews.open({ ...rest, openedBy, dueAtMs: Date.now() + due.data, ownerUnseenMs: OWNER_UNSEEN_MS }))
  services.log.info({ campaign: campaign.id, agents: campaign.items.length }, 'an access review of agents was opened through the control API')
  return context.json(answer(campaign, caller, services), 201)
}

async function showCampaign(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  return context.json(answer(await visible(id, caller, services), caller, services))
}

async function decide(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  const seen = await visible(id, caller, services)
  const person = personWithLogin(caller)
  const request = CampaignDecision.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this is no decision', 'Send {"agent", "decision": "keep" or "remove", "reason": why}.')
  const { agent, ...decision } = request.data
  if (!answer(seen, caller, services).items.some((item) => item.agent.name === agent)) {
    throw new ApiFailure('not-found', 'there is no such agent in this campaign, or you may not see it', 'See those that you may: `sallyport agent campaign show`.')
  }
  const campaign = await refusing(() => services.agents.reviews.decide(id, agent, { person, groups: caller.identity.groups }, decision))
  return context.json(answer(campaign, caller, services))
}

async function closeCampaign(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await callerOf(context, services)
  await visible(id, caller, services)
  caller.require('auditor', 'administrator')
  const person = personWithLogin(caller)
  const request = CampaignClosing.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this is no closing', 'Send {}, or {"overdue": "remove"}.')
  const campaign = await refusing(() => services.agents.reviews.close(id, person, request.data.overdue))
  services.log.info({ campaign: id }, 'an access review of agents was closed through the control API')
  return context.json(answer(campaign, caller, services))
}

async function applyCampaign(context: Context, services: ApiServices, id: string): Promise<Response> {
  const caller = await administrator(context, services)
  await visible(id, caller, services)
  const request = CampaignApplication.safeParse(await context.req.json().catch(() => undefined))
  if (!request.success) throw new ApiFailure('invalid-request', 'this cannot be applied', 'Send {"dryRun": true}, then {"dryRun": false, "policyVersion": that of the answer}.')
  const { version, document } = services.policies.current
  const { remove, changed, gone } = await refusing(() => services.agents.reviews.plan(id, document))
  const left: AgentChange['left'] = [
    ...changed.map((agent) => ({ agent, reason: 'its registration was changed since the campaign was opened' })),
    ...gone.map((agent) => ({ agent, reason: 'it is not in the policy any more' })),
  ]
  if (request.data.dryRun) return context.json({ policyVersion: version, agents: [...remove], dryRun: true, left } satisfies AgentChange)
  const person = personWithLogin(caller)
  const change = await refusing(() => services.agents.reviews.apply(id, person, request.data.policyVersion, async (names) => {
    const subject = `${id}: ${names.length} agents: ${names.slice(0, 50).join(', ')}`
    await recordEvent(services.ledger, encodeAdministratorActed({ by: person.name, action: 'campaign.apply', subject, reason: calledWith(caller) }, Date.now()))
  }))
  return context.json({ ...await applied(change, person.name, services), left })
}

/** @throws ApiFailure, the same whether there is none or the caller may not see it */
async function visible(id: string, caller: Caller, services: ApiServices): Promise<Campaign> {
  const campaign = id.length > MAX_ID ? undefined : await services.agents.campaigns.get(id)
  const decider = deciderOf(caller)
  if (campaign === undefined || !(seesAll(caller) || (decider !== undefined && services.agents.reviews.seenBy(decider, campaign).length > 0))) {
    throw new ApiFailure('not-found', 'there is no such campaign, or you may not see it', 'See those that you may: `sallyport agent campaign list`, or GET /api/v1/campaigns.')
  }
  return campaign
}

/** An owner sees their own agents of it alone; who reviews, or sees everything anyway, all. */
function answer(campaign: Campaign, caller: Caller, services: ApiServices) {
  const decider = deciderOf(caller)
  const decides = (agent: string): boolean => decider !== undefined && services.agents.reviews.mayDecide(decider, campaign, agent)
  const items = seesAll(caller) ? campaign.items : decider === undefined ? [] : services.agents.reviews.seenBy(decider, campaign)
  return toCampaign(campaign, items, (agent) => caller.credential !== 'session-token' && decides(agent))
}

function deciderOf(caller: Caller): Decider | undefined {
  const person = ownPerson(caller)
  return person && { person, groups: caller.identity.groups }
}

/** Nobody who acts for somebody, and no agent. */
function ownPerson({ identity }: Caller): Person | undefined {
  const { kind, name, issuer, subject, actors } = identity
  return kind === 'person' && actors.length === 0 ? { kind, name, issuer, subject } : undefined
}

/** A session token may lie where agents run, and decides on none. @throws ApiFailure */
function personWithLogin(caller: Caller): Person {
  const person = ownPerson(caller)
  if (person === undefined) throw new ApiFailure('forbidden', 'only people take part in access reviews of agents', 'Use a login of a person.')
  if (caller.credential === 'session-token') throw new ApiFailure('forbidden', 'a session token decides on no agents', 'Use an identity token, or the console.')
  return person
}
