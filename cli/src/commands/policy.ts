import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { Failure } from '../failure.ts'

/** `sallyport policy check|apply`. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').summary('check and apply the policy document').description('The policy document: issuers, agents, targets, masks, rules, roles.')

  policy
    .command('check')
    .description('Checks a policy document without a gateway: keys, names, types, conditions. Prints FILE:LINE:COLUMN and what is wrong.')
    .argument('<file>', 'the document')
    .action(async (file: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      // Loaded here, because every other command does without the parser and the protocols' schemas.
      const { checkConfig, renderProblems } = await import('@sallyport/gateway/config')
      const problems = checkConfig(await readDocument(file))
      print(options, { file, ok: problems.length === 0, problems }, () =>
        problems.length === 0 ? `${file} is a valid policy document.` : renderProblems(file, problems))
      if (problems.length > 0) process.exitCode = 1
    })

  policy
    .command('apply')
    .description('Makes a policy document the one in force; for administrators. A wrong document changes nothing.')
    .argument('<file>', 'the document')
    .action(async (file: string, _own: object, command: Command) => {
      const options = globalOptions(command)
      const applied = await (await connect(options)).applyPolicy(await readDocument(file))
      print(options, applied, () => applied.changed
        ? `Version ${applied.version} is in force.`
        : `Nothing to do: version ${applied.version} in force is the same text.`)
    })

  policy.addHelpText('after', `
Examples:
  $ sallyport policy check sallyport.yaml
  $ sallyport policy apply sallyport.yaml`)
}

export async function readDocument(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'Give the path of a policy document.')
  }
}
