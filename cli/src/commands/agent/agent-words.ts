import type { Agent, AgentChange } from '@sallyport/contract'
import { oneLine, shorten } from '../../terminal/plain-text.ts'
import { plainTable } from '../../terminal/table.ts'

const DAY = 10
const MAX_NAMES = 20

export function agentTable(agents: readonly Agent[]): string {
  return plainTable(['AGENT', 'OWNER', 'EXPIRES', 'LAST SEEN', 'SESSIONS', 'OPEN', 'OPERATIONS', 'REFUSED', 'UNUSED TARGETS', 'UNUSED RULES', 'PURPOSE'], agents.map((agent) => [
    oneLine(agent.name), shorten(agent.owner, 30) + (agent.ownerState === 'seen' ? '' : ` (${agent.ownerState.replace('-', ' ')})`),
    agent.expires === undefined ? 'never' : agent.expires + (agent.expired ? ' (over)' : ''), agent.lastSeenAt?.slice(0, DAY) ?? 'never',
    agent.sessions, agent.live, agent.operations, agent.refused, agent.unusedTargets.length, agent.unusedRules?.length ?? '?', shorten(agent.purpose, 40),
  ]))
}

export function agentCard(agent: Agent): string {
  const { name, issuer, match, owner, purpose, targets } = agent
  const lines: [string, string][] = [
    ['Agent', name], ['Purpose', purpose], ['Owner', owner], ['', agent.ownerWords],
    ['Recognised by', `${Object.entries(match).map(([claimed, value]) => `${claimed}=${value}`).join(' and ')}, issuer ${issuer}`],
    ['Targets', targets === undefined ? 'all' : named(targets)],
    ['Expires', agent.expires === undefined ? 'never' : `${agent.expired ? 'expired after' : 'after'} ${agent.expires} (UTC)`],
    ['Last seen', agent.live > 0 ? `now: ${agent.live} open` : agent.lastSeenAt ?? 'never'],
    ['Sessions', `${agent.sessions}, ${agent.asActor} of them for somebody else`],
    ['Operations', `${agent.operations}, ${agent.refused} refused`],
    ['Never used', agent.unusedTargets.length === 0 ? 'no target: it used all that it may open' : `targets ${named(agent.unusedTargets)}`],
    ['Never hit', neverHit(agent)],
  ]
  return lines.map(([title, text]) => `${(title === '' ? '' : `${title}:`).padEnd(15)}${oneLine(text)}`).join('\n')
}

function neverHit({ unusedRules, rulesComplete }: Agent): string {
  if (unusedRules === null) return 'unknown: the index of operations cannot say now'
  const rules = unusedRules.length === 0 ? 'no rule: each for its targets decided something' : `rules ${named(unusedRules)}`
  return rulesComplete ? rules : `${rules} (not all of the ledger is indexed yet)`
}

export function changeWords({ agents, policyVersion, dryRun, left }: AgentChange, done: string, would: string): string {
  const what = agents.length === 0 ? 'Nothing to do.' : dryRun
    ? `${would} ${agents.length === 1 ? 'this agent' : `these ${agents.length} agents`} of version ${policyVersion}:\n${agents.map((name) => `  ${oneLine(name)}`).join('\n')}`
    : `${done} ${named(agents)}. Version ${policyVersion} of the policy is in force.\nThe gateway's own document does not say so: change it too, or its next change takes this back.`
  return [what, ...left.map(({ agent, reason }) => `Left: ${oneLine(agent)}, ${oneLine(reason)}`)].join('\n')
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map(oneLine).join(', ')
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown
}
