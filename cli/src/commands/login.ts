import { resolve } from 'node:path'
import type { WhoAmI } from '@sallyport/contract'
import { type Command, Option } from 'commander'
import { ApiClient } from '../api-client.ts'
import { connect, givenGateway, globalOptions, type GlobalOptions, keptGateway, print, trustAuthority } from '../context.ts'
import { readDemoState } from '../demo-state.ts'
import { EXIT, Failure } from '../failure.ts'
import { deviceLogin } from '../login/device-login.ts'
import { endLogin } from '../login/end-login.ts'
import { IssuerClient, issuerFailure } from '../login/issuer-client.ts'
import { chooseIssuer } from '../login/login-offer.ts'
import { LoginStore, type Place } from '../login/login-store.ts'
import { fileWarning } from '../login/login-warning.ts'
import type { VerificationPage } from '../login/verification-page.ts'
import { oneLine } from '../terminal/plain-text.ts'

interface LoginOptions {
  readonly issuer?: string
  readonly keep: Place
}

/** `sallyport login|logout|whoami`. */
export function addLoginCommands(program: Command): void {
  program
    .command('login')
    .summary('log in as a person, with a browser here or elsewhere')
    .description('Logs you in at the issuer that the gateway names, by a code that you type in a browser (RFC 8628). The login is kept in the '
      + 'keyring of the operating system, or else in a file that only you can read, and renewed until the issuer ends it.')
    .option('--issuer <name>', 'where to log in, when the gateway names more than one issuer')
    .addOption(new Option('--keep <place>', 'where to keep the login').choices(['keyring', 'file']).default('keyring'))
    .addHelpText('after', `
Without --api and SALLYPORT_API it is the demo that runs in this clone, else the gateway where you logged in last.

Examples:
  $ sallyport login --api https://gateway.example.com:7400
  $ sallyport whoami
  $ sallyport psql shop`)
    .action(async (own: LoginOptions, command: Command) => {
      await login(globalOptions(command), own)
    })

  program
    .command('logout')
    .summary('end a login, here and at its issuer')
    .description('Revokes the refresh token at the issuer (RFC 7009), where it can, and removes the login from this machine.')
    .option('--all', 'at every gateway')
    .addHelpText('after', `
Examples:
  $ sallyport logout
  $ sallyport logout --all`)
    .action(async (own: { all?: boolean }, command: Command) => {
      await logout(globalOptions(command), own.all === true)
    })

  program
    .command('whoami')
    .summary('show whom the gateway takes you for')
    .description('Shows your name, groups and roles under the policy in force, and when your token ends.')
    .addHelpText('after', `
Examples:
  $ sallyport whoami
  $ sallyport whoami --as dana --json`)
    .action(async (_own: object, command: Command) => {
      const options = globalOptions(command)
      const client = await connect(options)
      const who = await client.whoAmI()
      print(options, { ...who, gateway: client.gateway }, () => inWords(who, client.gateway))
    })
}

async function login(options: GlobalOptions, { issuer: wanted, keep }: LoginOptions): Promise<void> {
  if (options.as !== undefined) throw new Failure('--as is an identity of the demo, which needs no login', 'Leave it out, or the login.', EXIT.usage)
  const { gateway, caFile } = await loginPlace(options)
  await trustAuthority(caFile)
  const issuer = await chooseIssuer(gateway, wanted)
  const issued = await IssuerClient.discover(issuer)
    .then((client) => deviceLogin(client, (page) => process.stderr.write(invitation(gateway, issuer.name, page))))
    .catch((error: unknown) => {
      throw issuerFailure(error, issuer)
    })
  // Before it is kept: a login that the gateway refuses is none.
  const who = await new ApiClient(gateway, issued.secrets.token).whoAmI()
  const store = new LoginStore()
  const kept = await store.locked(gateway, () => store.write({
    version: 1, gateway, issuer, subject: issued.subject, loggedInAt: new Date().toISOString(), ...(caFile === undefined ? {} : { caFile }),
  }, issued.secrets, keep))
  if (kept.noKeyring !== undefined || keep === 'file') process.stderr.write(fileWarning(kept))
  const renews = issued.secrets.refreshToken !== undefined
  print(options, { ...who, gateway, keptIn: kept.place, renews }, () => [
    inWords(who, gateway),
    renews ? 'The login renews itself.' : 'The issuer gave no refresh token: log in again then.',
  ].join('\n'))
}

/** Where to log in, and the authority to remember with it. */
async function loginPlace(options: GlobalOptions): Promise<{ gateway: string; caFile: string | undefined }> {
  const ca = options.ca ?? process.env['SALLYPORT_CA']
  const caFile = ca === undefined || ca === '' ? undefined : resolve(ca)
  const given = givenGateway(options)
  if (given !== undefined) return { gateway: given, caFile }
  const demo = (await readDemoState())?.ready
  if (demo !== undefined) return { gateway: new URL(demo.api).origin, caFile: caFile ?? demo.caFile }
  const kept = await keptGateway(options)
  if (kept !== undefined) return { gateway: kept.gateway, caFile: caFile ?? kept.caFile }
  throw new Failure('nothing says where the gateway is', 'Give --api URL, or set SALLYPORT_API.', EXIT.usage)
}

function invitation(gateway: string, issuer: string, { url, completeUrl, userCode }: VerificationPage): string {
  return [
    `To log in at ${gateway} through ${oneLine(issuer)}, open`,
    `  ${url}`,
    'in a browser, here or on another device, and enter the code',
    `  ${userCode}`,
    ...(completeUrl === undefined ? [] : ['or open the page with the code in it, and compare:', `  ${completeUrl}`]),
    'Give neither to anybody. Waiting …', '',
  ].join('\n')
}

async function logout(options: GlobalOptions, all: boolean): Promise<void> {
  const store = new LoginStore()
  const given = all ? undefined : givenGateway(options)
  const { logins, broken } = await store.list(true)
  const gateways = given === undefined ? logins.map(({ gateway }) => gateway).slice(0, all ? undefined : 1) : [given]
  // The authorities of gateways do not matter here: it is the issuers that are asked.
  const ended = []
  for (const gateway of gateways) ended.push({ gateway, ...await endLogin(store, gateway) })
  // What cannot be read is nobody's login in particular; it stands in the way of the next all the same.
  const discarded = given === undefined && (all || gateways.length === 0) ? broken : []
  for (const one of discarded) await store.discard(one)
  const done = ended.filter(({ found }) => found)
  print(options, { ended: done.map(({ gateway, revoked }) => ({ gateway, revoked })), discarded: discarded.map(({ file }) => file) }, () => [
    ...done.map(({ gateway }) => `You are logged out at ${gateway}.`),
    ...discarded.map(({ file }) => `Removed ${oneLine(file)}, which could not be read.`),
    ...(done.length + discarded.length === 0 ? ['You are not logged in.'] : []),
  ].join('\n'))
  const left = [
    ...done.filter(({ revoked }) => !revoked).map(({ gateway, trouble }) => `the login at ${gateway} is removed here, but not revoked: ${trouble ?? ''}`),
    ...discarded.map(({ file }) => `the login in ${oneLine(file)} is removed, but not revoked, as it could not be read`),
  ]
  if (left.length > 0) throw new Failure(left.join('\n'), 'End the session at the issuer, if somebody else may have a copy.')
}

function inWords(who: WhoAmI, gateway: string): string {
  const list = (names: readonly string[]) => (names.length === 0 ? 'none' : names.map(oneLine).join(', '))
  return [
    `${oneLine(who.name)}, ${who.kind}, of issuer ${oneLine(who.issuer)}`,
    ...(who.actors.length === 0 ? [] : [`Through  ${list(who.actors)}`]),
    `Groups   ${list(who.groups)}`,
    `Roles    ${list(who.roles)}`,
    `Gateway  ${gateway}`,
    `Token    until ${who.expiresAt}`,
  ].join('\n')
}
