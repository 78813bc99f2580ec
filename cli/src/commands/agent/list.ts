import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { agentTable } from './agent-words.ts'
import { days } from './options.ts'

interface Filters {
  readonly unused?: string
  readonly expiring?: string
  readonly orphaned?: boolean
  readonly ownerUnseen?: string
}

/** `sallyport agent list`. */
export function addListCommand(agent: Command): void {
  agent
    .command('list')
    .description('Lists registered agents with what they used: all for an auditor, operator or administrator, else those that you own.')
    .option('--unused <time>', 'only those without a session for so long, such as 30d', days)
    .option('--expiring <time>', 'only those whose last day ends within that time, or has ended', days)
    .option('--orphaned', 'only those whose owner is locked, or was not seen for --owner-unseen')
    .option('--owner-unseen <time>', 'after how long without a session an owner counts as gone (default 90d)', days)
    .action(async ({ unused, expiring, orphaned, ownerUnseen }: Filters, command: Command) => {
      const options = globalOptions(command)
      const list = await (await connect(options)).agents({
        ...(unused !== undefined && { unused }), ...(expiring !== undefined && { expiring }), ...(orphaned === true && { orphaned: 'true' }), ...(ownerUnseen !== undefined && { ownerUnseen }),
      })
      print(options, list, () => (list.agents.length === 0 ? 'No agents.' : agentTable(list.agents)))
    })
}
