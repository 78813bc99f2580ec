import type { Command } from 'commander'
import { connect, globalOptions, print } from '../context.ts'

/** `sallyport token`: a session token for clients that the CLI does not start itself. */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .summary('exchange an identity token for a session token')
    .description('Exchanges your identity token for a session token (RFC 8693): minutes long, for one target. Native clients give it as their password.')
    .requiredOption('--target <name>', 'target it opens')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    .addHelpText('after', `
Examples:
  $ PGPASSWORD=$(sallyport token --target shop) psql "host=gateway.example.com port=15432 dbname=shop sslmode=verify-full"
  $ sallyport token --target shop --purpose "ticket 4711" --json`)
    .action(async (own: { target: string; purpose?: string }, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      const target = await client.target(own.target)
      const { access_token: token, expires_in: seconds } = await client.sessionToken(target.name, own.purpose)
      const expiresAt = new Date(Date.now() + seconds * 1_000).toISOString()
      print(options, { token, expiresAt, target: target.name }, () => token)
    })
}
