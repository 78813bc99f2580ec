import { Command, Option } from 'commander'
import { addAccessCommands } from './commands/access.ts'
import { addAgentCommands } from './commands/agent/agent.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addHoldCommands } from './commands/hold.ts'
import { addKubernetesCommands } from './commands/kubernetes.ts'
import { addLoginCommands } from './commands/login.ts'
import { addLockCommands } from './commands/lock.ts'
import { addOriginalsCommands } from './commands/originals.ts'
import { addPolicyCommands } from './commands/policy.ts'
import { addReviewCommands } from './commands/review/review.ts'
import { addRunCommands } from './commands/run.ts'
import { addServeCommand } from './commands/serve.ts'
import { addSessionCommands } from './commands/session/session.ts'
import { addSshCommands } from './commands/ssh.ts'
import { addTokenCommand } from './commands/token.ts'
import { addVaultCommands } from './commands/vault.ts'
import { TOKEN_VARIABLE } from './identity-token.ts'

export function makeProgram(version: string): Command {
  const program = new Command('sallyport')
  program
    .description('The guarded passage between agents and production: run the gateway, open sessions through it, see what was done.')
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError('("--help" tells what there is)')
    .addHelpText('after', `
Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused by policy, 4 waiting for a review; of run, psql and ssh, the program's own.

Examples:
  $ sallyport serve --config sallyport.yaml
  $ sallyport login --api https://gateway.example.com:7400
  $ sallyport psql shop
  $ sallyport ssh box uptime
  $ sallyport kubeconfig cluster > cluster.kubeconfig
  $ sallyport run shop -- pg_dump --schema-only
  $ sallyport --as support-bot psql shop -c 'select name, email from customers limit 5'
  $ sallyport review list --watch
  $ sallyport audit verify`)
  for (const option of globals()) program.addOption(option)
  addServeCommand(program)
  addPolicyCommands(program)
  addLoginCommands(program)
  addTokenCommand(program)
  addRunCommands(program)
  addSshCommands(program)
  addKubernetesCommands(program)
  addSessionCommands(program)
  addReviewCommands(program)
  addAccessCommands(program)
  addAgentCommands(program)
  addAuditCommands(program)
  addHoldCommands(program)
  addLockCommands(program)
  addOriginalsCommands(program)
  addVaultCommands(program)
  for (const command of program.commands) prepare(command)
  return program.exitOverride()
}

/** What every command takes, before its name or behind it. */
function globals(): Option[] {
  return [
    new Option('--api <url>', 'address of the gateway\'s control API (SALLYPORT_API)'),
    new Option('--as <name>', 'act as an identity of the demo that runs in this clone'),
    new Option('--subject-token-file <file>', `file with your identity token (else the variable ${TOKEN_VARIABLE}, else your login)`),
    new Option('--ca <file>', 'PEM file of the authority of the gateway\'s certificate (SALLYPORT_CA)'),
    new Option('--json', 'print one JSON document for programs'),
  ]
}

function prepare(command: Command): void {
  command.enablePositionalOptions().exitOverride()
  for (const option of globals()) command.addOption(option.hideHelp())
  command.addHelpText('after', '\nEvery command takes --api, --as, --subject-token-file, --ca and --json too: "sallyport --help" tells what they are.')
  for (const one of command.commands) prepare(one)
}
