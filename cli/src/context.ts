import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { isLoopback } from '@sallyport/contract'
import type { Command } from 'commander'
import { ApiClient } from './api-client.ts'
import { identityToken, isByLogin, runningDemo } from './identity-token.ts'
import { EXIT, Failure } from './failure.ts'
import type { KeptLogin } from './login/kept-login.ts'
import { LoginStore } from './login/login-store.ts'
import { safeJson } from './terminal/safe-json.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly api?: string
  readonly as?: string
  readonly subjectTokenFile?: string
  readonly ca?: string
  readonly json?: boolean
}

export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>()
}

/** Finds the gateway and says who calls. @throws Failure when one of both is not known */
export async function connect(options: GlobalOptions): Promise<ApiClient> {
  await trustAuthority(await authorityFile(options))
  const gateway = await apiAddress(options)
  return new ApiClient(gateway, await identityToken(options, gateway))
}

/** File of the authority that the gateway's certificate is checked against, besides those that everybody trusts. */
export async function authorityFile(options: GlobalOptions): Promise<string | undefined> {
  const given = options.ca ?? process.env['SALLYPORT_CA']
  if (given !== undefined) return given
  return options.as === undefined ? (await keptGateway(options))?.caFile : (await runningDemo()).caFile
}

/** From now on, certificates of this authority are believed too. */
export async function trustAuthority(file: string | undefined): Promise<void> {
  if (file === undefined) return
  const authority = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`the authority file cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'Give the path of a PEM file.')
  })
  setDefaultCACertificates([...getCACertificates('default'), authority])
}

/**
 * The login that says who calls, when nothing else does: that for the gateway that is given, else the latest.
 * @returns undefined when there is none, or something else says who calls
 */
export async function keptGateway(options: GlobalOptions): Promise<KeptLogin | undefined> {
  if (!isByLogin(options)) return undefined
  const store = new LoginStore()
  const given = givenGateway(options)
  if (given !== undefined) return store.find(given)
  const { logins: [latest], broken: [unusable] } = await store.list()
  if (latest === undefined && unusable !== undefined) throw unusable.failure
  return latest
}

/** Origin of the gateway as the option or the environment names it. @throws Failure when that is none */
export function givenGateway(options: GlobalOptions): string | undefined {
  const given = options.api ?? process.env['SALLYPORT_API']
  return given === undefined || given === '' ? undefined : originOf(given)
}

async function apiAddress(options: GlobalOptions): Promise<string> {
  if (options.api === undefined && options.as !== undefined) return originOf((await runningDemo()).api)
  const address = givenGateway(options) ?? (await keptGateway(options))?.gateway
  if (address !== undefined) return address
  throw new Failure('nothing says where the gateway is',
    'Set SALLYPORT_API to its address, run "sallyport login --api URL", or give --api URL, or --as NAME with the demo.', EXIT.usage)
}

/** The control API has its paths at the root of its address. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return url.origin
  throw new Failure(`"${address}" is no address of a gateway`, 'Give an https URL; http only on loopback, where nobody listens in.', EXIT.usage)
}

/** Prints what a program may read, or else what a person does. */
export function print(options: GlobalOptions, data: unknown, words: () => string): void {
  process.stdout.write(`${options.json === true ? safeJson(data) : words()}\n`)
}
