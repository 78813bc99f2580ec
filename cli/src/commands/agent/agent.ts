import type { Command } from 'commander'
import { addAddCommand } from './add.ts'
import { addCampaignCommands } from './campaign.ts'
import { addListCommand } from './list.ts'
import { addPruneCommand } from './prune.ts'
import { addRemoveCommand } from './remove.ts'
import { addShowCommand } from './show.ts'

/** `sallyport agent …`: one file a subcommand. */
export function addAgentCommands(program: Command): void {
  const agent = program.command('agent').summary('register, list, review and remove agents')
    .description('Agents: who registered them, what for, what they used and what they never did.')
  addListCommand(agent)
  addShowCommand(agent)
  addAddCommand(agent)
  addRemoveCommand(agent)
  addPruneCommand(agent)
  addCampaignCommands(agent)
  agent.addHelpText('after', `
Examples:
  $ sallyport agent list --unused 30d
  $ sallyport agent add support-bot --issuer corp --match azp=support-bot --owner dana@example.com --purpose 'answers tickets' --targets shop
  $ sallyport agent prune --unused 90d --dry-run
  $ sallyport agent campaign open --due 14d --reason 'first quarter'`)
}
