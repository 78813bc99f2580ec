import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { changeWords } from './agent-words.ts'
import { confirm } from './confirm.ts'
import { days } from './options.ts'

/** `sallyport agent prune`. */
export function addPruneCommand(agent: Command): void {
  agent
    .command('prune')
    .description('Removes agents that had no session for so long, as a new version of the policy; never one with a session open. For administrators.')
    .requiredOption('--unused <time>', 'for how long, such as 90d', days)
    .option('--dry-run', 'only show which they are')
    .option('--yes', 'do not ask')
    .action(async ({ unused, dryRun, yes }: { unused: string; dryRun?: boolean; yes?: boolean }, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      const plan = await client.pruneAgents({ dryRun: true, unused })
      const words = changeWords(plan, 'Removed', 'Unused for so long, and to be removed:')
      if (dryRun === true || plan.agents.length === 0) {
        print(options, plan, () => words)
        return
      }
      await confirm(words, 'Remove them?', yes)
      const change = await client.pruneAgents({ dryRun: false, unused, agents: plan.agents, policyVersion: plan.policyVersion })
      print(options, change, () => changeWords(change, 'Removed', 'Would remove'))
    })
}
