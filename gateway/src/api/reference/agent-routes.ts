import { json, type RouteGroup } from './described-route.ts'
import * as example from './examples.ts'

const SEEN = 'auditor, operator, administrator all; a person those that they own'
const ADMINISTRATOR = 'administrator'
const SIGN = 'auditor, administrator, with an identity token or at the console'

export const agentGroup: RouteGroup = {
  name: 'Agents', about: 'The inventory of registered agents, and access reviews of them.',
  routes: [
    { method: 'get', path: '/api/v1/agents', id: 'listAgents', summary: 'Registered agents, with what they used and never did', who: SEEN, query: 'AgentQuery', answer: json('AgentList', { agents: [example.agent], policyVersion: 7 }) },
    { method: 'post', path: '/api/v1/agents', id: 'registerAgent', summary: 'Registers an agent: a new version of the policy', who: ADMINISTRATOR, body: json('AgentRequest', { ...example.agentEntry, policyVersion: 7 }), status: 201, answer: json('AgentChange', { ...example.agentChange, agents: ['support-bot'] }) },
    { method: 'post', path: '/api/v1/agents/prune', id: 'pruneAgents', summary: 'Removes agents that were not used; a dry run first says which', who: ADMINISTRATOR, body: json('PruneRequest', { dryRun: true, unused: '90d' }), answer: json('AgentChange', { ...example.agentChange, policyVersion: 7, dryRun: true }) },
    { method: 'get', path: '/api/v1/agents/{name}', id: 'showAgent', summary: 'One agent', who: SEEN, answer: json('Agent', example.agent) },
    { method: 'delete', path: '/api/v1/agents/{name}', id: 'removeAgent', summary: 'Removes an agent; its sessions end', who: ADMINISTRATOR, query: 'AgentRemoval', answer: json('AgentChange', example.agentChange) },
    { method: 'get', path: '/api/v1/campaigns', id: 'listCampaigns', summary: 'Access reviews of agents, the newest first', who: 'auditor, operator, administrator all; a person those in which they take part', answer: json('CampaignList', { campaigns: [example.campaignSummary] }) },
    { method: 'post', path: '/api/v1/campaigns', id: 'openCampaign', summary: 'Opens an access review', who: SIGN, body: json('CampaignRequest', { due: '14d', reason: 'first quarter' }), status: 201, answer: json('Campaign', example.campaign) },
    { method: 'get', path: '/api/v1/campaigns/{id}', id: 'showCampaign', summary: 'Its agents as they were then, and what was decided', who: 'who sees it in the list; an owner their own agents of it', answer: json('Campaign', example.campaign) },
    { method: 'post', path: '/api/v1/campaigns/{id}/decisions', id: 'decideOnAgent', summary: 'Keeps or removes an agent', who: 'owners and reviewers, with an identity token or at the console', body: json('CampaignDecision', { agent: 'support-bot', decision: 'keep', reason: 'in use' }), answer: json('Campaign', example.campaign) },
    { method: 'post', path: '/api/v1/campaigns/{id}/close', id: 'closeCampaign', summary: 'Signs it off', who: SIGN, body: json('CampaignClosing', { overdue: 'remove' }), answer: json('Campaign', { ...example.campaign, state: 'closed', closedBy: 'robin', closedAt: example.later }) },
    { method: 'post', path: '/api/v1/campaigns/{id}/apply', id: 'applyCampaign', summary: 'Removes the agents that were marked; a dry run first says which', who: 'administrator, with an identity token or at the console', body: json('CampaignApplication', { dryRun: true }), answer: json('AgentChange', { ...example.agentChange, policyVersion: 7, dryRun: true }) },
  ],
}
