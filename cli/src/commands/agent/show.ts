import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { agentCard } from './agent-words.ts'

/** `sallyport agent show`. */
export function addShowCommand(agent: Command): void {
  agent
    .command('show')
    .description('Shows an agent: how it is recognised, what it used, and what it never did.')
    .argument('<name>', 'registered name')
    .action(async (name: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const found = await (await connect(options)).agent(name)
      print(options, found, () => agentCard(found))
    })
}
