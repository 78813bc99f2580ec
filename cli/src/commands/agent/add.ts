import type { Command } from 'commander'
import { connect, globalOptions, print } from '../../context.ts'
import { changeWords } from './agent-words.ts'
import { claim, nameList, version } from './options.ts'

interface Added {
  readonly issuer: string
  readonly match: Readonly<Record<string, string>>
  readonly owner: string
  readonly purpose: string
  readonly targets?: readonly string[]
  readonly expires?: string
  readonly policyVersion?: number
}

/** `sallyport agent add`. */
export function addAddCommand(agent: Command): void {
  agent
    .command('add')
    .description('Registers an agent in the policy in force, as a new version of it; for administrators.')
    .argument('<name>', 'name of the agent')
    .requiredOption('--issuer <name>', 'issuer of its tokens, as the policy names it')
    .requiredOption('--match <claim=value>', 'claim by which its tokens are recognised; repeat it where all of several must hold', claim)
    .requiredOption('--owner <name>', 'who answers for it, as their own tokens name them')
    .requiredOption('--purpose <text>', 'what it is for')
    .option('--targets <names>', 'targets that it may open, with commas between; all when left out', nameList)
    .option('--expires <date>', 'its last day, YYYY-MM-DD, in UTC')
    .option('--policy-version <number>', 'only if this is the newest version of the policy', version)
    .action(async (name: string, own: Added, command: Command) => {
      const options = globalOptions(command)
      const { targets, ...rest } = own
      const change = await (await connect(options)).addAgent({ name, ...rest, ...(targets !== undefined && { targets: [...targets] }) })
      print(options, change, () => changeWords(change, 'Registered', 'Would register'))
    })
}
