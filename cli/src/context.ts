import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { isLoopback } from '@sallyport/contract'
import type { Command } from 'commander'
import { ApiClient } from './api-client.ts'
import { runningDemo, identityToken } from './identity-token.ts'
import { EXIT, Failure } from './failure.ts'
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
  await trustAuthority(options)
  return new ApiClient(await apiAddress(options), await identityToken(options))
}

/** File of the authority that the gateway's certificate is checked against, besides those that everybody trusts. */
export async function authorityFile(options: GlobalOptions): Promise<string | undefined> {
  return options.ca ?? process.env['SALLYPORT_CA'] ?? (options.as === undefined ? undefined : (await runningDemo()).caFile)
}

async function trustAuthority(options: GlobalOptions): Promise<void> {
  const file = await authorityFile(options)
  if (file === undefined) return
  const authority = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure(`the authority file cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'Give the path of a PEM file.')
  })
  setDefaultCACertificates([...getCACertificates('default'), authority])
}

async function apiAddress(options: GlobalOptions): Promise<string> {
  const given = options.api ?? (options.as === undefined ? process.env['SALLYPORT_API'] : (await runningDemo()).api)
  if (given === undefined || given === '') {
    throw new Failure('nothing says where the gateway is', 'Set SALLYPORT_API to its address, or give --api URL, or --as NAME with the demo.', EXIT.usage)
  }
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))) return given
  throw new Failure(`"${given}" is no address of a gateway`, 'Give an https URL; http only on loopback, where nobody listens in.', EXIT.usage)
}

/** Prints what a program may read, or else what a person does. */
export function print(options: GlobalOptions, data: unknown, words: () => string): void {
  process.stdout.write(`${options.json === true ? safeJson(data) : words()}\n`)
}
