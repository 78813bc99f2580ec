import type { Command } from 'commander'
import type { ApiClient } from '../api-client.ts'
import { authorityFile, connect, globalOptions, type GlobalOptions } from '../context.ts'
import { postgresEnvironment } from '../postgres-environment.ts'
import { runChild } from '../run-child.ts'
import { openSshWorkplace, sshEnvironment } from '../ssh/ssh-workplace.ts'

interface RunOptions {
  readonly purpose?: string
}

/** `sallyport run` and `sallyport psql`: a program that finds its way to a target in its environment. */
export function addRunCommands(program: Command): void {
  program
    .command('run')
    .summary('run a program with the way to a target in its environment')
    .description('Runs a program with PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE and PGSSLMODE set, so that every PostgreSQL client '
      + 'reaches the target through the gateway; nothing is written to disk. For a target of SSH with GIT_SSH_COMMAND, RSYNC_RSH, '
      + 'ANSIBLE_SSH_COMMON_ARGS, and SALLYPORT_SSH_CONFIG, a file for "ssh -F" that is gone afterwards. The exit status is the program\'s.')
    .argument('<target>', 'name of the target')
    .argument('<command...>', 'program and its arguments, after --')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    .addHelpText('after', `
Examples:
  $ sallyport run shop -- psql -c 'select count(*) from orders'
  $ sallyport run shop --purpose "nightly report" -- node report.js
  $ sallyport run box -- rsync -a dist/ box:/srv/www/
  $ PGOPTIONS='-c sallyport.review=ticket' sallyport run shop -- node job.js

A statement that wants a review waits; with sallyport.review=ticket it is refused at once with SPR01 and a ticket.`)
    .action(async (target: string, [program_, ...args]: string[], own: RunOptions, command: Command) => {
      process.exitCode = await runAt(globalOptions(command), target, own, program_ ?? '', args)
    })

  program
    .command('psql')
    .summary('open psql on a target')
    .description('Opens psql on a target. What follows the target goes to psql, options too. The exit status is psql\'s.')
    .argument('<target>', 'name of the target')
    .argument('[arguments...]', 'arguments for psql')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    // psql's own options are none of ours, and its -h is no help.
    .allowUnknownOption()
    .helpOption('--help', 'display help for command')
    .addHelpText('after', `
Examples:
  $ sallyport psql shop
  $ sallyport --as support-bot psql shop -c 'select name, email from customers limit 5'`)
    .action(async (target: string, args: string[], own: RunOptions, command: Command) => {
      process.exitCode = await runAt(globalOptions(command), target, own, 'psql', args)
    })
}

async function runAt(options: GlobalOptions, name: string, own: RunOptions, program: string, args: readonly string[]): Promise<number> {
  const client = await connect(options)
  const target = await client.target(name)
  if (target.protocol === 'ssh' && program !== 'psql') return runOverSsh(client, name, own, program, args)
  const { access_token: password } = await client.sessionToken(name, own.purpose)
  // The gateway knows the user by the token; the name only shows in the client.
  const environment = postgresEnvironment(target, { user: options.as ?? 'sallyport', password, caFile: await authorityFile(options) })
  return runChild(program, args, environment)
}

async function runOverSsh(client: ApiClient, name: string, own: RunOptions, program: string, args: readonly string[]): Promise<number> {
  const workplace = await openSshWorkplace(client, name, own.purpose)
  try {
    return await runChild(program, args, sshEnvironment(workplace))
  } finally {
    await workplace.remove()
  }
}
