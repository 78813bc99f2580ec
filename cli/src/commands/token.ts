import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { connect, globalOptions, print } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'

interface Asked {
  readonly target?: string
  readonly purpose?: string
  readonly singleUse?: boolean
}

/** `sallyport token`: a session token for clients that the CLI does not start itself; `sallyport token revoke`. */
export function addTokenCommand(program: Command): void {
  const token = program
    .command('token')
    .summary('exchange an identity token for a session token, or revoke one')
    .description('Exchanges your identity token for a session token (RFC 8693): minutes long, for one target. Native clients give it as their password.')
    .option('--target <name>', 'target it opens; needed')
    .option('--purpose <text>', 'why, for reviewers and auditors')
    .option('--single-use', 'it opens one session')
    .addHelpText('after', `
Examples:
  $ PGPASSWORD=$(sallyport token --target shop) psql "host=gateway.example.com port=15432 dbname=shop sslmode=verify-full"
  $ sallyport token --target shop --purpose "ticket 4711" --single-use --json
  $ sallyport token revoke tok_5f0c2a7b1d
  $ sallyport token revoke < session-token`)
    .action(async (own: Asked, command: Command) => {
      if (own.target === undefined) throw new Failure('no target is named', 'Name it: sallyport token --target NAME.', EXIT.usage)
      const options = globalOptions(command)
      const client = await connect(options)
      const target = await client.target(own.target)
      const { access_token: secret, expires_in: seconds } = await client.sessionToken(target.name, own.purpose, own.singleUse)
      const expiresAt = new Date(Date.now() + seconds * 1_000).toISOString()
      print(options, { token: secret, expiresAt, target: target.name }, () => secret)
    })

  token
    .command('revoke')
    .description('Makes a token unusable at every gateway, and ends the sessions that it opened: by its id, for operators and administrators; or by the session token itself, on standard input.')
    .argument('[id]', 'id of the token, as in the ledger; without it the session token is read from standard input')
    .action(async (id: string | undefined, _own: object, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      if (id === undefined) await client.revokeHeldToken(await givenToken())
      const derived = id === undefined ? [] : (await client.revokeToken(id)).derived
      const also = derived.length === 0 ? '' : `, and ${derived.length} that were exchanged for it`
      print(options, { revoked: true, ...(id !== undefined && { id, derived }) }, () => `The token is revoked${also}. Sessions that it opened are ended.`)
    })
}

/** Never as an argument, where others on the machine could read it. */
async function givenToken(): Promise<string> {
  const given =  process.stdin.isTTY ? '' : (await text(process.stdin)).trim()
  if (given === '') throw new Failure('no token is named', 'Give its id, or the session token itself on standard input.', EXIT.usage)
  return given
}
