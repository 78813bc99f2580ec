import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { agentCard, changeWords } from './agent-words.ts'
import { confirm } from './confirm.ts'
import { version } from './options.ts'

/** `sallyport agent remove`. */
export function addRemoveCommand(agent: Command): void {
  agent
    .command('remove')
    .description('Removes an agent from the policy in force, as a new version of it, and ends its sessions; for administrators.')
    .argument('<name>', 'registered name')
    .option('--yes', 'do not ask')
    .option('--policy-version <number>', 'only if this is the newest version of the policy', version)
    .action(async (name: string, own: { yes?: boolean; policyVersion?: number }, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      if (own.yes !== true) await confirm(agentCard(await client.agent(name)), `Remove ${name}, and end its sessions?`, own.yes)
      const change = await client.removeAgent(name, own.policyVersion)
      print(options, change, () => changeWords(change, 'Removed', 'Would remove'))
    })
}
