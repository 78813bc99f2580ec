import type { Campaign, CampaignSummary } from '@sallyport/contract'
import { type Command, Option } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { oneLine, shorten } from '../../terminal/plain-text.ts'
import { plainTable } from '../../terminal/table.ts'
import { changeWords } from './agent-words.ts'
import { confirm } from './confirm.ts'
import { days, nameList } from './options.ts'

const DAY = 10

/** `sallyport agent campaign …`. */
export function addCampaignCommands(agent: Command): void {
  const campaign = agent.command('campaign').summary('review which agents are still needed')
    .description('Access reviews of agents: for each, its owner or a reviewer confirms it or marks it for removal.')
  addOpen(campaign)
  addReading(campaign)
  addDeciding(campaign)
  addEnding(campaign)
  campaign.addHelpText('after', `
Examples:
  $ sallyport agent campaign open --due 14d --independent --reviewers security --reason 'first quarter'
  $ sallyport agent campaign keep cp_5wPzR0n9c1Qk2mXb7hT3aQ support-bot --reason 'answers tickets every day'
  $ sallyport agent campaign close cp_5wPzR0n9c1Qk2mXb7hT3aQ --remove-overdue
  $ sallyport agent campaign apply cp_5wPzR0n9c1Qk2mXb7hT3aQ --dry-run`)
}

interface Opened {
  readonly due: string
  readonly reason: string
  readonly agents?: readonly string[]
  readonly reviewers?: readonly string[]
  readonly independent?: boolean
}

function addOpen(campaign: Command): void {
  campaign
    .command('open')
    .description('Opens one, with what is known of each agent frozen; for auditors and administrators.')
    .requiredOption('--due <time>', 'until when all are to be decided, such as 14d', days)
    .requiredOption('--reason <why>', 'why, for the record')
    .option('--agents <names>', 'only these, with commas between', nameList)
    .option('--reviewers <groups>', 'groups whose people may decide on every agent (default: the role reviewer)', nameList)
    .option('--independent', 'nobody decides on an agent that they own')
    .action(async ({ due, reason, agents, reviewers, independent }: Opened, command: Command) => {
      const options = globalOptions(command)
      const opened = await (await connect(options)).openCampaign({
        due, reason, independent: independent === true, ...(agents !== undefined && { agents: [...agents] }), ...(reviewers !== undefined && { reviewers: [...reviewers] }),
      })
      print(options, opened, () => `Campaign ${opened.id} is open until ${opened.dueAt}: ${opened.agents} agents.`)
    })
}

function addReading(campaign: Command): void {
  campaign
    .command('list')
    .description('Lists them, the newest first: those that you take part in; all for an auditor, operator or administrator.')
    .action(async (_own: object, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).campaigns()
      print(options, list, () => (list.campaigns.length === 0 ? 'No campaigns.' : campaignTable(list.campaigns)))
    })
  campaign
    .command('show')
    .description('Shows its agents, as they were when it was opened, and what was decided. "*" marks what you may decide.')
    .argument('<id>', 'id of the campaign')
    .action(async (id: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const found = await (await connect(options)).campaign(id)
      print(options, found, () => `${campaignTable([found])}\n\n${itemTable(found)}`)
    })
}

function addDeciding(campaign: Command): void {
  for (const [decision, words] of [['keep', 'Confirms an agent: it is still needed.'], ['remove', 'Marks an agent for removal. It stays until the result is applied.']] as const) {
    campaign
      .command(decision)
      .description(`${words} For its owner, unless the campaign is independent, and for reviewers.`)
      .argument('<id>', 'id of the campaign')
      .argument('<agent>', 'registered name')
      .requiredOption('--reason <why>', 'why, for the record')
      .action(async (id: string, name: string, own: { reason: string }, command: Command) => {
        const options = globalOptions(command)
        const found = await (await connect(options)).decideOnAgent(id, { agent: name, decision, reason: own.reason })
        const open = found.items.filter((item) => item.mayDecide && item.decision === null).length
        print(options, found, () => `${oneLine(name)} is ${decision === 'keep' ? 'confirmed' : 'marked for removal'}. ${open} more wait for you.`)
      })
  }
}

function addEnding(campaign: Command): void {
  campaign
    .command('close')
    .description('Signs it off once all are decided; for auditors and administrators. Removes nothing by itself.')
    .argument('<id>', 'id of the campaign')
    .addOption(new Option('--remove-overdue', 'once it is due: agents on which nobody decided are marked for removal'))
    .action(async (id: string, own: { removeOverdue?: boolean }, command: Command) => {
      const options = globalOptions(command)
      const found = await (await connect(options)).closeCampaign(id, own.removeOverdue === true ? { overdue: 'remove' } : {})
      print(options, found, () => `Campaign ${found.id} is closed: ${found.kept} confirmed, ${found.removed} to be removed.`)
    })
  campaign
    .command('apply')
    .description('Removes the agents that were marked and have not been changed since, as a new version of the policy; for administrators.')
    .argument('<id>', 'id of the campaign')
    .option('--dry-run', 'only show which they are')
    .option('--yes', 'do not ask')
    .action(async (id: string, { dryRun, yes }: { dryRun?: boolean; yes?: boolean }, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      const plan = await client.applyCampaign(id, { dryRun: true })
      const words = changeWords(plan, 'Removed', 'To be removed:')
      if (dryRun === true || plan.agents.length === 0) {
        print(options, plan, () => words)
        return
      }
      await confirm(words, 'Remove them, and end their sessions?', yes)
      const change = await client.applyCampaign(id, { dryRun: false, policyVersion: plan.policyVersion })
      print(options, change, () => changeWords(change, 'Removed', 'Would remove'))
    })
}

function campaignTable(campaigns: readonly CampaignSummary[]): string {
  return plainTable(['CAMPAIGN', 'STATE', 'DUE', 'AGENTS', 'KEPT', 'REMOVED', 'OPENED BY', 'REASON'], campaigns.map((one) => [
    one.id, one.appliedVersion === null ? one.state : `applied (${one.appliedVersion})`, one.dueAt.slice(0, DAY), one.agents, one.kept, one.removed, oneLine(one.openedBy), shorten(one.reason, 40),
  ]))
}

function itemTable({ items }: Campaign): string {
  return plainTable(['', 'AGENT', 'OWNER', 'LAST SEEN', 'OPERATIONS', 'DECISION', 'BY', 'REASON'], items.map(({ agent, decision, decidedBy, reason, mayDecide }) => [
    mayDecide ? '*' : '', oneLine(agent.name), shorten(agent.owner, 30), agent.lastSeenAt?.slice(0, DAY) ?? 'never', agent.operations, decision ?? 'open',
    decidedBy === null ? '' : oneLine(decidedBy), reason === null ? '' : shorten(reason, 40),
  ]))
}
